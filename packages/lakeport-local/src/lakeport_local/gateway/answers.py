"""Responses as bytes, and the few answers that the gateway gives itself.

Source: RFC 9110 sections 6.4 and 8.6, RFC 9112 section 6.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus

import orjson

from lakeport_local.core import Request, Response, ServiceError

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MOST_PLAIN_NAMES = 1024
_PLAIN_NAMES: set[str] = set()
"""Names that were found to be those of fields which the gateway does not send itself."""
_colon = ": ".join
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date"})


class BadResponse(ValueError):
    """A handler gave a response that cannot be sent."""


@lru_cache(maxsize=1024)
def _own_name(name: str) -> str:
    """Return a field's name in lower case when the gateway itself sends it, else empty."""
    lower = name.lower()
    if lower in _OURS:
        return lower
    if _FIELD_NAME.fullmatch(name) is None:
        raise BadResponse("a header field's name is malformed")
    if len(_PLAIN_NAMES) < _MOST_PLAIN_NAMES:
        _PLAIN_NAMES.add(name)
    return ""


def bears_body(method: str, status: int) -> bool:
    """Tell whether a response to a method has a body."""
    return method != "HEAD" and status >= 200 and status not in {204, 304}


def render_head(
    response: Response, *, method: str, date: str, keep_alive: bool, is_http10: bool = False
) -> tuple[bytes, bool]:
    """Spell the head of a response.

    Args:
        response: What the handler gave.
        method: The request's method.
        date: The Date field, unless the handler gave one.
        keep_alive: Whether the connection stays open after this response.
        is_http10: The peer speaks HTTP/1.0, which knows no chunks.

    Returns:
        The head with its empty line, and whether the body must be sent in chunks.

    Raises:
        BadResponse: A field holds what would break the message apart.
    """
    fields, own = response.headers, {}
    if not _PLAIN_NAMES.issuperset([name for name, _ in fields]):
        own = {lower: value for name, value in fields if (lower := _own_name(name))}
        fields = [field for field in fields if not _own_name(field[0])]
    lines = [f"HTTP/1.1 {response.status} {response.reason or _REASONS.get(response.status, 'Unknown')}"]
    lines += map(_colon, fields)
    length, is_chunked = _framing(response, method, own.get("content-length"), is_http10=is_http10)
    if length is not None:
        lines.append(f"Content-Length: {length}")
    elif is_chunked:
        lines.append("Transfer-Encoding: chunked")
    lines.append(f"Date: {own.get('date', date)}")
    if not keep_alive:
        lines.append("Connection: close")
    elif is_http10:
        lines.append("Connection: keep-alive")
    text = "\r\n".join(lines)
    if text.count("\n") >= len(lines) or text.count("\r") >= len(lines) or "\0" in text:
        raise BadResponse("a header field holds a line break")
    try:
        return (text + "\r\n\r\n").encode("latin-1"), is_chunked
    except UnicodeEncodeError as error:
        raise BadResponse("a header field is not Latin-1") from error


def _framing(response: Response, method: str, given: str | None, *, is_http10: bool) -> tuple[str | None, bool]:
    """Return Content-Length, if one is sent, and whether the body is chunked."""
    size = len(response.body) if isinstance(response.body, bytes) else response.body.size_bytes
    if not bears_body(method, response.status):
        if response.status == 204 or response.status < 200:
            return None, False
        if given is not None:
            return given, False
        return (str(size), False) if method == "HEAD" and size >= 0 else (None, False)
    return (str(size), False) if size >= 0 else (None, not is_http10)


def refusal(status: int, message: str, *, code: str = "", request_id: str = "") -> Response:
    """Return a refusal by the gateway itself, as small JSON."""
    body = {"error": {"code": code or _REASONS.get(status, "Error").replace(" ", ""), "message": message}}
    headers = [("Content-Type", "application/json; charset=utf-8")]
    if request_id:
        headers.append(("x-ms-request-id", request_id))
    return Response(status, headers, orjson.dumps(body))


def escaped(error: ServiceError, request: Request) -> Response:
    """Return the answer to a service's refusal that the service did not render itself."""
    response = refusal(error.status, error.message, code=error.code, request_id=request.id)
    response.headers += error.headers.items()
    return response


def failed(request_id: str) -> Response:
    """Return the answer to a failure of our own: a bare 500 that names the request."""
    return Response(500, [("x-ms-request-id", request_id)])
