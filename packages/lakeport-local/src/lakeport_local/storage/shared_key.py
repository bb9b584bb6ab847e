"""What a request signed with an account key must have signed. Pure.

Source: storage.md 4.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakeport_local.core import Headers, Request

_LINES = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def signature(key: str, text: str) -> str:
    """Return the base64 of the HMAC-SHA256 of `text` under a base64 key."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def is_signed(given: str, texts: Iterable[str], keys: Iterable[str]) -> bool:
    """Tell whether a signature is that of one of the texts under one of the keys, in constant time for each."""
    claimed = given.encode()  # compared as it is spelled: other spellings of the same bytes are not taken
    held = [_begun(key) for key in keys]
    for text in texts:
        signed = text.encode()
        for begun in held:
            code = begun.copy()
            code.update(signed)
            if hmac.compare_digest(base64.b64encode(code.digest()), claimed):
                return True
    return False


@lru_cache(maxsize=256)
def _begun(key: str) -> hmac.HMAC:
    """Return the code of no text under a key, from which every other begins: setting up a key costs as much as a request's text."""
    return hmac.new(base64.b64decode(key), digestmod=hashlib.sha256)


def strings_to_sign(request: Request, account: str) -> Iterator[str]:
    """Yield the texts that a Shared Key signature of a request may cover.

    There is more than one where clients differ: they sort header names by their bytes or as the service does.
    """
    lines = request.headers.several(_LINES)
    if lines[2] == "0":
        lines[2] = ""
    head = "\n".join([request.method, *lines])
    resource = f"/{account}{request.raw_path}{_canonical_query(request.raw_query)}"
    for headers in _canonical_headers(request.headers):
        yield f"{head}\n{headers}{resource}"


def lite_strings_to_sign(request: Request, account: str) -> Iterator[str]:
    """Yield the texts that a Shared Key Lite signature of a request may cover."""
    date = "" if "x-ms-date" in request.headers else request.headers.get("date") or ""
    lines = [request.headers.get(name) or "" for name in ("content-md5", "content-type")]
    comp = request.parameter("comp")
    resource = f"/{account}{request.raw_path}" + ("" if comp is None else f"?comp={comp}")
    for headers in _canonical_headers(request.headers):
        yield "\n".join([request.method, *lines, date]) + f"\n{headers}{resource}"


def _canonical_headers(headers: Headers) -> Iterator[str]:
    values: dict[str, str] = {}
    for name, value in headers:
        if name.startswith("x-ms-"):
            text = value.strip()
            values[name] = f"{values[name]},{text}" if name in values else text
    for order in _orders(tuple(values)):
        yield "".join([f"{name}:{values[name]}\n" for name in order])


@lru_cache(maxsize=1024)
def _orders(names: tuple[str, ...]) -> list[list[str]]:
    """Return the names by their bytes and, if it is another order, as the service sorts them."""
    by_bytes = sorted(names)
    by_weight = sorted(names, key=_weight)
    return [by_bytes] if by_bytes == by_weight else [by_bytes, by_weight]


def _weight(name: str) -> tuple[str, tuple[int, ...]]:
    """Return what the service's order of header names compares: punctuation before digits before letters.

    Hyphens and apostrophes count only where names are alike without them: the later one comes first.
    """
    letters = [letter for letter in name if letter not in "-'"]
    marks = tuple(-at for at, letter in enumerate(name) if letter in "-'")
    return "".join(chr(_ORDER.find(letter)) if letter in _ORDER else letter for letter in letters), marks


_ORDER = "!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz"


def _canonical_query(raw: str) -> str:
    if not raw:
        return ""
    values: dict[str, list[str]] = {}
    for part in raw.split("&"):
        name, _, value = part.partition("=")
        if name:
            values.setdefault(unquote(name).lower(), []).append(unquote(value))
    return "".join(f"\n{name}:{','.join(sorted(values[name]))}" for name in sorted(values))
