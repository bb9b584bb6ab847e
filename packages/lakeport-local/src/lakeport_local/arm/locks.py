"""What locks forbid.

Source: Azure Resource Manager, "Lock your resources".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors

if TYPE_CHECKING:
    from lakeport_local.arm.address import Address
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.core import ServiceError

LOCKS = "Microsoft.Authorization/locks"


def require_unlocked(plane: ControlPlane, method: str, address: Address) -> None:
    """Refuse to delete what a lock keeps, or to write what one lets only be read.

    A lock holds at its scope and below; nothing is deleted while something below it is locked.

    Raises:
        ServiceError: 409 `ScopeLocked`.
    """
    if method in {"GET", "HEAD"} or address.type.lower() == LOCKS.lower() or address.subscription_id is None:
        return
    target = (address.id if address.is_instance else address.above.id if address.above else address.scope).lower()
    for lock in plane.resources.under(f"/subscriptions/{address.subscription_id}", LOCKS):
        scope = lock.id.lower().partition(f"/providers/{LOCKS}/".lower())[0]
        holds = target == scope or target.startswith(f"{scope}/")
        is_below = method == "DELETE" and scope.startswith(f"{target}/")
        if is_below or (holds and (method == "DELETE" or lock.properties["level"] == "ReadOnly")):
            raise _locked(method, target, scope)


def _locked(method: str, target: str, scope: str) -> ServiceError:
    verb = "delete" if method == "DELETE" else "write"
    return errors.GatewayError(
        409,
        "ScopeLocked",
        f"The scope '{target}' cannot perform {verb} operation because following scope(s) are locked: '{scope}'. Please remove the lock "
        "and try again.",
    )
