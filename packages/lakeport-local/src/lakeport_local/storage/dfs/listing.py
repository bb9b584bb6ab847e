"""The dfs API's Path - List.

Source: storage.md 2.7.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.access.storage import LIST
from lakeport_local.core import Response
from lakeport_local.storage.answers import JSON, stamps
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.identities import naming
from lakeport_local.storage.listed import FILE_TIME_AT_UNIX, Listing, PathReader, Run, Standing, listed_steps, page_of
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.stamps import second_text

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.listed import Listed
    from lakeport_local.storage.place import Place

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
    begin, read = place.item, PathReader(call.lake.paths)
    if begin is None:
        return [], False
    if not begin.is_directory:
        rows, is_plain, standing = read(begin.parent, after=begin.name, or_equal=True, limit=1)
        return [Run(place.path.removesuffix(begin.name), rows, is_plain, standing)], False
    after = read_token(call, "continuation", _listing(place, recursive=recursive))
    inclusive = False
    if not after and call.parameter("beginFrom"):
        after = normal_path(f"{place.path}/{call.parameter('beginFrom')}")
        inclusive = True
    if place.path and after and not after.startswith(f"{place.path}/"):
        raise refusal("OutOfRangeInput")
    found = Listing(call.lake.paths, read, is_recursive=recursive, most=most + 1)
    return page_of(found.runs(begin, place.path, after=after, inclusive=inclusive), most)


def _listing(place: Place, *, recursive: bool) -> str:
    return f"{'all' if recursive else 'one'} below {place.path}"


def _document(call: Call, page: list[Run[Listed]]) -> bytes:
    """Spell a page by hand: a listing of a million paths is mostly this."""
    spelled = _Standings(call)
    return f'{{"paths":[{",".join([_rows(run, spelled) for run in page])}]}}\n'.encode()


class _Standings(dict[tuple[Standing, bool], tuple[str, str]]):
    """What rows say of how their paths stand, spelled once: what is between etag and time, and what is behind the name."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._named = naming(call)
        self._paths = call.lake.paths

    def __missing__(self, key: tuple[Standing, bool]) -> tuple[str, str]:
        standing, is_directory = key
        details = {} if standing.details is None else orjson.loads(standing.details)
        before = (
            f'","expiryTime":"{_expiry(details)}","group":{_quoted(self._named(standing.group))}'
            f'{_DIRECTORY if is_directory else ""}{_encryption(details)},"lastModified":"'
        )
        permissions = self._paths.numbered_acl(standing.acl).permissions
        after = f'","owner":{_quoted(self._named(standing.owner))},"permissions":"{permissions}"}}'
        self[key] = before, after
        return before, after


def _rows(run: Run[Listed], spelled: _Standings) -> str:
    rows, base = run.rows, _quoted(run.base)[:-1]
    names = [row.name for row in rows] if run.is_plain else [_quoted(row.name)[1:-1] for row in rows]
    alike = run.standing or Standing("", "", 0)
    stands = [spelled[row.own or alike, row.directory > 0] for row in rows]
    return ",".join(
        [
            f'{{"contentLength":"{row.size_bytes}","creationTime":"{row.created}","etag":"0x{etag}{before}'
            f'{second_text(row.modified)}","name":{base}{name}{after}'
            for row, name, etag, (before, after) in zip(rows, names, _etags(rows), stands, strict=True)
        ]
    )


def _etags(rows: list[Listed]) -> list[str]:
    """Spell all etags at once, in hexadecimal digits."""
    digits = struct.pack(f">{len(rows)}Q", *[row.etag for row in rows]).hex().upper()
    return [digits[at : at + 16].lstrip("0") for at in range(0, len(digits), 16)]


def _expiry(details: dict[str, Any]) -> int:  # Any: members of a JSON object
    at = details.get("expires")
    return 0 if at is None else int(at) * 10 + FILE_TIME_AT_UNIX


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _encryption(details: dict[str, Any]) -> str:  # Any: members of a JSON object
    shown = (("EncryptionScope", details.get("scope") or None), ("EncryptionContext", details.get("context")))
    return "".join(f',"{name}":{_quoted(value)}' for name, value in shown if value is not None)
