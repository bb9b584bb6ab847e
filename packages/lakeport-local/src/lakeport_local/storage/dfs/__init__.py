"""The dfs API (Data Lake Storage): a table of its operations, one small function each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.storage import path_leases, reading
from lakeport_local.storage.dfs import (
    access_control,
    creation,
    file_systems,
    listing,
    recursion,
    removal,
    renaming,
    writing,
)
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.operations import MIB, Operation, must_be_empty, stored, unsupported

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call

_MOST_APPENDED = 4000 * MIB

OPERATIONS: dict[tuple[str, str, str], Operation] = {
    ("account", "GET", "account"): Operation(file_systems.list_file_systems),
    ("file_system", "PUT", ""): Operation(file_systems.create_file_system),
    ("file_system", "HEAD", ""): Operation(file_systems.file_system_properties),
    ("file_system", "PATCH", ""): Operation(file_systems.set_file_system_properties),
    ("file_system", "DELETE", ""): Operation(file_systems.delete_file_system),
    ("file_system", "GET", ""): Operation(listing.list_paths),
    ("path", "PUT", "file"): Operation(creation.create_file),
    ("path", "PUT", "directory"): Operation(creation.create_directory),
    ("path", "PUT", "rename"): Operation(renaming.rename),
    ("path", "PATCH", "append"): Operation(writing.append, stored(_MOST_APPENDED), writing.admitted_append),
    ("path", "PATCH", "flush"): Operation(writing.flush, must_be_empty),
    ("path", "PATCH", "setproperties"): Operation(writing.set_properties),
    ("path", "PATCH", "setaccesscontrol"): Operation(access_control.set_access_control),
    ("path", "PATCH", "setaccesscontrolrecursive"): Operation(recursion.set_access_control_recursive),
    ("path", "HEAD", ""): Operation(reading.head),
    ("path", "HEAD", "getstatus"): Operation(access_control.get_status),
    ("path", "HEAD", "getaccesscontrol"): Operation(access_control.get_access_control),
    ("path", "HEAD", "checkaccess"): Operation(access_control.check_access),
    ("path", "GET", ""): Operation(reading.read),
    ("path", "DELETE", ""): Operation(removal.delete_path),
    ("path", "POST", ""): Operation(path_leases.lease_path),
}
"""By what is addressed, method, and the word that tells operations apart: `action`, `resource` or `rename`."""

_METHODS = frozenset(method for _, method, _ in OPERATIONS)
_OF_DIRECTORIES = {
    ("path", word)
    for word in (
        "directory",
        "rename",
        "setaccesscontrol",
        "setaccesscontrolrecursive",
        "getaccesscontrol",
        "checkaccess",
    )
}
"""What an account without directories refuses."""


def operation_of(call: Call) -> Operation:
    """Return the operation that a request asks for.

    Raises:
        ServiceError: 400 or 405: there is none.
    """
    level, resource = call.address.level(call.request), (call.parameter("resource") or "").lower()
    word = resource if level == "account" else ""
    if level == "path":
        is_rename = call.method == "PUT" and call.header("x-ms-rename-source") is not None
        word = "rename" if is_rename else (call.parameter("action") or resource).lower()
    found = OPERATIONS.get((level, call.method, word))
    if found is None:
        raise unsupported(call.method, _METHODS)
    if call.is_flat and (level, word) in _OF_DIRECTORIES:
        raise refusal("HierarchicalNamespaceNotEnabled")
    call.request.operation = ("dfs", level, call.method, word)
    return found
