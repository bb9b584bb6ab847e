"""The dfs API's Path - List.

Source: storage.md 2.7.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.access.storage import LIST
from lakeport_local.core import Response, file_time, http_date
from lakeport_local.storage.answers import in_json, stamps
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.identities import naming
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.paths import walk
from lakeport_local.storage.stamps import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.access import Step
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

_SECOND = 1_000_000


def list_paths(call: Call) -> Response:
    """Answer Path - List."""
    if call.parameter("recursive") is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="recursive")
    recursive, most = call.flag("recursive"), call.page_size("maxResults")
    place = call.place_of(call.file_system, normal_path(call.parameter("directory") or ""))
    found = _page(call, place, recursive=recursive, most=most + 1)
    page = found[:most]
    call.demand(LIST, lambda: _steps(place, page, recursive=recursive), place=place)
    if place.item is None:
        raise refusal("PathNotFound")
    more = (
        [("x-ms-continuation", write_token(call, page[-1][0], _listing(place, recursive=recursive)))]
        if len(found) > most
        else []
    )
    named = naming(call)
    rows = [_row(call, full, path, named) for full, path in page]
    return in_json({"paths": rows}, *stamps(call.file_system), *more)


def _page(call: Call, place: Place, *, recursive: bool, most: int) -> list[tuple[str, Path]]:
    begin = place.item
    if begin is None:
        return []
    if not begin.is_directory:
        return [(place.path, begin)]
    after = read_token(call, "continuation", _listing(place, recursive=recursive))
    inclusive = False
    if not after and call.parameter("beginFrom"):
        after = normal_path(f"{place.path}/{call.parameter('beginFrom')}")
        inclusive = True
    if place.path and after and not after.startswith(f"{place.path}/"):
        raise refusal("OutOfRangeInput")
    pages = walk(call.lake.paths, begin, place.path, recursive=recursive, after=after, inclusive=inclusive)
    return list(islice(pages, most))


def _listing(place: Place, *, recursive: bool) -> str:
    return f"{'all' if recursive else 'one'} below {place.path}"


def _steps(place: Place, page: list[tuple[str, Path]], *, recursive: bool) -> Iterator[Step]:
    """Yield what a page of a listing asks: read and execute on the directory, and on each one that was gone into."""
    yield from place.steps(item=READ | EXECUTE)
    if recursive and page:
        yield from place.inner_steps(page[0][0], READ | EXECUTE)
    for full, path in page if recursive else ():
        if path.is_directory:
            yield place.step(path, full, READ | EXECUTE)


@lru_cache(maxsize=1024)
def file_time_text(at: int) -> str:
    """Spell an instant of a row as FILETIME."""
    return str(file_time(instant(at)))


@lru_cache(maxsize=1024)
def second_text(second: int) -> str:
    """Spell a whole second since 1970 as HTTP does."""
    return http_date(instant(second * _SECOND))


def _file_time(expires: int | None) -> str:
    return "0" if expires is None else str(file_time(instant(expires)))


def _row(call: Call, full: str, path: Path, named: Callable[[str], str]) -> dict[str, Any]:  # Any: a JSON object
    has_details = path.details != "{}"
    row: dict[str, Any] = {  # Any: a JSON object
        "contentLength": str(path.size_bytes),
        "creationTime": file_time_text(path.created),
        "etag": path.etag_text,
        "expiryTime": _file_time(path.expires) if has_details else "0",
        "group": named(path.group),
    }
    if path.is_directory:
        row["isDirectory"] = "true"
    if has_details and path.detail("scope"):
        row["EncryptionScope"] = path.detail("scope")
    if has_details and path.detail("context") is not None:
        row["EncryptionContext"] = path.detail("context")
    row["lastModified"] = second_text(path.modified // _SECOND)
    row["name"] = full
    row["owner"] = named(path.owner)
    row["permissions"] = call.lake.paths.acl(path).permissions
    return row
