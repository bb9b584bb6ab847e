"""The blob API's batch: deletions and tier changes, each judged on its own.

Source: storage.md 3.5.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport_local.core import Headers, MemorySink, Response
from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Request
    from lakeport_local.storage.call import Call

_BOUNDARY = re.compile(r'multipart/mixed\s*;\s*boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_MOST_PARTS = 256
_EOL = "\r\n"


def run_batch(call: Call) -> Response:
    """Answer a batch: 202, with one answer for each part."""
    match = _BOUNDARY.fullmatch((call.header("content-type") or "").strip())
    if match is None:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Type")
    parts = _parts(call.data.decode("latin-1"), match[1])
    if not 1 <= len(parts) <= _MOST_PARTS:
        raise refusal("InvalidInput")
    boundary = f"batchresponse_{call.lake.ids.guid()}"
    answers = [_answer(call, number, part) for number, part in enumerate(parts)]
    body = "".join(f"--{boundary}{_EOL}{answer}{_EOL}" for answer in answers) + f"--{boundary}--{_EOL}"
    return Response(202, [("Content-Type", f"multipart/mixed; boundary={boundary}")], body.encode())


def _parts(text: str, boundary: str) -> list[str]:
    pieces = re.split(rf"(?:^|\r?\n)--{re.escape(boundary)}(?:--)?[ \t]*(?:\r?\n|$)", text)
    return [piece for piece in pieces if piece.strip()]


def _split_head(text: str) -> tuple[list[str], str]:
    head, _, rest = text.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
    return head.split("\n"), rest


def _headers(lines: list[str]) -> Headers:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return Headers([(name.strip(), value.strip()) for name, _, value in pairs])


def _answer(call: Call, number: int, part: str) -> str:
    outer, inner = _split_head(part)
    content_id = _headers(outer).get("content-id") or str(number)
    lines, _ = _split_head(inner)
    response = call.serve(_sub_request(call, lines))
    head = [f"HTTP/1.1 {response.status} {response.reason or HTTPStatus(response.status).phrase}"]
    body = response.body.decode("utf-8", "replace") if isinstance(response.body, bytes) else ""
    fields = [f"{name}: {value}" for name, value in response.headers] + [f"Content-Length: {len(body.encode())}"]
    answer = _EOL.join([*head, *fields, "", body])
    shown_id = re.sub(r"[^\w.-]", "", content_id)[:64]
    return _EOL.join(["Content-Type: application/http", f"Content-ID: {shown_id}", "", answer])


def _sub_request(call: Call, lines: list[str]) -> Request:
    """Return the request that a part holds.

    Raises:
        ServiceError: 400 `InvalidInput`: it is none, or neither a deletion nor a change of tier.
    """
    words = lines[0].split(" ")
    if len(words) != 3:
        raise refusal("InvalidInput")
    try:
        url = urlsplit(words[1])
    except ValueError:
        raise refusal("InvalidInput") from None
    if url.netloc and url.hostname != call.request.host:
        raise refusal("InvalidInput")
    headers = _headers(lines[1:])
    if not (headers.get("authorization") or "").lower().startswith("sharedkey"):  # those sign what they are
        headers = Headers([*headers, ("x-ms-version", call.version)])
    request = replace(
        call.request, method=words[0], raw_path=url.path, raw_query=url.query, headers=headers, body=MemorySink()
    )
    is_tier = request.method == "PUT" and (request.parameter("comp") or "").lower() == "tier"
    if not (request.method == "DELETE" or is_tier) or (request.parameter("restype") or "").lower() == "container":
        raise refusal("InvalidInput")
    return request
