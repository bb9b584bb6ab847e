"""What programs may use of the client: every public function and method, by its full name."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import lakeport

if TYPE_CHECKING:
    from collections.abc import Iterator

DOORS = (
    *("connection", "doctor", "engines", "function", "identity", "lake", "profiles", "share", "storage", "tables"),
    "transfer",
)
Function = Any  # mypy has no name for what `inspect.isfunction` is true of


def functions() -> dict[str, Function]:
    """Return every public function and method."""
    modules = [lakeport, *(importlib.import_module(f"lakeport.{name}") for name in DOORS)]
    public = {getattr(module, name) for module in modules for name in module.__all__ if _is_ours(getattr(module, name))}
    found = {}
    for one in public:
        for name, function in _methods(one) if inspect.isclass(one) else [(one.__qualname__, one)]:
            found[f"{function.__module__}:{name}"] = function
    return dict(sorted(found.items()))


def _is_ours(value: object) -> bool:
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("lakeport")


def _methods(cls: type) -> Iterator[tuple[str, Function]]:
    for base in cls.__mro__:
        for name, value in vars(base).items() if base.__module__.startswith("lakeport") else ():
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if inspect.isfunction(function) and not name.startswith("_") and not function.__name__.startswith("_"):
                yield function.__qualname__, function
