"""User metadata: pairs of names and values, as dfs and blob spell them.

Source: storage.md 2.1, 8.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, TypeAlias

import orjson

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Headers

Pairs: TypeAlias = list[tuple[str, str]]

FOLDER_MARK = "hdi_isfolder"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PREFIX = "x-ms-meta-"
MAX_BYTES = 8 * 1024


def properties_of(text: str) -> Pairs:
    """Read `x-ms-properties`: `name=base64,...`.

    Raises:
        ServiceError: 400 `InvalidPropertyName` or `InvalidHeaderValue`.
    """
    pairs: Pairs = []
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if not name and not value:
            continue
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise refusal("InvalidHeaderValue", HeaderName="x-ms-properties") from None
        pairs.append((name, _text(raw)))
    return _checked(pairs)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def properties_text(pairs: Pairs) -> str:
    """Spell metadata as `x-ms-properties`."""
    return ",".join(f"{name}={base64.b64encode(value.encode()).decode()}" for name, value in pairs)


def metadata_of(headers: Headers) -> Pairs:
    """Read the `x-ms-meta-` headers, names in the case sent.

    Raises:
        ServiceError: 400 `EmptyMetadataKey`, `InvalidPropertyName`.
    """
    if not any(name.startswith(_PREFIX) for name, _ in headers):
        return []
    size = len(_PREFIX)
    found = [(name[size:], value) for name, value in headers.spelled() if name.lower().startswith(_PREFIX)]
    if any(not name for name, _ in found):
        raise refusal("EmptyMetadataKey")
    return _checked([(name, _text(value.encode("latin-1", "replace"))) for name, value in found])


def metadata_headers(pairs: Pairs) -> list[tuple[str, str]]:
    """Spell metadata as `x-ms-meta-` headers; what Latin-1 cannot spell goes as UTF-8."""
    return [(f"{_PREFIX}{name}", _header_text(value)) for name, value in pairs]


def _header_text(value: str) -> str:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode().decode("latin-1")
    return value


def metadata_json(pairs: Pairs, *, is_flat: bool = False) -> str:
    """Spell metadata as rows keep it; where there are directories, the mark of one is no metadata of its own."""
    if is_flat or not pairs:
        return orjson.dumps(pairs).decode()
    return orjson.dumps([pair for pair in pairs if pair[0].lower() != FOLDER_MARK]).decode()


def _checked(pairs: Pairs) -> Pairs:
    names = [name.lower() for name, _ in pairs]
    if len(set(names)) != len(names) or not all(_NAME.fullmatch(name) for name in names):
        raise refusal("InvalidPropertyName")
    if any(_CONTROL.search(value) for _, value in pairs):
        raise refusal("InvalidHeaderValue")
    if sum(len(name) + len(value.encode()) for name, value in pairs) > MAX_BYTES:
        raise refusal("OutOfRangeInput")
    return pairs
