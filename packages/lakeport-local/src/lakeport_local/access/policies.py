"""A key vault's access policies, the older way of saying who may: in the vault's own document. Pure.

Source: identity.md 4.2, 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakeport_local.access.caller import Principal


def is_permitted(
    caller: Principal,
    kind: str,
    permission: str,
    policies: Iterable[Mapping[str, Any]],  # Any: JSON objects
) -> bool:
    """Tell whether an access policy permits this: one for the caller or a group of theirs, in the caller's tenant.

    Args:
        caller: Who asks.
        kind: `secrets` or `certificates`.
        permission: Such as `get`.
        policies: `properties.accessPolicies` of the vault.
    """
    ids = {caller.object_id, *caller.groups}
    for policy in policies:
        application = policy.get("applicationId")
        if (
            str(policy.get("tenantId", "")).lower() == caller.tenant_id
            and str(policy.get("objectId", "")).lower() in ids
            and (not application or str(application).lower() == caller.client_id)
        ):
            granted = (policy.get("permissions") or {}).get(kind) or ()
            if {permission, "all"} & {str(one).lower() for one in granted}:
                return True
    return False
