"""One side of the comparison: a blob endpoint by path, asked over plain HTTP with a shared key of our own making."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import urllib.parse
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sdk.azurite.calls import Call

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
VERSION = "2025-05-05"
_SIGNED = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
_NOT_COMPARED = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class Answer:
    """What is compared of an answer."""

    status: int
    code: str
    headers: frozenset[str]
    shape: frozenset[str]

    def differences(self, peer: Answer) -> Iterator[str]:
        """Yield what differs, a few words each: `+` is here only, `-` with the peer only."""
        if self.status != peer.status:
            yield f"status {self.status}, not {peer.status}"
        if self.code != peer.code:
            yield f"code {self.code or 'none'}, not {peer.code or 'none'}"
        for kind, mine, other in (("header", self.headers, peer.headers), ("body", self.shape, peer.shape)):
            yield from (f"{kind} +{name}" for name in sorted(mine - other))
            yield from (f"{kind} -{name}" for name in sorted(other - mine))


@dataclass
class Peer:
    """A blob endpoint; it remembers what its answers gave."""

    port: int
    names: dict[str, str] = field(default_factory=dict)

    def ask(self, call: Call) -> Answer:
        """Send a call and return what is compared of its answer."""
        self.names["base"] = f"http://127.0.0.1:{self.port}/{ACCOUNT}"
        target = f"/{ACCOUNT}" + self._filled(call.target)
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION, "content-length": str(len(call.body))}
        headers |= {name: self._filled(value) for name, value in call.headers.items()}
        headers.setdefault("authorization", f"SharedKey {ACCOUNT}:{_signature(call.method, target, headers)}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = {name: value for name, value in headers.items() if value}
            connection.request(call.method, target, call.body, sent)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if call.keep:
            name, _, header = call.keep.partition("=")
            self.names[name] = response.headers.get(header) or "2001-01-01T00:00:00.0000000Z"
        given = frozenset(name.lower() for name in response.headers) - _NOT_COMPARED
        return Answer(response.status, response.headers.get("x-ms-error-code", ""), given, _shape(body))

    def _filled(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _signature(method: str, target: str, headers: dict[str, str]) -> str:
    path, _, query = target.partition("?")
    fields = [headers.get(name, "") for name in _SIGNED]
    fields[2] = "" if fields[2] == "0" else fields[2]
    ours = {name.lower(): value.strip() for name, value in headers.items() if name.lower().startswith("x-ms-")}
    own = "".join(f"{name}:{value}\n" for name, value in sorted(ours.items()))
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    resource = f"/{ACCOUNT}{path}" + "".join(f"\n{name.lower()}:{value}" for name, value in pairs)
    text = "\n".join([method, *fields, own + resource])
    return base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()


def _shape(body: bytes) -> frozenset[str]:
    """Return the paths of an XML body's elements, or the body itself."""
    if not body:
        return frozenset()
    try:
        root = ET.fromstring(body.removeprefix(b"\xef\xbb\xbf"))
    except ET.ParseError:
        return frozenset({f"bytes {body[:40]!r}"})
    return frozenset(_paths(root, root.tag))


def _paths(element: ET.Element, path: str) -> Iterator[str]:
    yield path
    for child in element:
        yield from _paths(child, f"{path}/{child.tag}")
