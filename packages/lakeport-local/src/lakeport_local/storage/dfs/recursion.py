"""The dfs API's recursive change of access control lists.

Source: storage.md 2.6.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from lakeport_local.access.acl import Acl, Entry, merged, parse_acl, parse_entries, without
from lakeport_local.access.storage import READ, SET_PERMISSIONS
from lakeport_local.core import Response, ServiceError
from lakeport_local.storage.answers import in_json
from lakeport_local.storage.continuation import read_token, write_token
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.access import Step
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_MOST = 2000
_START = "/"
"""In a continuation: only the root itself was done."""


def set_access_control_recursive(call: Call) -> Response:
    """Answer `action=setAccessControlRecursive`: change the lists of a path and of everything below it, a page a call."""
    change = _change(call)
    root = call.place.item
    call.demand(SET_PERMISSIONS, lambda: _steps(call, root, call.place.path))
    if root is None:
        raise refusal("PathNotFound")
    call.require_reach(call.place)
    most = min(call.page_size("maxRecords"), _MOST)
    counts = {"directoriesSuccessful": 0, "failedEntries": [], "failureCount": 0, "filesSuccessful": 0}
    last, is_complete = _apply(call, list(islice(_targets(call, root), most + 1)), most, change, counts)
    more = (
        []
        if is_complete
        else [("x-ms-continuation", write_token(call, last or _START, f"lists from {call.place.path}"))]
    )
    return in_json(counts, ("x-ms-namespace-enabled", "true"), *more)


def _apply(
    call: Call,
    found: list[tuple[str, Path]],
    most: int,
    change: Callable[[Acl, bool], Acl],
    counts: dict[str, Any],  # Any: a JSON object
) -> tuple[str, bool]:
    """Change one page; return the last path done and whether nothing is left to do."""
    force, paths = call.flag("forceFlag"), call.lake.paths
    last = ""
    for full, path in found[:most]:
        last = full
        try:
            call.demand(SET_PERMISSIONS, lambda path=path, full=full: _steps(call, path, full))  # type: ignore[misc]
            paths.change(path, touch=False, acl=paths.acl_id(change(paths.acl(path), path.is_directory)))
        except ServiceError as error:
            kind = "DIRECTORY" if path.is_directory else "FILE"
            counts["failedEntries"].append({"errorMessage": error.message, "name": full, "type": kind})
            counts["failureCount"] += 1
            if not force:
                return last, True
        else:
            counts["directoriesSuccessful" if path.is_directory else "filesSuccessful"] += 1
    return last, len(found) <= most


def _targets(call: Call, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is still to do: the path itself first, then what is below it in the order of listings."""
    prefix = call.place.path
    token = read_token(call, "continuation", f"lists from {call.place.path}")
    if not token:
        yield prefix, root
    if root.is_directory:
        after = "" if token in {"", _START, prefix} else token
        yield from walk(call.lake.paths, root, prefix, recursive=True, after=after)


def _steps(call: Call, path: Path | None, full: str) -> Iterator[Step]:
    if not call.may(READ):
        yield from call.place.steps()
    if path is not None:
        yield call.place.step(path, full, 0, frozenset({path.owner}))


def _change(call: Call) -> Callable[[Acl, bool], Acl]:
    """Return the change that a request asks for: from a path's list to its new one.

    Raises:
        ServiceError: 400.
    """
    mode, text = (call.parameter("mode") or "").lower(), call.header("x-ms-acl")
    if text is None:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-acl")
    if not mode:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="mode")
    if mode not in {"set", "modify", "remove"}:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="mode", QueryParameterValue=mode)
    try:
        if mode == "set":
            return _setting(parse_acl(text))
        access, default = parse_entries(text, needs_bits=mode == "modify")
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl", HeaderValue=text) from None
    return _modifying(access, default) if mode == "modify" else _removing(access, default)


def _setting(wanted: Acl) -> Callable[[Acl, bool], Acl]:
    def change(old: Acl, is_directory: bool) -> Acl:
        return replace(wanted, default=wanted.default if is_directory else (), is_sticky=old.is_sticky)

    return change


def _modifying(access: tuple[Entry, ...], default: tuple[Entry, ...]) -> Callable[[Acl, bool], Acl]:
    def change(old: Acl, is_directory: bool) -> Acl:
        # Default entries begin as a copy of the base entries, as POSIX has it.
        before = old.default or tuple(entry for entry in old.access if not entry.qualifier and entry.kind != "mask")
        return _checked(
            lambda: replace(
                old,
                access=merged(old.access, access) if access else old.access,
                default=merged(before, default) if default and is_directory else old.default,
            )
        )

    return change


def _removing(access: tuple[Entry, ...], default: tuple[Entry, ...]) -> Callable[[Acl, bool], Acl]:
    def change(old: Acl, is_directory: bool) -> Acl:
        return _checked(
            lambda: replace(
                old,
                access=without(old.access, access) if access else old.access,
                default=without(old.default, default) if default else old.default,
            )
        )

    return change


def _checked(change: Callable[[], Acl]) -> Acl:
    try:
        return change()
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl") from None
