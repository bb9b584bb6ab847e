"""The rules for names of file systems and paths.

Source: storage.md 8. Names are compared byte by byte: case counts, and nothing is normalised.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from lakeport_local.storage.errors import refusal

_FILE_SYSTEM = re.compile(r"[a-z0-9](?!.*--)[-a-z0-9]{1,61}[a-z0-9]|\$root|\$web|\$logs", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MAX_PATH = 1024
MAX_SEGMENT = 255
MAX_LEVELS = 61
"""Levels of a path: the service allows 63 with the account and the container."""


def decoded(raw: str) -> str:
    """Percent-decode a part of a URL, once.

    Raises:
        ServiceError: 400 `InvalidUri`: the bytes are no UTF-8.
    """
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise refusal("InvalidUri") from None


def is_file_system(name: str) -> bool:
    """Tell whether a file system may have this name."""
    return _FILE_SYSTEM.fullmatch(name) is not None


def check_file_system(name: str) -> str:
    """Return a name that a file system may have.

    Raises:
        ServiceError: 400 `InvalidResourceName`.
    """
    if not is_file_system(name):
        raise refusal("InvalidResourceName")
    return name


def flat_name(text: str) -> str:
    """Return the decoded name of a blob in an account without directories: every slash counts.

    Raises:
        ServiceError: 400 `InvalidUri`, `InvalidResourceName`: it is too long, or no blob has such a name.

    Example:
        >>> flat_name("a//b/")
        'a//b/'
    """
    if len(text) > MAX_PATH:
        raise refusal("InvalidUri")
    if _CONTROL.search(text) or any(segment in {".", ".."} for segment in text.split("/")):
        raise refusal("InvalidUri")
    return text


def normal_path(text: str) -> str:
    """Return a decoded path without leading, trailing and doubled slashes; the root is empty.

    Raises:
        ServiceError: 400 `InvalidUri`: a segment is `.` or `..`, a control character stands in it, or it is too long.

    Example:
        >>> normal_path("/a//b/")
        'a/b'
    """
    segments = [segment for segment in text.split("/") if segment]
    path = "/".join(segments)
    if (
        len(path) > MAX_PATH
        or len(segments) > MAX_LEVELS
        or _CONTROL.search(path)
        or any(segment in {".", ".."} or len(segment) > MAX_SEGMENT for segment in segments)
    ):
        raise refusal("InvalidUri")
    return path
