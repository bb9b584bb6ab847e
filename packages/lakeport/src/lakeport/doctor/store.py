"""The storage account as it answers this caller: there or not, behind which firewall, with a namespace or flat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport import identity
from lakeport.doctor.address import seen
from lakeport.doctor.findings import Finding
from lakeport.errors import LakeportError, NotFound, Unreachable
from lakeport.identity import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case

# What the account answers before it looks at any right. Source: storage.md 4 and 6.
REFUSALS = {
    "AuthorizationFailure": (
        "the account's network rules do not let this machine's address in, or its key or SAS lacks a permission",
        "Next: az storage account network-rule add --account-name {account} --ip-address ADDRESS",
    ),
    "InvalidAuthenticationInfo": ("the account is in another tenant than the one signed in to", "Check tenant_id"),
    "KeyBasedAuthenticationNotPermitted": (
        "the account takes no keys and no SAS signed with one",
        "Sign in as a principal, or allow shared keys on the account",
    ),
    "AuthenticationFailed": (
        "the account does not believe the key or SAS: another account's, altered, ended or revoked",
        "Give the current key, or make a new SAS",
    ),
    "AuthorizationSourceIPMismatch": ("the SAS is for another address than this machine's", "Make a SAS without sip"),
    "AuthorizationServiceMismatch": ("the SAS is for another service", "Make a SAS for the blob service (ss=b)"),
    "AuthorizationResourceTypeMismatch": (
        "the SAS is not for account, containers or files (srt)",
        "Make a SAS with srt=sco",
    ),
    "AccountIsDisabled": ("the account is disabled", "Ask its owner"),
}
ASKED = "URL is a service that answers with the address it sees, such as https://api.ipify.org"


def account(case: Case) -> Iterator[Finding]:
    """Ask the account what it is."""
    if not case.account:
        yield Finding("account", "note", "no storage account is named", "Give a URL, or set storage_account", ends=True)
        return
    try:
        found = _information(case)
    except (NotFound, Unreachable) as error:
        said = f"there is no storage account {case.account}" if isinstance(error, NotFound) else error.message
        yield Finding("account", "problem", said, error.hint or "Check the account's name", error.code, ends=True)
        return
    except LakeportError as error:
        yield refused(case, error)
        return
    yield Finding("account", "fine", f"{case.account} answers and lets this address in")
    yield namespace(bool(found.get("is_hns_enabled")), case.account)


def namespace(is_hierarchical: bool, name: str) -> Finding:
    """Say whether an account has directories."""
    if is_hierarchical:
        return Finding("namespace", "fine", f"{name} has a hierarchical namespace")
    hint = "Directories, access control lists and renames need a hierarchical one"
    return Finding("namespace", "note", f"{name} is flat: it has no directories", hint)


def refused(case: Case, error: LakeportError) -> Finding:
    """Say what an account's refusal means."""
    said, hint = REFUSALS.get(error.code, (error.message, error.hint))
    if error.code == "AuthorizationPermissionMismatch":
        return Finding("account", "fine", f"{case.account} answers; it tells this caller nothing of itself")
    if error.code == "AuthorizationFailure":
        where = seen(case)
        if where is not None:
            said = f"{said}; its traffic comes from {where.address}, as {where.by} saw it"
            hint = hint.replace("ADDRESS", where.address)
        else:
            hint += f", with the address that lakeport doctor --address-from URL finds: {ASKED}"
    return Finding("account", "problem", said, hint.format(account=case.account), error.code, ends=True)


def _information(case: Case) -> dict[str, Any]:  # Any: the SDK's
    from azure.storage.blob import BlobServiceClient, ExponentialRetry  # noqa: PLC0415  (half a second)

    cloud = case.profile.cloud
    options = cloud.sdk_options()
    url = cloud.blob_url(case.account)
    opens = identity.storage_credential(case.profile, case.account, case.clock)
    client = BlobServiceClient(
        url,
        opens,
        proxies=options.get("proxies"),
        connection_verify=options.get("connection_verify", True),
        retry_policy=ExponentialRetry(initial_backoff=1, retry_total=1),
    )
    with translated(case.profile, case.account), client:
        found: dict[str, Any] = dict(client.get_account_information())
        return found
