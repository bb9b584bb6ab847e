"""How answers name owners, groups and whom lists are for: by object id, or users by UPN where a request asks for it.

Source: storage.md 2.6. Groups, apps and whoever the directory does not know keep their ids.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.access.acl import Acl, Entry
    from lakeport_local.storage.call import Call


def wants_names(call: Call) -> bool:
    """Tell whether a request asks for users by UPN.

    Raises:
        ServiceError: 400 `InvalidQueryParameterValue`: `upn` is neither true nor false.
    """
    if call.address.api == "blob":
        return (call.header("x-ms-upn") or "").lower() == "true"
    return call.flag("upn")


def _itself(object_id: str) -> str:
    return object_id


def naming(call: Call) -> Callable[[str], str]:
    """Return what an answer calls an object id.

    Raises:
        ServiceError: 400 `InvalidQueryParameterValue`: `upn` is neither true nor false.
    """
    if not wants_names(call):
        return _itself
    known: dict[str, str] = {}

    def named(object_id: str) -> str:
        if object_id not in known:
            known[object_id] = call.upn_of(call.account, object_id) or object_id
        return known[object_id]

    return named


def acl_text(call: Call, acl: Acl) -> str:
    """Return a list's text as an answer shows it."""
    named = naming(call)
    if named is _itself:
        return acl.text

    def shown(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(
            replace(entry, qualifier=named(entry.qualifier)) if entry.kind == "user" and entry.qualifier else entry
            for entry in entries
        )

    return replace(acl, access=shown(acl.access), default=shown(acl.default)).text
