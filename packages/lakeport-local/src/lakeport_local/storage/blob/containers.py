"""The blob API's operations on containers.

Source: storage.md 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import orjson

from lakeport_local.access.storage import (
    CREATE_CONTAINER,
    DELETE_CONTAINER,
    LIST_CONTAINERS,
    READ_CONTAINER,
    READ_POLICIES,
    SET_POLICIES,
    WRITE_CONTAINER,
)
from lakeport_local.core import Response, http_date
from lakeport_local.storage.answers import Fields, in_xml, stamps
from lakeport_local.storage.blob.documents import policies_of, policies_xml
from lakeport_local.storage.blob.listing import checked_text
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.encryption import asked_scope, scope_fields, scope_xml
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import delete_kept
from lakeport_local.storage.leases import Lease, check_lease
from lakeport_local.storage.leasing import done, with_lease
from lakeport_local.storage.metadata import metadata_headers, metadata_json, metadata_of
from lakeport_local.storage.names import check_file_system, is_file_system
from lakeport_local.storage.public import HEADER, asked_level, level_of
from lakeport_local.storage.retention import has_hold, has_policy
from lakeport_local.storage.stamps import instant, microseconds

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.file_systems import DeletedFileSystem, FileSystem

_INCLUDED = {"", "deleted", "metadata", "system"}
_SYSTEM = "$logs"
"""The service's own container, of which only who asks for it is told; `$web` and `$root` are listed like any other."""
_FIXED: Fields = [("x-ms-immutable-storage-with-versioning-enabled", "false")]


def _retention(found: FileSystem) -> tuple[str, str]:
    return str(has_policy(found)).lower(), str(has_hold(found)).lower()


def _retention_fields(found: FileSystem) -> Fields:
    policy, hold = _retention(found)
    return [("x-ms-has-immutability-policy", policy), ("x-ms-has-legal-hold", hold), *_FIXED]


def _retention_xml(found: FileSystem) -> str:
    policy, hold = _retention(found)
    return (
        f"<HasImmutabilityPolicy>{policy}</HasImmutabilityPolicy><HasLegalHold>{hold}</HasLegalHold>"
        "<ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled>"
    )


def create_container(call: Call) -> Response:
    """Answer Create Container."""
    name = check_file_system(call.address.file_system)
    call.demand(CREATE_CONTAINER)
    level, pairs = asked_level(call), metadata_of(call.request.headers)
    made = call.lake.file_systems.make(call.account.uid, name, owner=call.owner, metadata=pairs, is_flat=call.is_flat)
    details = asked_scope(call) | ({"public": level} if level else {})
    if details:
        made = call.lake.file_systems.change(made, touch=False, details=orjson.dumps(details).decode())
    return Response(201, stamps(made))


def _lease_fields(lease: Lease) -> Fields:
    fields = [("x-ms-lease-status", lease.status), ("x-ms-lease-state", lease.state)]
    return [*fields, ("x-ms-lease-duration", lease.kind)] if lease.state == "leased" else fields


def container_properties(call: Call) -> Response:
    """Answer Get Container Properties and Get Container Metadata."""
    call.demand(READ_CONTAINER)
    found = call.file_system
    _check_named_lease(call)
    lease = call.lease_of(found)
    fields = [*_lease_fields(lease), *_public_fields(found), *_retention_fields(found), *scope_fields(found)]
    return Response(200, [*stamps(found), *fields, *metadata_headers(found.pairs)])


def _check_named_lease(call: Call) -> None:
    """Refuse a call whose lease id does not hold; only a deletion or a rename needs one."""
    if call.header("x-ms-lease-id") is not None:
        check_lease(call.lease_of(call.file_system), call.header("x-ms-lease-id"), of="Container")


def _public_fields(found: FileSystem) -> Fields:
    return [(HEADER, level_of(found))] if level_of(found) else []


def delete_container(call: Call) -> Response:
    """Answer Delete Container."""
    call.demand(DELETE_CONTAINER)
    call.conditions.check_write(call.file_system)
    check_lease(call.lease_of(call.file_system), call.header("x-ms-lease-id"), of="Container")
    delete_kept(call)
    return Response(202)


def restore_container(call: Call) -> Response:
    """Answer Restore Container: a deleted one comes back with all that it held, under any free name."""
    name = check_file_system(call.address.file_system)
    call.demand(WRITE_CONTAINER)
    wanted = {header: call.header(f"x-ms-deleted-container-{header}") for header in ("name", "version")}
    for header, value in wanted.items():
        if value is None:
            raise refusal("MissingRequiredHeader", HeaderName=f"x-ms-deleted-container-{header}")
    if wanted["name"] != name and not call.may_everywhere(WRITE_CONTAINER):
        raise refusal("AuthorizationPermissionMismatch")
    systems = call.lake.file_systems
    found = [one for one in systems.deleted(call.account.uid) if one.was.name == wanted["name"]]
    one = next((one for one in found if one.version == wanted["version"]), None)
    if one is None:
        raise refusal("FilesystemNotFound")
    return Response(201, stamps(systems.restore(one, name)))


def rename_container(call: Call) -> Response:
    """Answer Rename Container: the container, with all that it holds, takes the name addressed."""
    name, source = check_file_system(call.address.file_system), call.header("x-ms-source-container-name")
    if source is None:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-source-container-name")
    if not is_file_system(source):
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-source-container-name", HeaderValue=source)
    call.demand(CREATE_CONTAINER)
    if not call.may_everywhere(DELETE_CONTAINER):
        raise refusal("AuthorizationPermissionMismatch")
    found = call.lake.file_systems.require(call.account.uid, source)
    check_lease(call.lease_of(found), call.header("x-ms-source-lease-id"), of="Container")
    return Response(200, stamps(call.lake.file_systems.rename(found, name)))


def set_container_metadata(call: Call) -> Response:
    """Answer Set Container Metadata."""
    call.demand(WRITE_CONTAINER)
    call.conditions.check_write(call.file_system)
    _check_named_lease(call)
    pairs = metadata_of(call.request.headers)
    return Response(200, stamps(call.lake.file_systems.change(call.file_system, metadata=metadata_json(pairs))))


def container_policies(call: Call) -> Response:
    """Answer Get Container ACL: the stored access policies. No signature permits it, nor to set them."""
    call.demand(READ_POLICIES)
    found = call.file_system
    _check_named_lease(call)
    return in_xml(policies_xml(found.detail("policies") or {}), *stamps(found), *_public_fields(found))


def set_container_policies(call: Call) -> Response:
    """Answer Set Container ACL."""
    call.demand(SET_POLICIES)
    found, level = call.file_system, asked_level(call)
    call.conditions.check_write(found)
    _check_named_lease(call)
    details = orjson.loads(found.details) | {"policies": policies_of(call.data), "public": level}
    return Response(200, stamps(call.lake.file_systems.change(found, details=orjson.dumps(details).decode())))


def lease_container(call: Call) -> Response:
    """Answer Lease Container; its etag stays."""
    call.demand(WRITE_CONTAINER)
    found = call.file_system
    call.conditions.check_write(found)
    lease, response = done(call, call.lease_of(found))
    call.lake.file_systems.change(found, touch=False, details=with_lease(found.details, lease))
    response.headers = [*stamps(found), *response.headers]
    return response


def list_containers(call: Call) -> Response:
    """Answer List Containers."""
    call.demand(LIST_CONTAINERS)
    most, prefix = call.page_size("maxresults"), checked_text(call, "prefix")
    after = read_token(call, "marker")
    systems = call.lake.file_systems
    include = set((call.parameter("include") or "").lower().split(","))
    if not include <= _INCLUDED:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="include")
    found = systems.page(call.account.uid, prefix=prefix, after=after, limit=most + 2)
    found = [one for one in found if "system" in include or one.name != _SYSTEM]
    items = [(one.name, _item(call, one, with_metadata="metadata" in include)) for one in found[:most]]
    if "deleted" in include and not after:  # few: all of them are on the first page
        items += [(one.was.name, _deleted_item(call, one)) for one in systems.deleted(call.account.uid, prefix=prefix)]
    marker = write_token(call, found[most - 1].name) if len(found) > most else ""
    sent = "".join(
        f"<{element}>{escape(call.parameter(name) or '')}</{element}>"
        for name, element in (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults"))
        if call.parameter(name)
    )
    endpoint = escape(f"{call.request.scheme}://{call.request.host}/", {'"': "&quot;"})
    return in_xml(
        f'<EnumerationResults ServiceEndpoint="{endpoint}">{sent}<Containers>{"".join(text for _, text in sorted(items))}</Containers>'
        f"<NextMarker>{marker}</NextMarker></EnumerationResults>"
    )


def _deleted_item(call: Call, one: DeletedFileSystem) -> str:
    left = -(-(one.purge_at - microseconds(call.request.at)) // 86_400_000_000)
    return (
        f"<Container><Name>{one.was.name}</Name><Deleted>true</Deleted><Version>{one.version}</Version><Properties>"
        f'<Last-Modified>{http_date(one.was.modified_at)}</Last-Modified><Etag>"{one.was.etag_text}"</Etag>'
        f"<LeaseStatus>unlocked</LeaseStatus><LeaseState>expired</LeaseState>{scope_xml(one.was)}{_retention_xml(one.was)}"
        f"<DeletedTime>{http_date(instant(one.deleted))}</DeletedTime>"
        f"<RemainingRetentionDays>{left}</RemainingRetentionDays></Properties></Container>"
    )


def _item(call: Call, one: FileSystem, *, with_metadata: bool) -> str:
    lease, level = call.lease_of(one), level_of(one)
    public = f"<PublicAccess>{level}</PublicAccess>" if level else ""
    pairs = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in one.pairs) if with_metadata else ""
    metadata = f"<Metadata>{pairs}</Metadata>" if with_metadata else ""
    return (
        f"<Container><Name>{one.name}</Name><Properties><Last-Modified>{http_date(one.modified_at)}</Last-Modified>"
        f'<Etag>"{one.etag_text}"</Etag><LeaseStatus>{lease.status}</LeaseStatus><LeaseState>{lease.state}</LeaseState>'
        f"{scope_xml(one)}{_retention_xml(one)}{public}</Properties>{metadata}</Container>"
    )
