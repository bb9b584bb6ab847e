"""Ranges of reads. Pure.

Source: storage.md 2.8 and 3.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Headers

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})", re.ASCII)
_SUFFIX = re.compile(r"bytes=-(\d{1,19})", re.ASCII)


class Range(msgspec.Struct, frozen=True):
    """A part of a file.

    Attributes:
        start: First byte.
        size_bytes: How many.
        is_partial: A range was asked for, so that the answer is 206.
    """

    start: int
    size_bytes: int
    is_partial: bool


def range_of(headers: Headers, size_bytes: int) -> Range:
    """Return the part of a file of `size_bytes` that a request asks for; `x-ms-range` counts before `Range`.

    A header that is no single range of bytes is ignored, as HTTP wants it.

    Raises:
        ServiceError: 416 `InvalidRange`: it begins behind the end.

    Source: RFC 9110 section 14.
    """
    text = (headers.get("x-ms-range") or headers.get("range") or "").strip()
    if not text:
        return Range(0, size_bytes, is_partial=False)
    suffix = _SUFFIX.fullmatch(text)
    if suffix is not None:
        start, end = max(size_bytes - int(suffix[1]), 0), size_bytes
        if not int(suffix[1]) or not size_bytes:
            raise _beyond(size_bytes)
        return Range(start, end - start, is_partial=True)
    match = _RANGE.fullmatch(text)
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        return Range(0, size_bytes, is_partial=False)
    start = int(match[1])
    if start >= size_bytes:
        raise _beyond(size_bytes)
    end = min(int(match[2]) + 1, size_bytes) if match[2] else size_bytes
    return Range(start, end - start, is_partial=True)


def _beyond(size_bytes: int) -> Exception:
    return refusal("InvalidRange", headers={"Content-Range": f"bytes */{size_bytes}"})
