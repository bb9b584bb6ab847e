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
    if not path.is_directory:
        remove_snapshots(call, path)
    return Response(200, remove(call, path))
