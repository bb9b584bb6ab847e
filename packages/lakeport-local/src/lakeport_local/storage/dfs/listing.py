"""The dfs API's Path - List.

Source: storage.md 2.7.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeVar

import orjson

from lakeport_local.access.storage import LIST
from lakeport_local.core import Response
from lakeport_local.storage.answers import JSON, stamps
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.identities import naming
from lakeport_local.storage.listed import FILE_TIME_AT_UNIX, Listing, Run, listed_steps, page_of
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.stamps import second_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.storage.call import Call
    from lakeport_local.storage.listed import Listed
    from lakeport_local.storage.place import Place

Key = TypeVar("Key", int, str)

_DIRECTORY = ',"isDirectory":"true"'


def list_paths(call: Call) -> Response:
    """Answer Path - List."""
    if call.parameter("recursive") is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="recursive")
    recursive, most = call.flag("recursive"), call.page_size("maxResults")
    place = call.place_of(call.file_system, normal_path(call.parameter("directory") or ""))
    page, has_more = _page(call, place, recursive=recursive, most=most)
    call.demand(LIST, lambda: listed_steps(place, page, is_recursive=recursive), place=place)
    if place.item is None:
        raise refusal("PathNotFound")
    more = []
    if has_more:
        last = page[-1].base + page[-1].rows[-1].name
        more.append(("x-ms-continuation", write_token(call, last, _listing(place, recursive=recursive))))
    return Response(200, [("Content-Type", JSON), *stamps(call.file_system), *more], _document(call, page))


def _page(call: Call, place: Place, *, recursive: bool, most: int) -> tuple[list[Run[Listed]], bool]:
    """Return the paths of a page, and whether more follow."""
    begin, paths = place.item, call.lake.paths
    if begin is None:
        return [], False
    if not begin.is_directory:
        rows, is_plain = paths.listed(begin.parent, after=begin.name, or_equal=True, limit=1)
        return [Run(place.path.removesuffix(begin.name), rows, is_plain)], False
    after = read_token(call, "continuation", _listing(place, recursive=recursive))
    inclusive = False
    if not after and call.parameter("beginFrom"):
        after = normal_path(f"{place.path}/{call.parameter('beginFrom')}")
        inclusive = True
    if place.path and after and not after.startswith(f"{place.path}/"):
        raise refusal("OutOfRangeInput")
    found = Listing(paths, paths.listed, is_recursive=recursive, most=most + 1)
    return page_of(found.runs(begin, place.path, after=after, inclusive=inclusive), most)


def _listing(place: Place, *, recursive: bool) -> str:
    return f"{'all' if recursive else 'one'} below {place.path}"


class _Spelled(dict[Key, str]):
    """What is spelled alike in many rows of a page, spelled once."""

    def __init__(self, spell: Callable[[Key], str]) -> None:
        super().__init__()
        self._spell: Callable[[Key], str] = spell

    def __missing__(self, key: Key) -> str:
        found = self[key] = self._spell(key)
        return found


def _document(call: Call, page: list[Run[Listed]]) -> bytes:
    """Spell a page by hand: a listing of a million paths is mostly this."""
    named, paths = naming(call), call.lake.paths
    quoted: _Spelled[str] = _Spelled(lambda one: _quoted(named(one)))
    permissions: _Spelled[int] = _Spelled(lambda number: paths.numbered_acl(number).permissions)
    return f'{{"paths":[{",".join([_rows(run, quoted, permissions) for run in page])}]}}\n'.encode()


def _rows(run: Run[Listed], quoted: _Spelled[str], permissions: _Spelled[int]) -> str:
    base = _quoted(run.base)[:-1]
    return ",".join(
        [
            f'{{"contentLength":"{row.size_bytes}","creationTime":"{row.created}","etag":"0x{etag}"'
            f',"expiryTime":"{0 if row.details is None else _expiry(row.details)}","group":{quoted[row.group]}'
            f"{_DIRECTORY if row.is_directory else ''}{'' if row.details is None else _encryption(row.details)}"
            f',"lastModified":"{second_text(row.modified)}"'
            f',"name":{base}{row.name if run.is_plain else _quoted(row.name)[1:-1]}","owner":{quoted[row.owner]}'
            f',"permissions":"{permissions[row.acl]}"}}'
            for row, etag in zip(run.rows, _etags(run.rows), strict=True)
        ]
    )


def _etags(rows: list[Listed]) -> list[str]:
    """Spell all etags at once, in hexadecimal digits."""
    digits = struct.pack(f">{len(rows)}Q", *[row.etag for row in rows]).hex().upper()
    return [digits[at : at + 16].lstrip("0") for at in range(0, len(digits), 16)]


def _expiry(details: str) -> int:
    at = orjson.loads(details).get("expires")
    return 0 if at is None else int(at) * 10 + FILE_TIME_AT_UNIX


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _encryption(details: str) -> str:
    kept = orjson.loads(details)
    shown = (("EncryptionScope", kept.get("scope") or None), ("EncryptionContext", kept.get("context")))
    return "".join(f',"{name}":{_quoted(value)}' for name, value in shown if value is not None)
