"""A transfer that is gone on with: what its journal says, as it is meant now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lakeport.clock import SystemClock
from lakeport.errors import NotFound
from lakeport.transfer.blobs import Blobs

if TYPE_CHECKING:
    from lakeport.transfer.blobs import Side
    from lakeport.transfer.journal import Header
    from lakeport.transfer.plan import Plan


def anchored(header: Header, found: Plan) -> tuple[Header, Plan]:
    """Let paths of this machine mean what they meant where the transfer began."""

    def here(path: str) -> str:
        return str(Path(header.folder, path))

    if found.direction == "upload":
        items = tuple(msgspec.structs.replace(item, source=here(item.source)) for item in found.items)
        return msgspec.structs.replace(header, source=here(header.source)), replace(found, items=items)
    if found.direction == "copy":
        return header, found
    items = tuple(msgspec.structs.replace(item, target=here(item.target)) for item in found.items)
    deletions = tuple(here(path) for path in found.deletions)
    return msgspec.structs.replace(header, target=here(header.target)), replace(found, items=items, deletions=deletions)


def has_come(side: Side, header: Header, path: str) -> bool:
    """Tell if the source has by now what it had not when the target's was to be deleted.

    Args:
        side: The lake that is the source, if one is.
        header: What the transfer is.
        path: Of the target.
    """
    base = header.target.rstrip("/") if header.direction == "download" else header.target.strip("/")
    relative = path[len(base) :].lstrip("/")
    if header.direction == "upload":
        return Path(header.source, relative).exists()
    blobs = Blobs(side, SystemClock())
    try:
        return bool(blobs.find(f"{header.source.strip('/')}/{relative}".lstrip("/")))
    except NotFound:
        return False
    finally:
        blobs.close()
