"""Blobs and prefixes as elements of a listing.

Source: storage.md 3.3.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

import orjson

from lakeport_local.core import http_date
from lakeport_local.storage.answers import blob_type
from lakeport_local.storage.blob.entries import Entry
from lakeport_local.storage.blob.tagging import tags_xml
from lakeport_local.storage.encryption import encryption_elements
from lakeport_local.storage.keeping import VERSION
from lakeport_local.storage.kept import deletion_id, moment_text
from lakeport_local.storage.metadata import FOLDER_MARK
from lakeport_local.storage.settings import default_tier
from lakeport_local.storage.stamps import instant, second_text
from lakeport_local.storage.tiers import tier_elements

if TYPE_CHECKING:
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.listed import ListedBlob, Run
    from lakeport_local.storage.paths import Path

_SECOND = 1_000_000
_TYPES = ("<ResourceType>file</ResourceType>", "<ResourceType>directory</ResourceType>")
_NO_HEADERS: dict[str, str] = {}
_NO_MD5 = "<Content-MD5 />"
_NOTHING_MORE: frozenset[str] = frozenset()
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")


def _name(full: str) -> str:
    if _ILLEGAL.search(full):
        return f'<Name Encoded="true">{quote(full)}</Name>'
    return f"<Name>{escape(full)}</Name>"


def prefix_item(entry: Entry) -> str:
    """Spell what stands for all names that begin so."""
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
    before, after = _content_elements(path.headers)
    return _spelled(
        second_text(path.created // _SECOND),
        second_text(path.modified // _SECOND),
        path.etag_text,
        _kind(call, is_directory=path.is_directory),
        path.size_bytes,
        before,
        _md5(path.md5) if path.md5 else _NO_MD5,
        f"{after}{_state(call, entry, path, include)}",
    )


def _spelled(created: str, modified: str, etag: str, kind: str, size: int, *rest: str) -> str:
    return (
        f"<Creation-Time>{created}</Creation-Time><Last-Modified>{modified}</Last-Modified><Etag>{etag}</Etag>{kind}"
        f"<Content-Length>{size}</Content-Length>{''.join(rest)}"
    )


def _kind(call: Call, *, is_directory: bool) -> str:
    return _TYPES[is_directory] if call.version >= "2020-10-02" and not call.is_flat else ""


def _md5(digest: bytes) -> str:
    return f"<Content-MD5>{base64.b64encode(digest).decode()}</Content-MD5>"


def run_items(call: Call, run: Run[ListedBlob]) -> str:
    """Spell blobs that are listed together, with nothing that only `include` tells of them; most blobs stand alike."""
    is_plain = run.is_plain and _name(run.base) == f"<Name>{run.base}</Name>"
    alike: dict[tuple[str, bool, str | None], tuple[str, str, str]] = {}
    first = {(row.made_by, bool(row.directory), row.headers): row.id for row in run.rows if not row.has_details}
    whole = call.lake.paths.rows([*first.values(), *[row.id for row in run.rows if row.has_details or not is_plain]])
    for key, number in first.items():
        path = whole[number]
        before, after = _content_elements(path.headers)
        kind = _kind(call, is_directory=path.is_directory)
        alike[key] = kind, before, f"{after}{_state(call, Entry(path.name, path), path, _NOTHING_MORE)}"
    items = []
    for row in run.rows:
        if row.has_details or not is_plain:
            items.append(blob_item(call, Entry(run.base + row.name, whole[row.id]), _NOTHING_MORE))
            continue
        kind, before, after = alike[row.made_by, bool(row.directory), row.headers]
        created, modified, etag = second_text(row.created), second_text(row.modified), f"0x{row.etag:X}"
        md5 = _NO_MD5 if row.md5 is None else _md5(bytes.fromhex(row.md5))
        shown = _spelled(created, modified, etag, kind, row.size_bytes, before, md5, after)
        items.append(f"<Blob><Name>{run.base}{row.name}</Name><Properties>{shown}</Properties></Blob>")
    return "".join(items)


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


_ALIKE: dict[tuple[str, bool, str], str] = {}
"""How blobs stand of which nothing special is known, by who made them, whether they are directories, and the tier of the account."""


def _state(call: Call, entry: Entry, path: Path, include: frozenset[str]) -> str:
    """Spell what a blob is and how it stands; most of a listing's blobs stand alike."""
    alike = (path.made_by, path.is_directory, default_tier(call.account))
    is_plain = path.details == "{}" and entry.kept is None and "permissions" not in include
    found = _ALIKE.get(alike) if is_plain else None
    if found is None:
        found = "".join([_element(name, value) for name, value in _state_fields(call, entry, path, include)])
        if is_plain:
            _ALIKE[alike] = found
    return found


def _state_fields(call: Call, entry: Entry, path: Path, include: frozenset[str]) -> Fields:
    lease = call.lease_of(path)
    fields = [
        *([("x-ms-blob-sequence-number", str(path.detail("sequence") or 0))] if path.made_by == "page" else []),
        ("BlobType", blob_type(path)),
        *tier_elements(path, call.request.at, call.account),
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
