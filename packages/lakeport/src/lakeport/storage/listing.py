"""Lists of paths, page by page, at the cost of little more than their bytes.

Source: Data Lake Storage REST reference, "Path - List"; storage.md 2 (times in RFC 1123, ETags without quotes).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from lakeport.errors import NotVerified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.storage.account import Account

PAGE = 5000
"""The most that one answer holds."""
NEVER = datetime.fromtimestamp(0, UTC)


class Found(msgspec.Struct, frozen=True, gc=False):
    """A file or directory of a lake.

    Attributes:
        path: In its file system, without a slash at either end.
        size_bytes: 0 for a directory.
        etag: With its quotes.
        modified_at: An instant, to the second.
        md5: What is stored with it, in hex; empty when nothing is, or when it was listed.
    """

    path: str
    size_bytes: int
    etag: str
    modified_at: datetime
    is_directory: bool = False
    md5: str = ""


class _Path(
    msgspec.Struct, gc=False, rename={"modified": "lastModified", "size": "contentLength", "directory": "isDirectory"}
):
    name: str
    modified: str = ""
    etag: str = ""
    size: str | int = "0"
    directory: str | bool = False


class _Page(msgspec.Struct):
    paths: list[_Path]


_DECODER = msgspec.json.Decoder(_Page)


def paths(account: Account, file_system: str, under: str = "", *, recursive: bool = True) -> Iterator[Found]:
    """Yield the files and directories below a directory, in the service's order.

    Args:
        account: Whom to ask.
        file_system: Where.
        under: The directory, without slashes around it; empty: the whole file system.
        recursive: Descend.

    Raises:
        NotFound: There is no such directory or file system.
        NotVerified: A page of the list is damaged.

    Wire: `GET /{fs}?resource=filesystem`, one request a page of 5,000 paths.
    """
    first = f"/{quote(file_system, safe='$')}?resource=filesystem&recursive={str(recursive).lower()}&maxResults={PAGE}"
    if under:
        first += f"&directory={quote(under, safe='')}"
    target = first
    while True:
        reply, data = account.ask("GET", target, dfs=True)
        yield from _page(data, file_system)
        token = reply.headers.get("x-ms-continuation", "")
        if not token:
            return
        target = f"{first}&continuation={quote(token, safe='')}"


def _page(data: memoryview, file_system: str) -> list[Found]:
    try:
        return [
            Found(
                one.name,
                int(one.size),
                f'"{one.etag.strip(_QUOTE)}"',
                instant(one.modified),
                one.directory in _TRUE,
            )
            for one in _DECODER.decode(data).paths
        ]
    except ValueError as error:  # whoever deletes what is not listed must not take half a list for a whole one
        raise NotVerified(f"the list of {file_system} cannot be understood: {error}") from error


_QUOTE = '"'
_TRUE = frozenset({True, "true"})


@lru_cache(4096)
def instant(text: str) -> datetime:
    """Return an instant of a list or a header; the epoch for none.

    Example:
        >>> instant("Sun, 22 Nov 2026 10:00:00 GMT").isoformat()
        '2026-11-22T10:00:00+00:00'
    """
    return parsedate_to_datetime(text).astimezone(UTC) if text else NEVER
