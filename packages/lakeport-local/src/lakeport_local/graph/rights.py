"""Who may do what in a directory.

Graph's own rights (directory roles, app roles, consent) are not modelled [A]. In their place stand three sentences:

- a principal that is at home in the tenant reads the directory; a guest, and an app that another tenant registered, reads nothing
  but itself;
- whoever may give roles on every subscription of the tenant (Owner, User Access Administrator, ...), by itself or by a group,
  writes the directory: such a principal can give itself everything in the tenant that this local Azure guards, so that a secret
  added to somebody else's application wins it nothing;
- everybody else writes nothing, and in a tenant without subscriptions nobody does.

A token is for one tenant, and no request names another: there is no way across.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import Action, Target

if TYPE_CHECKING:
    from lakeport_local.access import Access, Principal
    from lakeport_local.entra import Directory
    from lakeport_local.state import Resources

_GIVE_ROLES = Action("Microsoft.Authorization/roleAssignments/write")
_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"


def may_read(caller: Principal, directory: Directory) -> bool:
    """Tell whether a principal may read its tenant's directory."""
    if caller.kind == "Application":
        app = directory.app(caller.tenant_id, caller.client_id)
        return app is not None and app.home_tenant_id == caller.tenant_id
    if caller.kind != "User":
        return True
    user = directory.user(caller.tenant_id, caller.object_id)
    return user is not None and not user.is_guest


def may_write(caller: Principal, directory: Directory, resources: Resources, access: Access, request_id: str) -> bool:
    """Tell whether a principal may change its tenant's directory; the decisions are logged under the request."""
    if not may_read(caller, directory):
        return False
    own = [one for one in resources.under("", _SUBSCRIPTIONS) if one.internal.get("tenant_id") == caller.tenant_id]
    return bool(own) and all(
        access.decide(caller, _GIVE_ROLES, Target(one.id, caller.tenant_id), request_id=request_id).allowed
        for one in own
    )
