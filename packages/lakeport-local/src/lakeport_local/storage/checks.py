"""Checksums that a client gives with a body: which to compute, and whether they agree.

Source: storage.md 2.5.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Headers
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.chunks import ChunkSink

_MD5 = "content-md5"
_CRC64 = "x-ms-content-crc64"


def wanted_hashes(headers: Headers) -> frozenset[str]:
    """Return which checksums a request gives, so that they are computed while its body arrives.

    Raises:
        ServiceError: 400: both are given, or one is malformed.
    """
    found = frozenset(name for name, header in (("md5", _MD5), ("crc64", _CRC64)) if headers.get(header))
    if len(found) == 2:
        raise refusal("BothCrc64AndMd5HeaderPresent")
    if "md5" in found:
        decoded_md5(headers.get(_MD5) or "")
    return found


def decoded_md5(text: str) -> bytes:
    """Read a base64 MD5.

    Raises:
        ServiceError: 400 `InvalidMd5`.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 16:
        raise refusal("InvalidMd5")
    return raw


def claimed_md5(text: str) -> bytes:
    """Read the MD5 that a client says a whole file has: the service keeps it as it is and never checks it.

    Raises:
        ServiceError: 400 `InvalidMd5`.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refusal("InvalidMd5") from None


def check_hashes(headers: Headers, sink: ChunkSink) -> Fields:
    """Refuse a body whose checksum is not the one given; return the headers that echo it.

    Raises:
        ServiceError: 400 `Md5Mismatch` or `Crc64Mismatch`.
    """
    echo: Fields = []
    for header, name, computed, code in (
        (_MD5, "Content-MD5", sink.md5, "Md5Mismatch"),
        (_CRC64, _CRC64, sink.crc64, "Crc64Mismatch"),
    ):
        given = headers.get(header)
        if not given:
            continue
        text = base64.b64encode(computed).decode()
        if text != given.strip():
            raise refusal(code)
        echo.append((name, text))
    return echo
