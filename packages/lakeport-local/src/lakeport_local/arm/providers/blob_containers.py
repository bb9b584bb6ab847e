"""Microsoft.Storage/storageAccounts/blobServices/containers: the lake's containers, by the control plane.

Source: Storage resource provider REST reference, "Blob Containers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.providers.container_retention import retention_shown
from lakeport_local.arm.table import Document, Operation
from lakeport_local.core import Response, ServiceError, iso_instant

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.containers import Container, Containers
    from lakeport_local.state import Resource

_TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
_MOST = 5000
_LONGEST_METADATA = 8192


def _place(call: Call) -> tuple[Containers, Resource]:
    """Return the containers and the account that a call is about."""
    account_id = call.address.id.partition("/blobServices/")[0]
    account = call.plane.resources.get(call.address.topmost.id or account_id)
    if call.plane.containers is None or account is None or call.address.names[1].lower() != "default":
        raise errors.unknown_path()
    return call.plane.containers, account


def _shown(account: Resource, container: Container, *, is_listed: bool = False) -> Document:
    lease = {"leaseStatus": container.lease_status.capitalize(), "leaseState": container.lease_state.capitalize()}
    properties: Document = {
        "deleted": False,
        "remainingRetentionDays": 0,
        "defaultEncryptionScope": "$account-encryption-key",
        "denyEncryptionScopeOverride": False,
        "publicAccess": "None",
        **lease,
        **({"leaseDuration": container.lease_kind.capitalize()} if container.lease_kind else {}),
        **({"metadata": dict(container.metadata)} if container.metadata else {}),
        "lastModifiedTime": iso_instant(container.modified_at),
        **retention_shown(container),
    }
    if not is_listed:
        properties["immutableStorageWithVersioning"] = {"enabled": False}
    return {
        "id": f"{account.id}/blobServices/default/containers/{container.name}",
        "name": container.name,
        "type": _TYPE,
        "etag": f'"{container.etag}"',
        "properties": properties,
    }


def _missing() -> ServiceError:
    return ServiceError(404, "ContainerNotFound", "The specified container does not exist.")


def _metadata(call: Call) -> list[tuple[str, str]] | None:
    """Return the metadata that a body asks for, None when it says nothing of it; public access is refused, as in the data plane."""
    asked = call.properties() if call.request.data.strip() else {}
    if asked.get("publicAccess") not in (None, "None"):
        raise ServiceError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    found = asked.get("metadata")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise errors.bad_body("'metadata' is not an object of strings")
    if sum(len(name) + len(value) for name, value in found.items()) > _LONGEST_METADATA:
        raise ServiceError(
            400, "MetadataTooLarge", "The size of the specified metadata exceeds the maximum size permitted."
        )
    return list(found.items())


def _get(call: Call) -> Response:
    containers, account = _place(call)
    if not call.address.is_instance:
        return _list(call, containers, account)
    found = containers.find(account, call.name)
    if found is None:
        raise _missing()
    return call.json(200, _shown(account, found))


def _list(call: Call, containers: Containers, account: Resource) -> Response:
    size = call.request.parameter("$maxpagesize") or str(_MOST)
    most = int(size) if size.isascii() and size.isdecimal() and 1 <= int(size[:9]) <= _MOST else 0
    if not most:
        raise ServiceError(400, "InvalidQueryParameterValue", "The value of '$maxpagesize' is out of range: 1 to 5000.")
    after, prefix = call.request.parameter("$skipToken") or "", call.request.parameter("$filter") or ""
    found = containers.page(account, prefix=prefix, after=after, limit=most + 1)
    shown: Document = {"value": [_shown(account, one, is_listed=True) for one in found[:most]]}
    if len(found) > most:
        more = {"$maxpagesize": size, **({"$filter": prefix} if prefix else {})}
        shown["nextLink"] = call.url(call.request.path, **more, **{"$skipToken": found[most - 1].name})
    return call.json(200, shown)


def _put(call: Call) -> Response:
    containers, account = _place(call)
    metadata = _metadata(call)
    found = containers.find(account, call.name)
    if found is None:
        made = containers.make(account, call.name, owner=call.caller.object_id, metadata=metadata or [])
        return call.json(201, _shown(account, made))
    return call.json(
        200, _shown(account, found if metadata is None else containers.describe(account, call.name, metadata))
    )


def _patch(call: Call) -> Response:
    containers, account = _place(call)
    metadata = _metadata(call)
    found = containers.find(account, call.name)
    if found is None:
        raise _missing()
    return call.json(
        200, _shown(account, found if metadata is None else containers.describe(account, call.name, metadata))
    )


def _delete(call: Call) -> Response:
    containers, account = _place(call)
    if containers.find(account, call.name) is None:
        return Response(204)
    containers.delete(account, call.name)
    return Response(200)


BLOB_CONTAINERS = (
    Operation("GET", _TYPE, _get, action=f"{_TYPE}/read"),
    Operation("PUT", _TYPE, _put, action=f"{_TYPE}/write"),
    Operation("PATCH", _TYPE, _patch, action=f"{_TYPE}/write"),
    Operation("DELETE", _TYPE, _delete, action=f"{_TYPE}/delete"),
)
