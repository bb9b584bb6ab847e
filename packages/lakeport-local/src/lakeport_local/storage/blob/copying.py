"""The blob API's copies within this server: bytes are shared, not copied.

Source: storage.md 3.4. Sources elsewhere are refused: the server never fetches what a request names.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from lakeport_local.access.acl import EXECUTE, READ, WRITE
from lakeport_local.access.storage import READ as READ_DATA
from lakeport_local.access.storage import WRITE as WRITE_DATA
from lakeport_local.core import Headers, Response, ServiceError, http_date
from lakeport_local.storage.address import address_of
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.blob.appending import admitted_append, extended
from lakeport_local.storage.blob.blobs import admitted, blob_columns, put_file
from lakeport_local.storage.blob.blocks import admitted_block, block_encryption_fields, stage
from lakeport_local.storage.blob.pages import admitted_page, write_pages, written, written_range
from lakeport_local.storage.checks import decoded_md5
from lakeport_local.storage.checksums import crc64
from lakeport_local.storage.conditions import conditions_of
from lakeport_local.storage.encryption import encryption_fields, given_key
from lakeport_local.storage.errors import in_blob_words, refusal
from lakeport_local.storage.keeping import version_fields
from lakeport_local.storage.metadata import metadata_of
from lakeport_local.storage.operations import MIB
from lakeport_local.storage.ranges import range_of
from lakeport_local.storage.retention import refused_change
from lakeport_local.storage.settings import is_hierarchical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lakeport_local.core import Request
    from lakeport_local.state import Resource, Resources
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.chunks import ChunkSink
    from lakeport_local.storage.paths import Path

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_MOST_TAKEN = 4000 * MIB
_ENCRYPTED = ("x-ms-request-server-encrypted", "true")


def copy_blob(call: Call) -> Response:
    """Answer Copy Blob, Copy Blob From URL and Put Blob From URL: all are complete at once."""
    is_put = call.header("x-ms-blob-type") is not None
    source = _source(call)
    old = admitted(call)
    if old is not None and old.is_directory:
        raise refusal("PathConflict")
    sums = _checked_sums(call, source)
    columns = blob_columns(call, fall_back=False)
    kept_headers = not is_put or (columns["headers"] == "{}" and _takes_properties(call))
    details = orjson.loads(columns["details"]) | _carried(call, source, is_put=is_put)
    fields = [] if is_put else [("x-ms-copy-id", call.lake.ids.guid()), ("x-ms-copy-status", "success")]
    if not is_put:
        details["copy"] = _copy_details(call, source, dict(fields)["x-ms-copy-id"])
    columns |= {
        "details": orjson.dumps(details).decode(),
        "headers": source.headers if kept_headers else columns["headers"],
        "metadata": columns["metadata"] if metadata_of(call.request.headers) else source.metadata,
        "md5": source.md5,
        "content": source.content,
        "made_by": "blob" if is_put or source.made_by not in {"append", "page"} else source.made_by,
        "size_bytes": source.size_bytes,
    }
    made = put_file(call, old, columns)
    if source.md5 is not None and not _is_async(call):
        fields.append(("Content-MD5", base64.b64encode(source.md5).decode()))
    fields += sums if is_put else []
    return Response(
        201 if is_put else 202,
        [*stamps(made), *version_fields(made), *encryption_fields(made), *fields, *([_ENCRYPTED] if is_put else [])],
    )


def abort_copy(call: Call) -> Response:
    """Answer Abort Copy Blob: copies are complete at once, so that there is never one to abort.

    Raises:
        ServiceError: 409 `NoPendingCopyOperation`; 400, 404.
    """
    if (call.header("x-ms-copy-action") or "").lower() != "abort":
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-copy-action")
    call.demand(WRITE_DATA, lambda: call.place.steps(item=WRITE))
    if call.place.item is None:
        raise refusal("PathNotFound")
    call.check_lease(call.place.item)
    raise refusal("NoPendingCopyOperation")


def incremental_copy(call: Call) -> Response:
    """Answer Incremental Copy Blob, which takes snapshots of page blobs.

    Raises:
        ServiceError: 409 `InvalidBlobType`, or `BlobTypeNotSupported` where there are directories.
    """
    call.demand(WRITE_DATA, lambda: call.place.steps(parent=WRITE | EXECUTE))
    raise refusal("InvalidBlobType" if call.is_flat else "BlobTypeNotSupported")


def _carried(call: Call, source: Path, *, is_put: bool) -> dict[str, Any]:  # Any: a JSON object
    """Return what of a source's details its copy has too: how it was appended, tags when asked for."""
    found: dict[str, Any] = {}  # Any: a JSON object
    if source.made_by == "append" and not is_put:
        is_sealed = (call.header("x-ms-seal-blob") or str(bool(source.detail("sealed")))).lower() == "true"
        found = {"blocks": source.detail("blocks") or 0, **({"sealed": True} if is_sealed else {})}
    if source.made_by == "page" and not is_put:
        found = {"sequence": source.detail("sequence") or 0}
    if (call.header("x-ms-copy-source-tag-option") or "").upper() == "COPY":
        if call.header("x-ms-tags"):
            raise refusal("InvalidHeaderValue", HeaderName="x-ms-copy-source-tag-option")
        found["tags"] = source.tags
    return found


def _takes_properties(call: Call) -> bool:
    return (call.header("x-ms-copy-source-blob-properties") or "true").lower() != "false"


def _copy_details(call: Call, source: Path, copy_id: str) -> dict[str, str]:
    url = (call.header("x-ms-copy-source") or "").partition("?")[0]
    size = source.size_bytes
    done_at = http_date(call.request.at)
    return {"id": copy_id, "source": url, "status": "success", "progress": f"{size}/{size}", "completion-time": done_at}


def put_block_from_url(call: Call) -> Response:
    """Answer Put Block From URL."""
    source = _source(call)
    block = admitted_block(call)
    with _taken(call, source, "x-ms-source-range") as sink:
        stage(call, block, sink)
    return Response(201, [*_sums(call, sink), *block_encryption_fields(call), _ENCRYPTED])


def append_block_from_url(call: Call) -> Response:
    """Answer Append Block From URL."""
    source = _source(call)
    path = admitted_append(call)
    with _taken(call, source, "x-ms-source-range") as sink:
        changed, fields = extended(call, path, sink)
    return Response(201, [*stamps(changed), *fields, *encryption_fields(changed), *_sums(call, sink), _ENCRYPTED])


def put_page_from_url(call: Call) -> Response:
    """Answer Put Page From URL."""
    source = _source(call)
    path = admitted_page(call)
    start, end = written_range(call, path)
    with _taken(call, source, "x-ms-source-range") as sink:
        if sink.size_bytes != end - start:
            raise refusal("InvalidHeaderValue", HeaderName="x-ms-source-range")
        return written(write_pages(call, path, start, sink), _sums(call, sink))


def _sums(call: Call, sink: ChunkSink) -> list[tuple[str, str]]:
    given = [("Content-MD5", sink.md5)] if call.header("x-ms-source-content-md5") else []
    return [(name, base64.b64encode(value).decode()) for name, value in [*given, ("x-ms-content-crc64", sink.crc64)]]


@contextmanager
def _taken(call: Call, source: Path, header: str) -> Iterator[ChunkSink]:
    """Read the part of a source that a request names into a sink, with its checksums checked; what is done with it is one transaction.

    The bytes are read before it begins, so that the note of their file is kept before there is the file.

    Raises:
        ServiceError: 400.
    """
    text = call.header(header)
    part = range_of(Headers([("range", text)] if text else []), source.size_bytes)
    if not part.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName=header, HeaderValue=text or "")
    if part.size_bytes > _MOST_TAKEN:
        raise refusal("RequestBodyTooLarge")
    reader = call.lake.contents.read(source.content, part.start, part.size_bytes)
    sink = call.lake.contents.sink(limit_bytes=part.size_bytes, hashes=frozenset({"md5", "crc64"}))
    try:
        while data := reader.read(1 << 20):
            sink.write(data)
        sink.finish()
        _check_source_sums(call, sink.md5, sink.crc64)
        kept = refused_change(call)
        if kept is not None:
            raise kept
        with call.lake.store.transaction():
            yield sink
        sink.settle()
    finally:
        reader.close()
        sink.abort()


def _source_sums(call: Call) -> tuple[str | None, str | None]:
    """Return the MD5 and the CRC64 that a request names for the bytes of its source.

    Raises:
        ServiceError: 400 `BothCrc64AndMd5HeaderPresent`.
    """
    md5, crc64_text = call.header("x-ms-source-content-md5"), call.header("x-ms-source-content-crc64")
    if md5 is not None and crc64_text is not None:
        raise refusal("BothCrc64AndMd5HeaderPresent")
    return md5, crc64_text


def _check_source_sums(call: Call, md5: bytes, found: bytes) -> None:
    given_md5, given_crc64 = _source_sums(call)
    if given_md5 is not None and md5 != decoded_md5(given_md5):
        raise refusal("Md5Mismatch")
    if given_crc64 is not None and base64.b64encode(found).decode() != given_crc64:
        raise refusal("Crc64Mismatch")


def _unverified(error: ServiceError) -> ServiceError:
    """Return how a copy is refused whose source refuses it, with what the source said."""
    code = in_blob_words(error).code
    headers = {"x-ms-copy-source-status-code": str(error.status), "x-ms-copy-source-error-code": code}
    return refusal("CannotVerifyCopySource", status=error.status, headers=headers)


def _source(call: Call) -> Path:
    """Return the file that a copy takes, if whoever the request names for it may read it."""
    there = _source_call(call)
    try:
        place = there.place
        there.demand(READ_DATA, lambda: place.steps(item=READ))
    except ServiceError as error:
        raise _unverified(error) from None
    path = place.item
    if path is None:
        raise _unverified(refusal("PathNotFound"))
    if path.is_directory:
        raise refusal("BlobOperationNotSupported")
    if path.detail("key") != given_key(call, "x-ms-source-"):
        raise refusal("CannotVerifyCopySource", status=409)
    code = "SourceConditionNotMet" if _is_async(call) else "CannotVerifyCopySource"
    conditions = conditions_of(call.request.headers, "x-ms-source-")
    if conditions.tags is not None and not conditions.tags.holds(path.tags):
        raise refusal("ConditionNotMet")  # recorded so: of tags alone the service does not say that it is the source's
    try:
        conditions.check_write(path, code="SourceConditionNotMet", on_existing=(412, "SourceConditionNotMet"))
    except ServiceError:
        raise refusal(code, status=412) from None
    return path


def _is_async(call: Call) -> bool:
    is_plain = call.header("x-ms-blob-type") is None and call.parameter("comp") is None
    return is_plain and (call.header("x-ms-requires-sync") or "").lower() != "true"


def _checked_sums(call: Call, source: Path) -> list[tuple[str, str]]:
    """Refuse a copy of bytes whose checksum is not the one that the request names for them; return their CRC64."""
    if _source_sums(call) == (None, None):
        return []
    if source.size_bytes > _MOST_TAKEN:
        raise refusal("RequestBodyTooLarge")
    found, summed = hashlib.md5(usedforsecurity=False), 0
    reader = call.lake.contents.read(source.content, 0, source.size_bytes)
    while data := reader.read(1 << 20):
        found.update(data)
        summed = crc64(data, summed)
    reader.close()
    sums = found.digest(), summed.to_bytes(8, "little")
    _check_source_sums(call, *sums)
    return [("x-ms-content-crc64", base64.b64encode(sums[1]).decode())]


def _source_call(call: Call) -> Call:
    """Return a call for the source of a copy: its account and file, and who may read it."""
    request = _source_request(call)
    resources = call.lake.resources
    address = address_of(
        request, lambda name: _account(resources, name) is not None, lambda name: _is_flat(resources, name)
    )
    account = _account(resources, address.account)
    if account is None:
        raise refusal("CannotVerifyCopySource")
    if not call.access.admit(request.client, account, request_id=request.id).allowed:
        raise refusal("CannotVerifyCopySource", status=403)
    # Only the asynchronous copy lets the sender's own credential cover a source of the same account.
    is_covered = _is_async(call) and account.uid == call.account.uid and request.parameter("sig") is None
    try:
        if is_covered and "authorization" not in request.headers:
            caller = call.caller_at(address.file_system, address.path)
        else:
            caller = call.authenticate(request, account, address)
    except ServiceError as error:
        raise _unverified(error) from None
    return replace(call, request=request, address=address, account=account, caller=caller, sink=None)


def _account(resources: Resources, name: str) -> Resource | None:
    return resources.named(_ACCOUNTS, name) if name else None


def _is_flat(resources: Resources, name: str) -> bool:
    account = _account(resources, name)
    return account is not None and not is_hierarchical(account)


def _source_request(call: Call) -> Request:
    try:
        url = urlsplit(call.header("x-ms-copy-source") or "")
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-copy-source") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-copy-source")
    is_here = call.request.explicit and url.hostname == call.request.host
    bearer = call.header("x-ms-copy-source-authorization")
    headers = [("x-ms-version", call.version), *([("authorization", bearer)] if bearer else [])]
    return replace(
        call.request,
        method="GET",
        scheme=url.scheme,
        host=url.hostname,
        raw_path=url.path or "/",
        raw_query=url.query,
        headers=Headers(headers),
        explicit=is_here,
    )
