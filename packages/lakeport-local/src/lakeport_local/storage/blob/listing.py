"""The blob API's List Blobs, flat and hierarchical.

Source: storage.md 3.3.
"""

from __future__ import annotations

import base64
import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

import orjson

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.access.storage import LIST
from lakeport_local.core import http_date
from lakeport_local.storage.answers import blob_type, in_xml, tier_change_fields
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.metadata import FOLDER_MARK
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.paths import walk
from lakeport_local.storage.stamps import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Step
    from lakeport_local.core import Response
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")
_LISTING = "blobs"
_ECHOED = (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults"), ("delimiter", "Delimiter"))


def list_blobs(call: Call) -> Response:
    """Answer List Blobs."""
    delimiter, prefix = call.parameter("delimiter"), checked_text(call, "prefix")
    if delimiter not in {None, "/"}:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="delimiter", QueryParameterValue=delimiter or "")
    most, recursive = call.page_size("maxresults"), delimiter is None
    directory, _, begins = prefix.rpartition("/")
    place = call.place_of(call.file_system, normal_path(directory))
    found = list(islice(_found(call, place, begins, recursive=recursive), most + 1))
    page = found[:most]
    call.demand(LIST, lambda: _steps(place, page, recursive=recursive), place=place)
    include = set((call.parameter("include") or "").split(","))
    items = "".join(
        _prefix_item(full) if path.is_directory and not recursive else blob_item(call, full, path, include)
        for full, path in page
    )
    return in_xml(_document(call, items, page[-1][0] if len(found) > most else ""))


def checked_text(call: Call, name: str) -> str:
    """Return a query parameter that names paths or containers.

    Raises:
        ServiceError: 400 `InvalidQueryParameterValue`: no name holds its characters.
    """
    text = call.parameter(name) or ""
    if _CONTROL.search(text):
        raise refusal("InvalidQueryParameterValue", QueryParameterName=name)
    return text


def _found(call: Call, place: Place, begins: str, *, recursive: bool) -> Iterator[tuple[str, Path]]:
    if place.item is None or not place.item.is_directory:
        return iter(())
    after, inclusive = read_token(call, "marker", _LISTING), False
    if not after and call.parameter("startFrom"):
        after, inclusive = normal_path(call.parameter("startFrom") or ""), True
    if place.path and after and not after.startswith(f"{place.path}/"):
        after = "" if after <= place.path else f"{place.path}/\U0010ffff"
    found = walk(
        call.lake.paths,
        place.item,
        place.path,
        recursive=recursive,
        after=after,
        inclusive=inclusive,
        begins=begins,
    )
    only = (call.parameter("showonly") or "").lower()
    if only in {"files", "directories"}:
        return (one for one in found if one[1].is_directory == (only == "directories"))
    return found


def _steps(place: Place, page: list[tuple[str, Path]], *, recursive: bool) -> Iterator[Step]:
    yield from place.steps(item=READ | EXECUTE)
    for full, path in page if recursive else ():
        if path.is_directory:
            yield place.step(path, full, READ | EXECUTE)


def _document(call: Call, items: str, last: str) -> str:
    endpoint = f"{call.request.scheme}://{call.request.host}/"
    if call.request.explicit:
        endpoint = f"{call.request.scheme}://{call.request.host}:{call.request.port}/{call.account.name}/"
    sent = "".join(
        f"<{element}>{escape(call.parameter(name) or '')}</{element}>"
        for name, element in _ECHOED
        if call.parameter(name)
    )
    quotes = {'"': "&quot;"}
    return (
        f'<EnumerationResults ServiceEndpoint="{escape(endpoint, quotes)}"'
        f' ContainerName="{escape(call.address.file_system, quotes)}">{sent}<Blobs>{items}</Blobs>'
        f"<NextMarker>{write_token(call, last, _LISTING) if last else ''}</NextMarker></EnumerationResults>"
    )


def _name(full: str) -> str:
    if _ILLEGAL.search(full):
        return f'<Name Encoded="true">{quote(full)}</Name>'
    return f"<Name>{escape(full)}</Name>"


def _prefix_item(full: str) -> str:
    return f"<BlobPrefix>{_name(f'{full}/')}</BlobPrefix>"


def blob_item(call: Call, full: str, path: Path, include: set[str]) -> str:
    """Spell one blob of a listing."""
    return f"<Blob>{_name(full)}<Properties>{_properties(call, path, include)}</Properties>{_metadata(path, include)}</Blob>"


def _properties(call: Call, path: Path, include: set[str]) -> str:
    kept, lease = orjson.loads(path.headers), call.lease_of(path)
    fields = [
        ("Creation-Time", http_date(path.created_at)),
        ("Last-Modified", http_date(path.modified_at)),
        ("Etag", path.etag_text),
        ("ResourceType", "directory" if path.is_directory else "file"),
        ("Content-Length", str(path.size_bytes)),
        ("Content-Type", kept.get("Content-Type") or "application/octet-stream"),
        ("Content-Encoding", kept.get("Content-Encoding") or ""),
        ("Content-Language", kept.get("Content-Language") or ""),
        ("Content-CRC64", ""),
        ("Content-MD5", base64.b64encode(path.md5).decode() if path.md5 else ""),
        ("Cache-Control", kept.get("Cache-Control") or ""),
        ("Content-Disposition", kept.get("Content-Disposition") or ""),
        ("BlobType", blob_type(path)),
        ("AccessTier", path.detail("tier") or "Hot"),
        *([] if path.detail("tier") else [("AccessTierInferred", "true")]),
        *tier_change_fields(path, "AccessTierChangeTime"),
        ("LeaseStatus", lease.status),
        ("LeaseState", lease.state),
        *([("LeaseDuration", lease.kind)] if lease.state == "leased" else []),
        *(_copy_fields(path) if "copy" in include else []),
        ("ServerEncrypted", "true"),
        *([("Expiry-Time", http_date(instant(path.expires)))] if path.expires is not None else []),
    ]
    if "permissions" in include:
        acl = call.lake.paths.acl(path)
        fields += [("Owner", path.owner), ("Group", path.group), ("Permissions", acl.permissions), ("Acl", acl.text)]
    if call.version < "2020-10-02":
        del fields[3]
    return "".join(f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />" for name, value in fields)


def _copy_fields(path: Path) -> list[tuple[str, str]]:
    kept: dict[str, str] = path.detail("copy") or {}
    return [(f"Copy{''.join(word.capitalize() for word in name.split('-'))}", text) for name, text in kept.items()]


def _metadata(path: Path, include: set[str]) -> str:
    if "metadata" not in include:
        return ""
    pairs = [*path.pairs, (FOLDER_MARK, "true")] if path.is_directory else path.pairs
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in pairs)
    return f"<Metadata>{inner}</Metadata>" if inner else "<Metadata />"
