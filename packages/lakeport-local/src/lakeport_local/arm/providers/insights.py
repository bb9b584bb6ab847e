"""Microsoft.Insights: the activity log of a subscription, and the kinds of event in it.

Source: Azure Monitor REST reference, "Activity Logs - List" (api-version 2015-04-01).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.paging import page
from lakeport_local.arm.table import Document, Operation, Provider
from lakeport_local.core import ServiceError, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lakeport_local.arm.address import Level
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response

_TERM = re.compile(r"\s*(\w+)\s+(eq|ge|le)\s+(?:'([^']*)'|([\w:.+-]+))\s*", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_PAGE_SIZE = 200
_LONGEST = timedelta(days=90)
_IN_SUBSCRIPTION: frozenset[Level] = frozenset({"subscription"})


def _value(name: str) -> Callable[[Document], str]:
    return lambda event: str(event[name]["value"])


def _plain(name: str) -> Callable[[Document], str]:
    return lambda event: str(event[name])


_MEMBERS: dict[str, Callable[[Document], str]] = {
    "caller": _plain("caller"),
    "correlationid": _plain("correlationId"),
    "levels": _plain("level"),
    "operations": _value("operationName"),
    "resourcegroupname": _plain("resourceGroupName"),
    "resourceid": _plain("resourceId"),
    "resourceprovider": _value("resourceProviderName"),
    "resourcetype": _value("resourceType"),
    "resourceuri": _plain("resourceId"),
    "status": _value("status"),
}


def _list(call: Call) -> Response:
    """Answer a subscription's events, as the filter says, the newest first."""
    if call.address.names != ("management",):
        raise errors.unknown_path()
    start, end, wanted = _read(call.request.parameter("$filter") or "", call.now)
    subscription_id = str(call.address.subscription_id)
    found = [
        (number, event)
        for number, event in call.plane.activity.between(subscription_id, start, end)
        if all(_MEMBERS[name](event).lower() == value for name, value in wanted)
    ]
    chosen = {name.strip().lower() for name in (call.request.parameter("$select") or "").split(",") if name.strip()}
    shown = [
        {name: value for name, value in event.items() if not chosen or name.lower() in chosen} for _, event in found
    ]
    keys = [
        f"{2**53 - number:017d}" for number, _ in found
    ]  # in the order of the list, so that it goes on where it ended
    return call.json(200, page(call, keys, shown, size=_PAGE_SIZE))


def _read(text: str, now: datetime) -> tuple[datetime, datetime, list[tuple[str, str]]]:
    """Return what a filter asks for: from when, until when, and which members must be what.

    Raises:
        ServiceError: 400 `BadRequest`: no filter, or one that the log does not know.
    """
    start, end = None, now
    wanted: list[tuple[str, str]] = []
    for part in _AND.split(text):
        term = _TERM.fullmatch(part)
        if term is None:
            raise _bad(text)
        name, relation, value = term[1].lower(), term[2].lower(), term[3] or term[4] or ""
        if name == "eventtimestamp" and relation != "eq":
            start, end = (_instant(value), end) if relation == "ge" else (start, _instant(value))
        elif name == "eventchannels" and relation == "eq":
            continue
        elif name in _MEMBERS and relation == "eq":
            wanted.append((name, value.lower()))
        else:
            raise _bad(text)
    if start is None or start < now - _LONGEST - timedelta(days=1):
        raise ServiceError(
            400, "BadRequest", "The start time is required in the filter and cannot be more than 90 days in the past."
        )
    return start, end, wanted


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError:
        raise _bad(text) from None


def _bad(text: str) -> ServiceError:
    return ServiceError(400, "BadRequest", f"The filter '{text[:256]}' is not valid for the activity log.")


def _categories(call: Call) -> Response:
    words = (
        "Administrative",
        "Security",
        "ServiceHealth",
        "Alert",
        "Recommendation",
        "Policy",
        "Autoscale",
        "ResourceHealth",
    )
    return call.json(200, {"value": [{"value": word, "localizedValue": word} for word in words]})


INSIGHTS = Provider(
    "Microsoft.Insights",
    operations=(
        Operation(
            "GET",
            "Microsoft.Insights/eventtypes/values",
            _list,
            action="Microsoft.Insights/eventtypes/values/Read",
            levels=_IN_SUBSCRIPTION,
        ),
        Operation("GET", "Microsoft.Insights/eventcategories", _categories),
    ),
    newest="2015-04-01",
    needs_registration=False,
)
