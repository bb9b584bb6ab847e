"""The dfs API's Path - List.

Source: storage.md 2.7.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.access.storage import LIST
from lakeport_local.core import Response, file_time
from lakeport_local.storage.answers import JSON, stamps
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.identities import naming
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.paths import listed_below, walk
from lakeport_local.storage.stamps import instant, second_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Step
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Listed, Path
    from lakeport_local.storage.place import Place

_SECOND = 1_000_000
_DIRECTORY = ',"isDirectory":"true"'
_FILE_TIME_AT_UNIX = file_time(instant(0))


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
    return Response(200, [("Content-Type", JSON), *stamps(call.file_system), *more], _document(call, page))


def _page(call: Call, place: Place, *, recursive: bool, most: int) -> list[tuple[str, Path | Listed]]:
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
    below = walk if begin.is_flat else listed_below
    found = below(call.lake.paths, begin, place.path, recursive=recursive, after=after, inclusive=inclusive)
    return list(islice(found, most))


def _listing(place: Place, *, recursive: bool) -> str:
    return f"{'all' if recursive else 'one'} below {place.path}"


def _steps(place: Place, page: list[tuple[str, Path | Listed]], *, recursive: bool) -> Iterator[Step]:
    """Yield what a page of a listing asks: read and execute on the directory, and on each one that was gone into."""
    yield from place.steps(item=READ | EXECUTE)
    if recursive and page:
        yield from place.inner_steps(page[0][0], READ | EXECUTE)
    for full, path in page if recursive else ():
        if path.is_directory:
            yield place.step(path, full, READ | EXECUTE)


def _expiry(details: dict[str, Any]) -> int:  # Any: members of a JSON object
    at = details.get("expires") if details else None
    return 0 if at is None else int(at) * 10 + _FILE_TIME_AT_UNIX


def _document(call: Call, page: list[tuple[str, Path | Listed]]) -> bytes:
    """Spell a page by hand: a listing of a million paths is mostly this loop."""
    named, paths = naming(call), call.lake.paths
    quoted: dict[str, str] = {}
    permissions: dict[int, str] = {}
    rows = []
    for full, path in page:
        for one in (path.owner, path.group):
            if one not in quoted:
                quoted[one] = _quoted(named(one))
        if path.acl not in permissions:
            permissions[path.acl] = paths.acl(path).permissions
        details = {} if path.details == "{}" else orjson.loads(path.details)
        rows.append(
            f'{{"contentLength":"{path.size_bytes}","creationTime":"{path.created * 10 + _FILE_TIME_AT_UNIX}"'
            f',"etag":"0x{path.etag:X}","expiryTime":"{_expiry(details)}"'
            f',"group":{quoted[path.group]}{_DIRECTORY if path.is_directory else ""}'
            f'{_encryption(details)},"lastModified":"{second_text(path.modified // _SECOND)}"'
            f',"name":{_quoted(full)},"owner":{quoted[path.owner]},"permissions":"{permissions[path.acl]}"}}'
        )
    return f'{{"paths":[{",".join(rows)}]}}\n'.encode()


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _encryption(details: dict[str, Any]) -> str:  # Any: members of a JSON object
    if not details:
        return ""
    shown = (("EncryptionScope", details.get("scope") or None), ("EncryptionContext", details.get("context")))
    return "".join(f',"{name}":{_quoted(value)}' for name, value in shown if value is not None)
