"""Tables of a lake and of this machine, as Arrow: read, scanned in bounded memory, described, written whole or not at all.

Knows file systems and engines; knows nothing of shares and transfers. Needs the extra `tables`; Delta needs `delta`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lakeport.tables.extras import needed

if TYPE_CHECKING:
    from lakeport.tables.places import Place, at
    from lakeport.tables.scanning import Scan, head, read, scan, schema

_WHERE = {
    "Place": "places:Place",
    "Scan": "scanning:Scan",
    "at": "places:at",
    "head": "scanning:head",
    "read": "scanning:read",
    "scan": "scanning:scan",
    "schema": "scanning:schema",
}

__all__ = ["Place", "Scan", "at", "head", "read", "scan", "schema"]


def __getattr__(name: str) -> object:
    """Load a name of this room; whoever reads no table loads no Arrow."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    needed("pyarrow", "working with tables")
    module, _, attribute = _WHERE[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
