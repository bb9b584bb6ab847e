"""Headers of answers about paths and file systems.

Source: storage.md 2.8, 3.2.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import orjson

from lakeport_local.core import Response, http_date
from lakeport_local.storage.encryption import encryption_fields
from lakeport_local.storage.identities import acl_text, naming, wants_names
from lakeport_local.storage.keeping import version_fields
from lakeport_local.storage.metadata import FOLDER_MARK, Pairs, metadata_headers, properties_text
from lakeport_local.storage.settings import default_tier
from lakeport_local.storage.stamps import instant
from lakeport_local.storage.tiers import tier_fields

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.conditions import Stamped
    from lakeport_local.storage.paths import Path

Fields: TypeAlias = list[tuple[str, str]]

JSON = "application/json;charset=utf-8"
CONTENT_HEADERS = ("Content-Type", "Cache-Control", "Content-Encoding", "Content-Language", "Content-Disposition")
_SHOWN_SINCE = ("2020-06-12", "2020-10-02", "2023-11-03")
"""Versions of the blob API since which answers tell owner and permissions, the type of resource, access control lists."""
_EVERYTHING = len(_SHOWN_SINCE)
_CHANGES_WITH_TIME = ('"lease"', '"tier')
_DEFAULT_TYPE = "application/octet-stream"


def stamps(found: Stamped) -> Fields:
    """Return `ETag` and `Last-Modified`."""
    return [("ETag", f'"{found.etag_text}"'), ("Last-Modified", http_date(found.modified_at))]


def in_json(document: object, *headers: tuple[str, str]) -> Response:
    """Return 200 with a JSON document as the dfs API sends it."""
    return Response(200, [("Content-Type", JSON), *headers], orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))


def in_xml(document: str, *headers: tuple[str, str], status: int = 200) -> Response:
    """Return an XML document as the blob API sends it, behind a byte order mark."""
    body = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + document.encode()
    return Response(status, [("Content-Type", "application/xml"), *headers], body)


def content_headers(call: Call, prefix: str, *, fall_back: bool = False) -> dict[str, str]:
    """Return the content headers that a request sets for its file.

    Args:
        call: The request.
        prefix: `x-ms-` for dfs, `x-ms-blob-` for blob.
        fall_back: Take the request's own `Content-Type` and so on where the prefixed one is missing.
    """
    given = call.request.headers.several(_spellings(prefix))
    plain = call.request.headers.several(_spellings("")) if fall_back else given
    values = (one or other for one, other in zip(given, plain, strict=True))
    return {name: value for name, value in zip(CONTENT_HEADERS, values, strict=True) if value}


@lru_cache
def _spellings(prefix: str) -> list[str]:
    return [f"{prefix}{name}".lower() for name in CONTENT_HEADERS]


def content_fields(path: Path) -> Fields:
    """Return the content headers of a file or directory."""
    kept = orjson.loads(path.headers)
    return [("Content-Type", kept.get("Content-Type") or _DEFAULT_TYPE)] + [
        (name, kept[name]) for name in CONTENT_HEADERS[1:] if name in kept
    ]


def access_fields(call: Call, path: Path) -> Fields:
    """Return owner, group and permissions."""
    acl, named = call.lake.paths.acl(path), naming(call)
    return [
        ("x-ms-owner", named(path.owner)),
        ("x-ms-group", named(path.group)),
        ("x-ms-permissions", acl.permissions),
    ]


def _directory_fields(call: Call, path: Path) -> Fields:
    """Return what only an account with directories tells of a path."""
    shown = _shown(call)
    kind = [("x-ms-resource-type", "directory" if path.is_directory else "file")] if shown > 1 else []
    return [*kind, *(access_fields(call, path) if shown else [])]


def _shown(call: Call) -> int:
    """Return how many of the things that came with later versions an answer tells."""
    if call.address.api == "dfs" or call.version >= _SHOWN_SINCE[-1]:
        return _EVERYTHING
    return _EVERYTHING if call.address.is_mixed else sum(call.version >= since for since in _SHOWN_SINCE)


def _shared_fields(call: Call, path: Path) -> Fields:
    fields = [
        ("Accept-Ranges", "bytes"),
        *content_fields(path),
        *stamps(path),
        *([] if call.is_flat else _directory_fields(call, path)),
        ("x-ms-server-encrypted", "true"),
        ("x-ms-creation-time", http_date(path.created_at)),
        *lease_fields(call, path),
    ]
    fields += encryption_fields(path)
    if path.detail("context") is not None:
        fields.append(("x-ms-encryption-context", path.detail("context")))
    if path.expires is not None:
        fields.append(("x-ms-expiry-time", http_date(instant(path.expires))))
    if path.md5 is not None:
        fields.append(("Content-MD5", base64.b64encode(path.md5).decode()))
    return fields


def lease_fields(call: Call, found: Path) -> Fields:
    """Return state and status of a lease."""
    lease = call.lease_of(found)
    fields = [("x-ms-lease-status", lease.status), ("x-ms-lease-state", lease.state)]
    return [*fields, ("x-ms-lease-duration", lease.kind)] if lease.state == "leased" else fields


def _dfs_only(path: Path) -> Fields:
    pairs: Pairs = [*path.pairs, (FOLDER_MARK, "true")] if path.is_directory else path.pairs
    return [("x-ms-properties", properties_text(pairs))] if pairs else []


def _blob_only(call: Call, path: Path) -> Fields:
    pairs: Pairs = [*path.pairs, (FOLDER_MARK, "true")] if path.is_directory else path.pairs
    fields: Fields = [*metadata_headers(pairs), ("x-ms-blob-type", blob_type(path))]
    fields += version_fields(path, is_current=call.past is None)
    fields += [("x-ms-tag-count", str(len(path.tags)))] if path.tags else []
    if path.made_by == "page":
        fields.append(("x-ms-blob-sequence-number", str(path.detail("sequence") or 0)))
    if path.made_by == "append":
        fields.append(("x-ms-blob-committed-block-count", str(path.detail("blocks") or 0)))
        fields += [("x-ms-blob-sealed", "true")] if path.detail("sealed") else []
    if call.request.method == "HEAD" or path.detail("tier"):
        fields += tier_fields(path, call.request.at, call.account)
    if call.version >= _SHOWN_SINCE[-1] and not call.is_flat:
        fields.append(("x-ms-acl", acl_text(call, call.lake.paths.acl(path))))
    copy = path.detail("copy") or {}
    return fields + [(f"x-ms-copy-{name}", str(value)) for name, value in copy.items()]


def path_fields(call: Call, path: Path) -> Fields:
    """Return the headers of a read or HEAD of a path: those of the API asked, of both where one endpoint serves both."""
    if wants_names(call):
        return _path_fields(call, path)
    address, is_head = call.address, call.request.method == "HEAD"
    shown = (call.version >= _SHOWN_SINCE[-1], _shown(call), default_tier(call.account))
    key = ("fields", address.api, address.is_mixed, is_head, *shown, call.past is None)
    found: Fields | None = path.derived.get(key)
    if found is None:
        found = _path_fields(call, path)
        if not any(word in path.details for word in _CHANGES_WITH_TIME):  # all else is in the row
            path.derived[key] = found
    return found.copy()


def _path_fields(call: Call, path: Path) -> Fields:
    fields = _shared_fields(call, path)
    if call.address.api == "dfs" or call.address.is_mixed:
        fields += _dfs_only(path)
    if call.address.api == "blob":
        fields += _blob_only(call, path)
    return fields


def blob_type(path: Path) -> str:
    """Return the kind of blob that a file or directory is."""
    return {"append": "AppendBlob", "page": "PageBlob"}.get(path.made_by, "BlockBlob")


def metadata_fields(pairs: Pairs) -> Fields:
    """Return `x-ms-properties`, when there is metadata."""
    return [("x-ms-properties", properties_text(pairs))] if pairs else []
