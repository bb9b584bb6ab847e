"""The dfs API's operations on file systems.

Source: storage.md 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access.acl import SUPERUSER
from lakeport_local.access.storage import (
    CREATE_CONTAINER,
    DELETE_CONTAINER,
    LIST_CONTAINERS,
    READ_CONTAINER,
    WRITE_CONTAINER,
)
from lakeport_local.core import Response, http_date
from lakeport_local.storage.answers import in_json, metadata_fields, stamps
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.keeping import delete_kept
from lakeport_local.storage.leases import check_lease
from lakeport_local.storage.metadata import metadata_json, properties_of
from lakeport_local.storage.names import check_file_system

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call


def _namespace(call: Call) -> tuple[str, str]:
    return ("x-ms-namespace-enabled", str(not call.is_flat).lower())


def list_file_systems(call: Call) -> Response:
    """Answer List Filesystems."""
    call.demand(LIST_CONTAINERS)
    most = call.page_size("maxResults")
    after = read_token(call, "continuation")
    found = call.lake.file_systems.page(
        call.account.uid, prefix=call.parameter("prefix") or "", after=after, limit=most + 1
    )
    rows = [
        {"name": one.name, "lastModified": http_date(one.modified_at), "etag": one.etag_text} for one in found[:most]
    ]
    more = [("x-ms-continuation", write_token(call, found[most - 1].name))] if len(found) > most else []
    return in_json({"filesystems": rows}, *more)


def create_file_system(call: Call) -> Response:
    """Answer Create Filesystem."""
    name = check_file_system(call.address.file_system)
    call.demand(CREATE_CONTAINER)
    pairs = properties_of(call.header("x-ms-properties") or "")
    owner = call.owner or SUPERUSER
    made = call.lake.file_systems.make(call.account.uid, name, owner=owner, metadata=pairs, is_flat=call.is_flat)
    return Response(201, [*stamps(made), _namespace(call)])


def file_system_properties(call: Call) -> Response:
    """Answer Get Filesystem Properties."""
    call.demand(READ_CONTAINER)
    found = call.file_system
    return Response(200, [*stamps(found), *metadata_fields(found.pairs), _namespace(call)])


def set_file_system_properties(call: Call) -> Response:
    """Answer Set Filesystem Properties."""
    call.demand(WRITE_CONTAINER)
    call.conditions.check_write(call.file_system)
    pairs = properties_of(call.header("x-ms-properties") or "")
    changed = call.lake.file_systems.change(call.file_system, metadata=metadata_json(pairs))
    return Response(200, stamps(changed))


def delete_file_system(call: Call) -> Response:
    """Answer Delete Filesystem."""
    call.demand(DELETE_CONTAINER)
    call.conditions.check_write(call.file_system)
    check_lease(call.lease_of(call.file_system), call.header("x-ms-lease-id"), of="Container")
    delete_kept(call)
    return Response(202)
