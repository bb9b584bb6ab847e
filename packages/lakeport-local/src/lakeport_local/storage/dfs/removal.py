"""The dfs API's Path - Delete.

Source: storage.md 2.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access.acl import EXECUTE, READ, WRITE
from lakeport_local.access.storage import DELETE
from lakeport_local.core import Response
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import remove, remove_snapshots

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path


def delete_path(call: Call) -> Response:
    """Answer Path - Delete; a tree goes in one step and is reclaimed later."""
    place = call.place
    all_bits = READ | WRITE | EXECUTE
    call.demand(DELETE, lambda: place.removal_steps(parent=WRITE | EXECUTE, below=all_bits))
    path = place.item
    if path is None:
        raise refusal("PathNotFound")
    if not place.path:
        raise refusal("InvalidUri")
    call.conditions.check_write(path)
    call.check_lease(path)
    recursive = call.flag("recursive")
    if recursive:
        call.require_reach(place)
    if path.is_directory and not recursive and call.lake.paths.has_children(path):
        raise refusal("DirectoryNotEmpty")
    if path.is_directory and recursive:
        _refuse_leased_below(call, path)
    if not path.is_directory:
        remove_snapshots(call, path)
    return Response(200, remove(call, path))


def _refuse_leased_below(call: Call, directory: Path) -> None:
    """Refuse to delete a tree in which something is leased.

    `[A]` The service's answer is not on record; it names no lease that one request could show for all of a tree.
    Source: storage.md 2.9.

    Raises:
        ServiceError: 412 `LeaseIdMissing`.
    """
    for path in call.lake.paths.having("lease"):
        if call.lease_of(path).is_active and _is_below(call, path, directory):
            raise refusal("LeaseIdMissing")


def _is_below(call: Call, path: Path, directory: Path) -> bool:
    while path.parent > 0:
        if path.parent == directory.id:
            return True
        path = call.lake.paths.row(path.parent)
    return False
