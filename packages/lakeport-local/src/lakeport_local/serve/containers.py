"""The lake's containers as the control plane asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.arm.containers import Container
from lakeport_local.storage.leases import Lease, check_lease, lease_at
from lakeport_local.storage.metadata import metadata_json
from lakeport_local.storage.names import check_file_system
from lakeport_local.storage.retention import MEMBER, check_removal, retention_of
from lakeport_local.storage.settings import retention_of_containers
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from lakeport_local.state import Resource
    from lakeport_local.storage import Lake
    from lakeport_local.storage.file_systems import FileSystem


class LakeContainers:
    """Containers of a lake; the control plane's calls are transactions already.

    Args:
        lake: The lake.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def find(self, account: Resource, name: str) -> Container | None:
        """Return a container, or None."""
        found = self._lake.file_systems.find(account.uid, name)
        return None if found is None else self._shown(found)

    def make(self, account: Resource, name: str, *, owner: str, metadata: list[tuple[str, str]]) -> Container:
        """Make a container."""
        is_flat = not account.properties.get("isHnsEnabled")
        made = self._lake.file_systems.make(
            account.uid, check_file_system(name), owner=owner, metadata=metadata, is_flat=is_flat
        )
        return self._shown(made)

    def describe(self, account: Resource, name: str, metadata: list[tuple[str, str]]) -> Container:
        """Set the metadata of a container."""
        found = self._lake.file_systems.require(account.uid, name)
        return self._shown(self._lake.file_systems.change(found, metadata=metadata_json(metadata)))

    def keep(self, account: Resource, name: str, kept: dict[str, Any]) -> Container:  # Any: a JSON object
        """Set what keeps the blobs of a container."""
        found = self._lake.file_systems.require(account.uid, name)
        details = orjson.loads(found.details) | {MEMBER: kept}
        return self._shown(self._lake.file_systems.change(found, touch=False, details=orjson.dumps(details).decode()))

    def delete(self, account: Resource, name: str) -> None:
        """Delete a container, and keep it for as long as the account keeps deleted ones."""
        found = self._lake.file_systems.require(account.uid, name)
        check_lease(self._lease(found), None, of="Container")
        check_removal(found, is_empty=not self._lake.paths.has_children(self._lake.paths.row(found.root)))
        version = self._lake.ids.token(8).hex().upper()
        self._lake.file_systems.delete(found, version=version, kept_for=retention_of_containers(account))

    def page(self, account: Resource, *, prefix: str, after: str, limit: int) -> list[Container]:
        """Return containers by name."""
        found = self._lake.file_systems.page(account.uid, prefix=prefix, after=after, limit=limit)
        return [self._shown(one) for one in found]

    def _lease(self, found: FileSystem) -> Lease:
        return lease_at(found.detail("lease"), microseconds(self._lake.clock.now()))

    def _shown(self, found: FileSystem) -> Container:
        lease = self._lease(found)
        return Container(
            name=found.name,
            etag=found.etag_text,
            modified_at=found.modified_at,
            metadata=tuple(found.pairs),
            lease_status=lease.status,
            lease_state=lease.state,
            lease_kind=lease.kind if lease.state == "leased" else "",
            kept=retention_of(found),
        )
