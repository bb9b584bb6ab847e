"""Tables of a lake and of this machine, as Arrow: read, scanned in bounded memory, described, written whole or not at all.

Knows file systems and engines; knows nothing of shares and transfers. Needs the extra `tables`; Delta needs `delta`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lakeport.engines.extras import needed

if TYPE_CHECKING:
    from lakeport.tables.arriving import incoming
    from lakeport.tables.frames import Rows
    from lakeport.tables.places import Place, at
    from lakeport.tables.scanning import Scan, head, read, scan, schema
    from lakeport.tables.statistics import ColumnStats, TableStats, stats
    from lakeport.tables.writing import Written, planned, write

_WHERE = {
    "ColumnStats": "statistics:ColumnStats",
    "Place": "places:Place",
    "Rows": "frames:Rows",
    "Scan": "scanning:Scan",
    "TableStats": "statistics:TableStats",
    "Written": "writing:Written",
    "at": "places:at",
    "head": "scanning:head",
    "incoming": "arriving:incoming",
    "planned": "writing:planned",
    "read": "scanning:read",
    "scan": "scanning:scan",
    "schema": "scanning:schema",
    "stats": "statistics:stats",
    "write": "writing:write",
}

__all__ = [
    "ColumnStats",
    "Place",
    "Rows",
    "Scan",
    "TableStats",
    "Written",
    "at",
    "head",
    "incoming",
    "planned",
    "read",
    "scan",
    "schema",
    "stats",
    "write",
]


def __getattr__(name: str) -> object:
    """Load a name of this room; whoever reads no table loads no Arrow."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    needed("pyarrow", "working with tables")
    module, _, attribute = _WHERE[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
