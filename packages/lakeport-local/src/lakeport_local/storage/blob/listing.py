"""The blob API's List Blobs, flat and hierarchical.

Source: storage.md 3.3.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

import orjson

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.access.storage import LIST
from lakeport_local.core import http_date
from lakeport_local.storage.answers import blob_type, in_xml
from lakeport_local.storage.blob.entries import NOW, Entry, Position, Wanted, entries
from lakeport_local.storage.blob.tagging import tags_xml
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.encryption import encryption_elements
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import VERSION
from lakeport_local.storage.kept import deletion_id, moment_text
from lakeport_local.storage.metadata import FOLDER_MARK
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.stamps import instant, second_text
from lakeport_local.storage.tiers import tier_elements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Step
    from lakeport_local.core import Response
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

_SECOND = 1_000_000
_TYPES = ("<ResourceType>file</ResourceType>", "<ResourceType>directory</ResourceType>")
_NO_HEADERS: dict[str, str] = {}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")
_INCLUDED = {
    *("copy", "deleted", "deletedwithversions", "immutabilitypolicy", "legalhold", "metadata", "permissions"),
    *("snapshots", "tags", "uncommittedblobs", "versions"),
}
_LISTING = "blobs"
_ECHOED = (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults"), ("delimiter", "Delimiter"))


def list_blobs(call: Call) -> Response:
    """Answer List Blobs."""
    wanted, most = _wanted(call), call.page_size("maxresults")
    directory = "" if call.is_flat else normal_path(wanted.prefix.rpartition("/")[0])
    place = call.place_of(call.file_system, directory)
    found = list(islice(entries(call, place, wanted, _behind(call)), most + 1))
    page = found[:most]
    call.demand(LIST, lambda: _steps(call, place, page, recursive=wanted.delimiter is None), place=place)
    items = "".join(
        _prefix_item(call, entry) if entry.is_prefix else blob_item(call, entry, wanted.include) for entry in page
    )
    return in_xml(_document(call, items, page[-1] if len(found) > most else None))


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


def _document(call: Call, items: str, last: Entry | None) -> str:
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
        name, moment = last.position
        token = write_token(call, name if moment == NOW else f"{name}\0{moment}", _LISTING)
    return (
        f'<EnumerationResults ServiceEndpoint="{escape(endpoint, quotes)}"'
        f' ContainerName="{escape(call.address.file_system, quotes)}">{sent}<Blobs>{items}</Blobs>'
        f"<NextMarker>{token}</NextMarker></EnumerationResults>"
    )


def _name(full: str) -> str:
    if _ILLEGAL.search(full):
        return f'<Name Encoded="true">{quote(full)}</Name>'
    return f"<Name>{escape(full)}</Name>"


def _prefix_item(call: Call, entry: Entry) -> str:
    if entry.path is None:
        return f"<BlobPrefix>{_name(entry.name)}</BlobPrefix>"
    return f"<BlobPrefix>{_name(f'{entry.name}/')}</BlobPrefix>"


def blob_item(call: Call, entry: Entry, include: frozenset[str]) -> str:
    """Spell one blob of a listing."""
    path = entry.path
    if path is None:
        size = "<Content-Length>0</Content-Length>"
        return f"<Blob>{_name(entry.name)}<Properties>{size}<BlobType>BlockBlob</BlobType></Properties></Blob>"
    extra = (_metadata(path) if "metadata" in include else "") + (_tags(path) if "tags" in include else "")
    only = "<HasVersionsOnly>true</HasVersionsOnly>" if entry.has_versions_only else ""
    return (
        f"<Blob>{_name(entry.name)}{_identity(call, entry)}"
        f"<Properties>{_properties(call, entry, path, include)}</Properties>{extra}{only}</Blob>"
    )


def _identity(call: Call, entry: Entry) -> str:
    """Spell what tells an entry from others of its name."""
    kept, path = entry.kept, entry.path
    fields: Fields = []
    if kept is not None and kept.kind == "snapshot":
        fields.append(("Snapshot", moment_text(kept.moment)))
    version = None if path is None or fields else path.detail(VERSION)
    if version is not None:
        fields.append(("VersionId", moment_text(version)))
        fields += [("IsCurrentVersion", "true")] if kept is None and not entry.has_versions_only else []
    if kept is not None and kept.deleted is not None:
        fields.append(("Deleted", "true"))
        fields += [("DeletionId", deletion_id(kept.moment))] if kept.kind == "deleted" and not call.is_flat else []
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields)


def _properties(call: Call, entry: Entry, path: Path, include: frozenset[str]) -> str:
    is_typed = call.version >= "2020-10-02" and not call.is_flat
    kind = _TYPES[path.is_directory] if is_typed else ""
    before, after = _content_elements(path.headers)
    md5 = f"<Content-MD5>{base64.b64encode(path.md5).decode()}</Content-MD5>" if path.md5 else "<Content-MD5 />"
    return (
        f"<Creation-Time>{second_text(path.created // _SECOND)}</Creation-Time>"
        f"<Last-Modified>{second_text(path.modified // _SECOND)}</Last-Modified>"
        f"<Etag>{path.etag_text}</Etag>{kind}<Content-Length>{path.size_bytes}</Content-Length>"
        f"{before}{md5}{after}{_state(call, entry, path, include)}"
    )


@lru_cache(maxsize=1024)
def _content_elements(stored: str) -> tuple[str, str]:
    """Spell a row's content headers: what stands before the MD5, and what after it."""
    headers: dict[str, str] = _NO_HEADERS if stored == "{}" else orjson.loads(stored)
    kind = _element("Content-Type", headers.get("Content-Type") or "application/octet-stream")
    written = kind + "".join(
        _element(name, headers.get(name) or "") for name in ("Content-Encoding", "Content-Language")
    )
    shown = "".join(_element(name, headers.get(name) or "") for name in ("Cache-Control", "Content-Disposition"))
    return f"{written}<Content-CRC64 />", shown


_ALIKE: dict[tuple[str, bool], str] = {}
"""How blobs stand of which nothing special is known, by who made them and whether they are directories."""


def _state(call: Call, entry: Entry, path: Path, include: frozenset[str]) -> str:
    """Spell what a blob is and how it stands; most of a listing's blobs stand alike."""
    is_plain = path.details == "{}" and entry.kept is None and "permissions" not in include
    found = _ALIKE.get((path.made_by, path.is_directory)) if is_plain else None
    if found is None:
        found = "".join([_element(name, value) for name, value in _state_fields(call, entry, path, include)])
        if is_plain:
            _ALIKE[path.made_by, path.is_directory] = found
    return found


def _state_fields(call: Call, entry: Entry, path: Path, include: frozenset[str]) -> Fields:
    lease = call.lease_of(path)
    fields = [
        *([("x-ms-blob-sequence-number", str(path.detail("sequence") or 0))] if path.made_by == "page" else []),
        ("BlobType", blob_type(path)),
        *tier_elements(path, call.request.at),
        ("LeaseStatus", lease.status),
        ("LeaseState", lease.state),
        *([("LeaseDuration", lease.kind)] if lease.state == "leased" else []),
        *(_copy_fields(path) if "copy" in include else []),
        ("ServerEncrypted", "true"),
        *encryption_elements(path),
        *([("Expiry-Time", http_date(instant(path.expires)))] if path.expires is not None else []),
        *([("Sealed", "true")] if path.detail("sealed") else []),
        *([("TagCount", str(len(path.tags)))] if path.tags else []),
        *_deletion_fields(call, entry),
    ]
    if "permissions" in include and not call.is_flat:
        acl = call.lake.paths.acl(path)
        fields += [("Owner", path.owner), ("Group", path.group), ("Permissions", acl.permissions), ("Acl", acl.text)]
    return fields


@lru_cache(maxsize=4096)
def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />"


def _deletion_fields(call: Call, entry: Entry) -> Fields:
    kept = entry.kept
    if kept is None or kept.deleted is None:
        return []
    left = str(kept.days_left(call.request.at))
    return [("DeletedTime", http_date(instant(kept.deleted))), ("RemainingRetentionDays", left)]


def _copy_fields(path: Path) -> list[tuple[str, str]]:
    kept: dict[str, str] = path.detail("copy") or {}
    return [(f"Copy{''.join(word.capitalize() for word in name.split('-'))}", text) for name, text in kept.items()]


def _metadata(path: Path) -> str:
    pairs = [*path.pairs, (FOLDER_MARK, "true")] if path.is_directory else path.pairs
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in pairs)
    return f"<Metadata>{inner}</Metadata>" if inner else "<Metadata />"


def _tags(path: Path) -> str:
    return f"<Tags>{tags_xml(path.tags)}</Tags>" if path.tags else ""
