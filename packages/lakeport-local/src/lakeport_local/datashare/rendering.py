"""What a client sees of a resource, in the form of the api-version it asked for.

Source: data-share.md 1.1 (null handling, timestamps), 1.2, 7 (order of members).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare import errors
from lakeport_local.datashare.nouns import EARLY_TYPES, EARLY_VERSIONS

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.state import Resource

_FRACTION = re.compile(r"[.,](\d+)")


def is_early(call: Call) -> bool:
    """Tell whether the call's api-version has short types, no `systemData` and no `expirationDate`."""
    return call.api_version.lower() in EARLY_VERSIONS


def type_name(call: Call, resource_type: str) -> str:
    """Return a type as the call's api-version spells it."""
    return EARLY_TYPES.get(resource_type, resource_type) if is_early(call) else resource_type


def document(
    call: Call,
    resource: Resource,
    properties: dict[str, Any],  # Any: JSON values
    *,
    has_system_data: bool = True,
) -> Document:
    """Render a resource with the properties given, members in the service's order."""
    shown: Document = {
        "identity": resource.identity,
        "properties": properties,
        "kind": resource.kind,
        "location": resource.location,
        "tags": resource.tags,
        "id": resource.id,
        "name": resource.name,
        "type": type_name(call, call.plane.type_name(resource.type)),
        "systemData": None if is_early(call) or not has_system_data else resource.system_data,
    }
    return {name: value for name, value in shown.items() if value is not None}


def without_expiration(call: Call, properties: dict[str, Any]) -> dict[str, Any]:  # Any: JSON values
    """Return properties as the early versions, which know no `expirationDate`, show them."""
    return {k: v for k, v in properties.items() if k != "expirationDate"} if is_early(call) else properties


def present(**members: Any) -> dict[str, Any]:  # Any: JSON values
    """Return the members that have a value, in the order given."""
    return {name: value for name, value in members.items() if value is not None}


def instant_text(value: object, name: str) -> str:
    """Read an instant of a body and spell it as the service does: UTC, up to seven fraction digits, `Z`.

    Raises:
        ServiceError: 400: it is no instant.

    Example:
        >>> instant_text("2020-04-05T10:50:00.000Z", "synchronizationTime")
        '2020-04-05T10:50:00Z'
        >>> instant_text("2021-03-11T02:52:00.7663245Z", "synchronizationTime")
        '2021-03-11T02:52:00.7663245Z'
    """
    if not isinstance(value, str):
        raise errors.bad(f"'{name}' is required and must be an instant")
    try:
        whole = iso_instant(parse_instant(value).replace(microsecond=0))
    except (ValueError, OverflowError):
        raise errors.bad(f"'{name}' is not an instant") from None
    found = _FRACTION.search(value)
    fraction = (found[1] if found else "")[:7].rstrip("0")
    return f"{whole[:-1]}.{fraction}Z" if fraction else whole


def duration_ms(started_at: datetime, ended_at: datetime) -> int:
    """Return the time between two instants in whole milliseconds."""
    return (ended_at - started_at) // timedelta(milliseconds=1)


def region(location: str) -> str:
    """Return a region's name in its normal form.

    Example:
        >>> region("East US 2")
        'eastus2'
    """
    return location.replace(" ", "").lower()
