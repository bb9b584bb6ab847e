"""The durable state of one local Azure: one folder, one SQLite database, one owner.

`Store` owns the folder, the database and its migrations; `Resources` keeps every control-plane resource as a document.
Knows no service: rooms above bring their own tables as files in `migrations/`, applied in the order of their numbers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.state.grouping import Grouping
    from lakeport_local.state.lock import FolderHeld, FolderLock, holder_of
    from lakeport_local.state.remembered import Remembered
    from lakeport_local.state.resources import Resource, Resources
    from lakeport_local.state.store import Store
    from lakeport_local.state.syncing import Syncing

__all__ = [
    "FolderHeld",
    "FolderLock",
    "Grouping",
    "Remembered",
    "Resource",
    "Resources",
    "Store",
    "Syncing",
    "holder_of",
]

_MODULES = {"FolderHeld": "lock", "FolderLock": "lock", "holder_of": "lock", "Resource": "resources"}


def __getattr__(name: str) -> object:
    """Load what is asked for: `exec` and `env` only look who holds a folder, and start in half the time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_MODULES.get(name, name.lower())}"), name)
    globals()[name] = found
    return found
