"""`$batch`: up to twenty requests in one, each judged and answered for itself.

Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching".
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from lakeport_local.core import Headers, MemorySink, Response
from lakeport_local.graph import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.core import Request
    from lakeport_local.graph.filters import Document

PATH = "/v1.0/$batch"
_MOST_REQUESTS = 20
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def answer_batch(request: Request, handle: Callable[[Request], Response]) -> Response:
    """Answer each request of a batch; one that depends on a failed one is answered with 424.

    Args:
        request: The batch.
        handle: Answers one request, refusals too.

    Raises:
        ServiceError: 400: it is no batch.
    """
    statuses: dict[str, int] = {}
    responses = []
    for one in _requests(request):
        id_ = one["id"]
        needed = one.get("dependsOn") or []
        if not isinstance(needed, list) or any(not isinstance(other, str) or other not in statuses for other in needed):
            raise errors.bad_request("Invalid dependsOn: it must name requests before this one.")
        if any(statuses[other] >= 400 for other in needed):
            rendered: Document = {"id": id_, "status": 424, "headers": {}, "body": None}
        else:
            rendered = _rendered(id_, handle(_inner(request, one)))
        statuses[id_] = rendered["status"]
        responses.append(rendered)
    return Response(200, body=orjson.dumps({"responses": responses}))


def _requests(request: Request) -> list[Document]:
    try:
        body = orjson.loads(request.data)
        requests = body["requests"]
    except (ValueError, TypeError, KeyError):
        raise errors.bad_body() from None
    if not isinstance(requests, list) or not 1 <= len(requests) <= _MOST_REQUESTS:
        raise errors.bad_request(f"Number of batch request steps exceeds the maximum value of {_MOST_REQUESTS}.")
    ids = [one.get("id") if isinstance(one, dict) else None for one in requests]
    if not all(isinstance(one, str) and one for one in ids) or len(set(ids)) != len(ids):
        raise errors.bad_request("Request Id is missing or not unique.")
    return requests


def _inner(outer: Request, one: Document) -> Request:
    """Return one request of a batch, as the caller of the batch would send it."""
    method, url = str(one.get("method") or "").upper(), one.get("url")
    if method not in _METHODS or not isinstance(url, str) or "$batch" in url:
        raise errors.bad_request("Invalid batch payload format.")
    parts = urlsplit(url)
    path = "/v1.0/" + parts.path.removeprefix("/v1.0").lstrip("/")
    given = one.get("headers") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise errors.bad_request("Invalid batch payload format.")
    mine = [(name, value) for name, value in given.items() if name.lower() != "authorization"]
    headers = Headers([("Authorization", outer.headers.get("authorization") or ""), *mine])
    sink = MemorySink()
    sink.write(b"" if one.get("body") is None else orjson.dumps(one["body"]))
    return replace(
        outer, method=method, raw_path=path, raw_query=parts.query.replace(" ", "%20"), headers=headers, body=sink
    )


def _rendered(id_: str, response: Response) -> dict[str, Any]:  # Any: a JSON object
    raw = response.body if isinstance(response.body, bytes) else b""
    body: Any = None  # Any: a JSON value
    if raw:
        try:
            body = orjson.loads(raw)
        except ValueError:
            body = base64.b64encode(raw).decode()
    headers = {"Content-Type": "application/json"} if raw else {}
    return {"id": id_, "status": response.status, "headers": headers, "body": body}
