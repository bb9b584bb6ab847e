"""The blob API's List Blobs, flat and hierarchical.

Source: storage.md 3.3.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import msgspec

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.access.storage import LIST
from lakeport_local.storage.answers import in_xml
from lakeport_local.storage.blob.entries import NOW, Entry, Position, Wanted, entries, plain_runs
from lakeport_local.storage.blob.items import blob_item, prefix_item, run_items
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.listed import listed_steps, page_of
from lakeport_local.storage.names import normal_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.access import Step
    from lakeport_local.core import Response
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.place import Place

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INCLUDED = {
    *("copy", "deleted", "deletedwithversions", "immutabilitypolicy", "legalhold", "metadata", "permissions"),
    *("snapshots", "tags", "uncommittedblobs", "versions"),
}
_LISTING = "blobs"
_ECHOED = (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults"), ("delimiter", "Delimiter"))


class _Page(msgspec.Struct, frozen=True):
    """A page of a listing.

    Attributes:
        items: Its elements.
        last: The position behind which the next page begins; None when there is none.
        steps: Gives what access control lists must grant for it.
    """

    items: str
    last: Position | None
    steps: Callable[[], Iterator[Step]]


def list_blobs(call: Call) -> Response:
    """Answer List Blobs."""
    wanted, most = _wanted(call), call.page_size("maxresults")
    directory = "" if call.is_flat else normal_path(wanted.prefix.rpartition("/")[0])
    place = call.place_of(call.file_system, directory)
    page = (_plain_page if wanted.is_bare else _page)(call, place, wanted, most)
    call.demand(LIST, page.steps, place=place)
    return in_xml(_document(call, page.items, page.last))


def _page(call: Call, place: Place, wanted: Wanted, most: int) -> _Page:
    found = list(islice(entries(call, place, wanted, _behind(call)), most + 1))
    page = found[:most]
    items = "".join(prefix_item(entry) if entry.is_prefix else blob_item(call, entry, wanted.include) for entry in page)
    last = page[-1].position if len(found) > most else None
    return _Page(items, last, lambda: _steps(call, place, page, recursive=wanted.delimiter is None))


def _plain_page(call: Call, place: Place, wanted: Wanted, most: int) -> _Page:
    """Return a page of blobs alone, of which nothing special is asked: they are read and spelled many at a time."""
    page, has_more = page_of(plain_runs(call, place, wanted, _behind(call), most + 1), most)
    items = "".join([run_items(call, run) for run in page])
    last = (page[-1].base + page[-1].rows[-1].name, NOW) if has_more else None
    return _Page(items, last, lambda: listed_steps(place, page))


def _wanted(call: Call) -> Wanted:
    """Read what a listing asks for.

    Raises:
        ServiceError: 400 `InvalidQueryParameterValue`.
    """
    delimiter, include = call.parameter("delimiter"), (call.parameter("include") or "").lower()
    only = (call.parameter("showonly") or "").lower()
    if delimiter not in {None, "/"} and not call.is_flat:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="delimiter", QueryParameterValue=delimiter or "")
    words = frozenset(word for word in include.split(",") if word)
    if not words <= _INCLUDED:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="include", QueryParameterValue=include)
    if delimiter is not None and "snapshots" in words:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="include", QueryParameterValue=include)
    if only not in {"", "files", "directories", "deleted"} or (only and call.is_flat):
        raise refusal("InvalidQueryParameterValue", QueryParameterName="showonly", QueryParameterValue=only)
    return Wanted(checked_text(call, "prefix"), delimiter, words, only)


def _behind(call: Call) -> Position:
    """Return where the page begins."""
    token = read_token(call, "marker", _LISTING)
    if token:
        name, _, moment = token.partition("\0")
        return name, int(moment) if moment else NOW
    start = call.parameter("startFrom") or ""
    return (start if call.is_flat else normal_path(start)), 0


def checked_text(call: Call, name: str) -> str:
    """Return a query parameter that names paths or containers.

    Raises:
        ServiceError: 400 `InvalidQueryParameterValue`: no name holds its characters.
    """
    text = call.parameter(name) or ""
    if _CONTROL.search(text):
        raise refusal("InvalidQueryParameterValue", QueryParameterName=name)
    return text


def _steps(call: Call, place: Place, page: list[Entry], *, recursive: bool) -> Iterator[Step]:
    yield from place.steps(item=READ | EXECUTE)
    if recursive and page:
        yield from place.inner_steps(page[0].name, READ | EXECUTE)
    for entry in page if recursive else ():
        if entry.path is not None and entry.path.is_directory and entry.kept is None:
            yield place.step(entry.path, entry.name, READ | EXECUTE)
    for above in sorted({entry.name.rpartition("/")[0] for entry in page if entry.kept is not None} - {place.path}):
        yield from call.place_of(call.file_system, above).steps(item=READ | EXECUTE)


def _document(call: Call, items: str, last: Position | None) -> str:
    endpoint = f"{call.request.scheme}://{call.request.host}/"
    if call.request.explicit:
        endpoint = f"{call.request.scheme}://{call.request.host}:{call.request.port}/{call.account.name}/"
    sent = "".join(
        f"<{element}>{escape(call.parameter(name) or '')}</{element}>"
        for name, element in _ECHOED
        if call.parameter(name)
    )
    quotes, token = {'"': "&quot;"}, ""
    if last is not None:
        name, moment = last
        token = write_token(call, name if moment == NOW else f"{name}\0{moment}", _LISTING)
    return (
        f'<EnumerationResults ServiceEndpoint="{escape(endpoint, quotes)}"'
        f' ContainerName="{escape(call.address.file_system, quotes)}">{sent}<Blobs>{items}</Blobs>'
        f"<NextMarker>{token}</NextMarker></EnumerationResults>"
    )
