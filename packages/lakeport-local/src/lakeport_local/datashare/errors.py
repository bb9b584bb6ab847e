"""The refusals of Microsoft.DataShare itself: numbers as strings, in the service's own envelope.

Codes 94000 to 94999 are ours: the real service's codes for these cases are in no public record, so nobody may branch on them.
Source: data-share.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm.table import arm_error
from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.access import Principal
    from lakeport_local.arm import Address
    from lakeport_local.arm.table import Document


class DataShareError(ServiceError):
    """A refusal that the service, not ARM, gives."""


def rendered(error: ServiceError) -> tuple[Document, str]:
    """Return a refusal's body and content type: the service's own envelope, or ARM's for what ARM refuses."""
    if isinstance(error, DataShareError):
        return {"error": error_info(error.code, error.message)}, "application/json"
    return arm_error(error), "application/json; charset=utf-8"


def error_info(code: str, message: str, target: str | None = None) -> Document:
    """Return the error object that stands in refusals and in the status of failed operations."""
    return {"code": code, "message": message, "target": target, "details": []}


def share_missing(address: Address) -> ServiceError:
    """404 for an unknown share."""
    return DataShareError(404, "3000", f"Share: {address.names[1]} does not exist")


def invitation_missing(_: Address) -> ServiceError:
    """404 for an unknown invitation, to its provider."""
    return DataShareError(404, "7001", "Invitation not found under share")


def not_invited() -> ServiceError:
    """404 for an invitation that is not addressed to the caller, or is over."""
    return DataShareError(404, "7001", "Invitation not found")


def setting_missing(_: Address) -> ServiceError:
    """404 for an unknown synchronization setting."""
    return DataShareError(404, "13002", "synchronization setting not found")


def missing(noun: str, code: str) -> Callable[[Address], ServiceError]:
    """Return the 404 of a noun whose real code is not on record."""

    def refusal(address: Address) -> ServiceError:
        return DataShareError(404, code, f"{noun}: {address.names[-1]} does not exist")

    return refusal


data_set_missing = missing("DataSet", "94041")
subscription_missing = missing("ShareSubscription", "94042")
mapping_missing = missing("DataSetMapping", "94043")
trigger_missing = missing("Trigger", "94044")
provider_subscription_missing = missing("ShareSubscription", "94045")
operation_missing = missing("Operation", "94046")


def run_missing(run_id: str) -> ServiceError:
    """404 for an unknown synchronization."""
    return DataShareError(404, "94047", f"Synchronization: {run_id} does not exist")


def store_missing(name: str) -> ServiceError:
    """404 for a storage account that does not exist."""
    return DataShareError(404, "94048", f"Storage account: {name} does not exist")


def source_data_set_missing(data_set_id: str) -> ServiceError:
    """404 for a data set that the source share does not have."""
    return DataShareError(404, "94049", f"Source data set: {data_set_id} does not exist in the share")


def registration_missing(mail: str) -> ServiceError:
    """404 for an address that was never registered."""
    return DataShareError(404, "94050", f"E-mail registration: {mail} does not exist")


def bad(message: str) -> ServiceError:
    """400 for a body or name that the service cannot take."""
    return DataShareError(400, "94001", message)


def bad_name(noun: str, rule: str) -> ServiceError:
    """400 for a name outside the service's rules."""
    return DataShareError(400, "94002", f"The name of the {noun} is not valid: {rule}")


def kind_not_here(kind: str) -> ServiceError:
    """400 for a kind of the real service that has no store in this local Azure."""
    return DataShareError(400, "94003", f"Data sets of kind {kind} are not available in this local Azure")


def kinds_apart(source: str, target: str) -> ServiceError:
    """400 for a mapping whose kind cannot take the data set's."""
    return DataShareError(400, "94004", f"A data set of kind {source} cannot be mapped to {target}")


def quota_reached(name: str, limit: int) -> ServiceError:
    """400 when a quota is used up."""
    return DataShareError(400, "94005", f"{name} of {limit} is reached")


def nothing_mapped() -> ServiceError:
    """400 for a synchronization of a subscription that maps no data set."""
    return DataShareError(400, "94006", "The share subscription has no data set mapping to synchronize")


def schedule_differs() -> ServiceError:
    """400 for a trigger that does not repeat the provider's schedule."""
    return DataShareError(
        400, "94007", "The trigger's recurrence and time are not those of the source share's synchronization setting"
    )


def conflict(message: str) -> ServiceError:
    """409 for a PUT that contradicts what exists."""
    return DataShareError(409, "94091", message)


def access_ended(status: str, share: str) -> ServiceError:
    """403 for a synchronization that the provider no longer allows."""
    reasons = {
        "SourceDeleted": ("94033", f"The source share {share} was deleted"),
        "Expired": ("94032", f"Access to the share {share} has expired"),
    }
    code, message = reasons.get(status, ("94031", f"Access to the share {share} was revoked by its provider"))
    return DataShareError(403, code, message)


def role_missing(store_id: str) -> ServiceError:
    """403 until the share account's identity has its role on a store."""
    return DataShareError(403, "5006", role_missing_text(store_id))


def role_missing_text(store_id: str) -> str:
    """Return the service's sentence for the missing role: the id comes without its leading slash."""
    return f"Missing permissions for DataShareAccount on resource '{store_id.lstrip('/')}'"


def linked_forbidden(caller: Principal, action: str, scope: str, linked: str) -> ServiceError:
    """403 for a caller without write on the store that the body names; ARM answers it.

    Source: ARM's `LinkedAuthorizationFailed`, whose wording is the same for every provider.
    """
    name = caller.name if caller.kind == "User" else caller.client_id
    return ServiceError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{name}' with object id '{caller.object_id}' has permission to perform action '{action}' on scope '{scope}'; however, "
        f"it does not have permission to perform action(s) 'Microsoft.Storage/storageAccounts/write' on the linked scope(s) '{linked}' "
        "(respectively) or the linked scope(s) are invalid.",
    )
