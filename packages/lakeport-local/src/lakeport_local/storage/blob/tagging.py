"""The blob API's tags: set, get, and find blobs by them.

Source: "Set Blob Tags", "Get Blob Tags", "Find Blobs by Tags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import orjson

from lakeport_local.access.acl import READ, WRITE
from lakeport_local.access.storage import FIND_BY_TAGS, READ_TAGS, WRITE_TAGS
from lakeport_local.core import Response
from lakeport_local.storage.answers import in_xml
from lakeport_local.storage.blob.documents import parsed
from lakeport_local.storage.conditions import conditions_of
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.kept import moment_text
from lakeport_local.storage.tags import CONTAINER, Either, Malformed, Tags, checked_tags, parse_condition

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_LISTING = "tags"


def _tagged(call: Call) -> Path:
    path = call.place.item
    if path is None or not call.place.path:
        raise refusal("PathNotFound")
    if path.is_directory:
        raise refusal("OperationNotSupportedOnDirectory")
    call.conditions.check_write(path)
    conditions_of(call.request.headers, "x-ms-blob-").check_write(path)
    return path


def get_tags(call: Call) -> Response:
    """Answer Get Blob Tags."""
    call.demand(READ_TAGS, lambda: call.place.steps(item=READ))
    path = _tagged(call)
    if call.moment is None and call.header("x-ms-lease-id"):
        call.check_lease(path)
    return in_xml(f"<Tags>{tags_xml(path.tags)}</Tags>")


def set_tags(call: Call) -> Response:
    """Answer Set Blob Tags: replaces all of them; the etag stays."""
    call.demand(WRITE_TAGS, lambda: call.place.steps(item=WRITE))
    path = _tagged(call)
    if call.moment is None:
        call.check_lease(path)
    found = parsed(call.data, "Tags").find("TagSet")
    if found is None:
        raise refusal("InvalidXmlDocument")
    tags = checked_tags((one.findtext("Key") or "", one.findtext("Value") or "") for one in found)
    call.lake.paths.change(path, touch=False, details=with_tags(path.details, tags))
    return Response(204)


def with_tags(details: str, tags: Tags) -> str:
    """Return a row's details with other tags."""
    kept = {name: value for name, value in orjson.loads(details).items() if name != "tags"}
    return orjson.dumps(kept | ({"tags": tags} if tags else {})).decode()


def tags_xml(tags: Tags) -> str:
    """Spell tags as documents do."""
    each = (f"<Tag><Key>{escape(key)}</Key><Value>{escape(text)}</Value></Tag>" for key, text in sorted(tags.items()))
    return f"<TagSet>{''.join(each)}</TagSet>"


def find_by_tags(call: Call) -> Response:
    """Answer Find Blobs by Tags, of an account or of a container."""
    call.demand(FIND_BY_TAGS)
    where, most = _where(call), call.page_size("maxresults")
    after = read_token(call, "marker", _LISTING)
    only = call.file_system.name if call.address.file_system else None
    found = [one for one in _found(call, where, only) if "/".join(one[:2]) > after]
    page = found[:most]
    keys = {one.key for one in where.comparisons()}
    items = "".join(_item(container, name, path, keys) for container, name, path in page)
    marker = write_token(call, "/".join(page[-1][:2]), _LISTING) if len(found) > most else ""
    asked, endpoint = escape(call.parameter("where") or ""), f"{call.request.scheme}://{call.request.host}/"
    return in_xml(
        f'<EnumerationResults ServiceEndpoint="{escape(endpoint, {chr(34): "&quot;"})}"><Where>{asked}</Where>'
        f"<Blobs>{items}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
    )


def _where(call: Call) -> Either:
    """Read what is looked for: comparisons that hold together.

    Raises:
        ServiceError: 400.
    """
    text = call.parameter("where")
    if text is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="where")
    try:
        found = parse_condition(text)
    except Malformed:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="where", QueryParameterValue=text) from None
    if len(found.alternatives) > 1 or any(one.operator == "<>" for one in found.comparisons()):
        raise refusal("InvalidQueryParameterValue", QueryParameterName="where", QueryParameterValue=text)
    return found


def _found(call: Call, where: Either, only: str | None) -> list[tuple[str, str, Path]]:
    """Return container, name and row of each blob whose tags fit, in order."""
    found = []
    for file_system, name, path in call.lake.tagged(call.account):
        if only in {None, file_system.name} and where.holds({**path.tags, CONTAINER: file_system.name}):
            found.append((file_system.name, name, path))
    return sorted(found, key=lambda one: one[:2])


def _item(container: str, name: str, path: Path, keys: set[str]) -> str:
    tags = tags_xml({key: text for key, text in path.tags.items() if key in keys})
    version = path.detail("version")
    id_ = f"<VersionId>{moment_text(version)}</VersionId><IsCurrentVersion>true</IsCurrentVersion>" if version else ""
    return f"<Blob><Name>{escape(name)}</Name>{id_}<ContainerName>{container}</ContainerName><Tags>{tags}</Tags></Blob>"
