"""Identifiers that people confuse, as types that a checker tells apart."""

from __future__ import annotations

import re
from typing import NewType

TenantId = NewType("TenantId", str)
ClientId = NewType("ClientId", str)
"""The application's id: what signs in. Never the target of an invitation or of a role."""
ObjectId = NewType("ObjectId", str)
"""The id of a service principal, user, group or identity in ONE tenant: what invitations and roles name."""
SubscriptionId = NewType("SubscriptionId", str)

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_guid(text: str) -> bool:
    """Tell if a text is a GUID in its usual form.

    Example:
        >>> is_guid("11111111-1111-4111-8111-111111111111"), is_guid("contoso")
        (True, False)
    """
    return _GUID.fullmatch(text) is not None
