"""When files expire: what a request asks for, what answers say, and the operation of the blob API.

Source: storage.md 2.11. A file that has expired is taken out of the namespace before the next request is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.access.acl import WRITE
from lakeport_local.access.storage import WRITE as WRITE_DATA
from lakeport_local.core import Response, parse_http_date
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call

_OPTION, _TIME = "x-ms-expiry-option", "x-ms-expiry-time"
_OPTIONS = {"neverexpire", "relativetocreation", "relativetonow", "absolute"}
_LATEST = microseconds(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"))


def asked_expiry(call: Call, created: int) -> int | None:
    """Return when a request wants its file to expire, in microseconds since 1970; None for never.

    Args:
        call: The request.
        created: When the file was made.

    Raises:
        ServiceError: 400 `MissingRequiredHeader` or `InvalidHeaderValue`.
    """
    option, text = call.header(_OPTION), call.header(_TIME)
    if option is None:
        raise refusal("MissingRequiredHeader", HeaderName=_OPTION)
    kind, now = option.lower(), microseconds(call.request.at)
    if kind not in _OPTIONS:
        raise refusal("InvalidHeaderValue", HeaderName=_OPTION, HeaderValue=option)
    if kind == "neverexpire":
        return None
    if text is None:
        raise refusal("MissingRequiredHeader", HeaderName=_TIME)
    try:
        at = microseconds(parse_http_date(text)) if kind == "absolute" else int(text[:15]) * 1000
    except (TypeError, ValueError):
        raise refusal("InvalidHeaderValue", HeaderName=_TIME, HeaderValue=text) from None
    at += {"relativetocreation": created, "relativetonow": now}.get(kind, 0)
    if not now < at <= _LATEST:
        raise refusal("InvalidHeaderValue", HeaderName=_TIME, HeaderValue=text)
    return at


def with_expiry(details: str, expires: int | None) -> str:
    """Return a row's details with another expiry."""
    kept = {name: value for name, value in orjson.loads(details).items() if name != "expires"}
    return orjson.dumps(kept | ({} if expires is None else {"expires": expires})).decode()


def set_expiry(call: Call) -> Response:
    """Answer Set Blob Expiry; the etag stays."""
    call.demand(WRITE_DATA, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    if path.is_directory:
        raise refusal("OperationNotSupportedOnDirectory")
    call.conditions.check_write(path)
    call.check_lease(path)
    expires = asked_expiry(call, path.created)
    changed = call.lake.paths.change(path, touch=False, details=with_expiry(path.details, expires))
    return Response(200, stamps(changed))
