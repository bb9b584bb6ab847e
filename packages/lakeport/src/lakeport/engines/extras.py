"""Other people's libraries, each brought by an extra of ours."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lakeport.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

EXTRAS = {"pyarrow": "tables", "deltalake": "delta"}
"""The extra that brings a library, where it is not of the same name."""


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
        hint = f"Next: pip install 'lakeport[{EXTRAS.get(library, library)}]'"
        raise MissingExtra(f"{purpose} needs {library}, which is not installed", hint=hint) from None
