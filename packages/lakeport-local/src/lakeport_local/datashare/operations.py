"""`GET /providers/Microsoft.DataShare/operations`: what RBAC can grant, read off the table.

Source: data-share.md 1.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.datashare.nouns import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.arm import Call, Operation, ResourceType
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response

_VERBS = {"read": "Read", "write": "Write", "delete": "Delete", "action": "Run"}


def list_operations(call: Call, document: Document) -> Response:
    """Answer the list."""
    return call.json(200, document)


def described(types: Sequence[ResourceType], operations: Sequence[Operation]) -> Document:
    """Return the list of a table's operations."""
    names = [f"{one.name}/{verb}" for one in types for verb in ("read", "write", "delete")]
    names += [one.action for one in operations if one.action is not None]
    return {"value": [_entry(name) for name in dict.fromkeys(names)]}


def _entry(name: str) -> Document:
    path, _, verb = name.rpartition("/")
    resource = path.removeprefix(f"{NAMESPACE}/")
    title = f"{_VERBS[verb]} {resource}"
    display = {"provider": NAMESPACE, "resource": resource, "operation": title, "description": f"{title}."}
    return {"name": name, "display": display, "origin": "user,system"}
