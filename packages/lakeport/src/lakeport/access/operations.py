"""What is asked for each thing that one may want to do at a path: of roles, and where no role allows, of lists.

Source: Data Lake Storage, "Access control model" and "Common scenarios related to ACL permissions"; storage.md 5.2, 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
Place = Literal["item", "parent", "all directories"]


@dataclass(frozen=True)
class Demand:
    """One thing that is asked: a role that has the action, or lists.

    Attributes:
        action: What a role must have.
        needs: What lists must give, and where; every directory above must let through, too.
        is_owners: Only the owner may.
        leaves: The path leaves its directory, which a sticky one lets owners do only.
        by_role_only: No list gives it.
    """

    action: str
    needs: tuple[tuple[Place, str], ...] = ()
    is_owners: bool = False
    leaves: bool = False
    by_role_only: bool = False


@dataclass(frozen=True)
class Operation:
    """Something that one may want to do.

    Attributes:
        does: As a sentence says it.
        on: `file`, `directory`, or empty for both.
        beyond_root: The root of a file system cannot be done so to.
    """

    name: str
    does: str
    demands: tuple[Demand, ...]
    on: Literal["file", "directory", ""] = ""
    beyond_root: bool = False


_LEAVING: tuple[tuple[Place, str], ...] = (("parent", "wx"),)
OPERATIONS: dict[str, Operation] = {
    one.name: one
    for one in (
        Operation("read", "read", (Demand(f"{BLOBS}/read", (("item", "r"),)),), on="file"),
        Operation("write", "append to", (Demand(f"{BLOBS}/write", (("item", "rw"),)),), on="file"),
        Operation("overwrite", "overwrite", (Demand(f"{BLOBS}/write", (("item", "w"),)),), on="file"),
        Operation("list", "list", (Demand(f"{BLOBS}/read", (("item", "rx"),)),), on="directory"),
        Operation("create", "create in", (Demand(f"{BLOBS}/write", (("item", "wx"),)),), on="directory"),
        Operation("delete", "delete", (Demand(f"{BLOBS}/delete", _LEAVING, leaves=True),), beyond_root=True),
        Operation(
            "rename",
            "rename",
            (Demand(f"{BLOBS}/move/action", _LEAVING, leaves=True), Demand(f"{BLOBS}/write", _LEAVING)),
            beyond_root=True,
        ),
        Operation(
            "permissions",
            "change the list of",
            (Demand(f"{BLOBS}/modifyPermissions/action", (("item", ""),), is_owners=True),),
        ),
        Operation(
            "ownership",
            "change the owner of",
            (
                Demand(f"{BLOBS}/manageOwnership/action", by_role_only=True),
                Demand(f"{BLOBS}/runAsSuperUser/action", by_role_only=True),
            ),
        ),
    )
}
TREE = Operation(
    "delete-tree",
    "delete, with all that is below,",
    (Demand(f"{BLOBS}/delete", (*_LEAVING, ("item", "rwx"), ("all directories", "rwx")), leaves=True),),
    on="directory",
    beyond_root=True,
)
"""Asks for a look at every directory below; so it is judged only when it is asked for."""


def fitting(*, is_directory: bool, path: str) -> list[Operation]:
    """Return what can be asked of a path of a kind.

    Example:
        >>> [one.name for one in fitting(is_directory=True, path="")]
        ['list', 'create', 'permissions', 'ownership']
    """
    kind = "directory" if is_directory else "file"
    return [one for one in OPERATIONS.values() if one.on in {"", kind} and (path or not one.beyond_root)]
