"""Other people's libraries, each an extra of ours."""

from __future__ import annotations

from importlib import import_module

from lakeport.errors import MissingExtra


def needed(module: str, extra: str) -> None:
    """Load a library.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import_module(module)
    except ImportError:
        hint = f"Next: pip install 'lakeport[{extra}]'"
        raise MissingExtra(f"this needs {module}, which is not installed", hint=hint) from None
