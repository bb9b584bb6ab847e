"""What a tenant's conditional access refuses, after a person has proved who they are.

Source: identity.md 1.10 (53003); Microsoft Entra, "Conditional Access: Authentication flows".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.entra.objects import Tenant, User


def judge_sign_in(home: User, tenant: Tenant | None, way: str) -> None:
    """Let a person sign in to a tenant this way, or refuse it.

    [A] Whether the app that polls for a device code is told, or waits until its code ends, is not on record; here it is told.

    Args:
        home: The person's user object at home.
        tenant: Where they sign in to.
        way: One of `objects.BLOCKABLE`, or another way, which is never blocked.

    Raises:
        EntraError: 50057: the account is disabled. 53003: the tenant refuses this way.
    """
    if not home.is_enabled:
        raise refusal(50057)
    if tenant is not None and way in tenant.blocked:
        raise refusal(53003)
