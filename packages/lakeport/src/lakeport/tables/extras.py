"""The libraries that tables need, or the extra that brings one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lakeport.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

EXTRAS = {"pyarrow": "tables", "fsspec": "tables", "deltalake": "delta", "polars": "polars", "pandas": "pandas"}


def needed(module: str, purpose: str) -> ModuleType:
    """Return a module of an optional library.

    Args:
        module: Its full name, such as `pyarrow.dataset`.
        purpose: What it is needed for, as a sentence begins: `reading tables`.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        hint = f"Next: pip install 'lakeport[{EXTRAS[library]}]'"
        raise MissingExtra(f"{purpose} needs {library}", hint=hint) from None
