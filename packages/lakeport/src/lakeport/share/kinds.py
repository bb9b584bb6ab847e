"""The kinds of data sets: what a file calls them, what the wire calls them, where they may be mapped to.

Adding a kind is adding a row. Source: data-share.md 1.6.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A data set kind of files in a store.

    Attributes:
        key: What `share.yaml` calls it.
        wire: What the service calls it.
        root: The property that names the container or file system.
        below: The property that names the path in it, or empty.
        is_file: The path is one file's.
    """

    key: str
    wire: str
    root: str
    below: str = ""
    is_file: bool = False


KINDS = (
    Kind("file_system", "AdlsGen2FileSystem", "fileSystem"),
    Kind("folder", "AdlsGen2Folder", "fileSystem", "folderPath"),
    Kind("file", "AdlsGen2File", "fileSystem", "filePath", is_file=True),
    Kind("container", "Container", "containerName"),
    Kind("blob_folder", "BlobFolder", "containerName", "prefix"),
    Kind("blob", "Blob", "containerName", "filePath", is_file=True),
)
BY_KEY = {kind.key: kind for kind in KINDS}
BY_WIRE = {kind.wire: kind for kind in KINDS}


def checked_path(path: str) -> str:
    """Return a path below a file system, if it is one: who shares must not lead who receives elsewhere.

    Raises:
        ValueError: A part of it is empty, `.` or `..`, or it holds control characters.

    Example:
        >>> checked_path("2026/sales")
        '2026/sales'
    """
    parts = path.split("/") if path else []
    if any(part in {"", ".", ".."} for part in parts) or any(ord(one) < 32 for one in path):
        raise ValueError(f"{path!r} is no path in a lake: no part of it may be empty, . or ..")
    return path


def source_properties(kind: Kind, path: str) -> dict[str, str]:
    """Return the properties that a path of a file means for a kind.

    Args:
        kind: The kind.
        path: `FILE_SYSTEM` or `FILE_SYSTEM/PATH`, as the kind needs.

    Raises:
        ValueError: The kind needs a path below the file system, or may have none; or it is no path.
    """
    root, _, below = path.strip("/").partition("/")
    if not root:
        raise ValueError(f"{kind.key} is empty")
    if bool(below) != bool(kind.below):
        form = "FILE_SYSTEM/PATH" if kind.below else "FILE_SYSTEM only"
        raise ValueError(f"{kind.key} {path!r} must be {form}")
    checked_path(below)
    return {kind.root: root} | ({kind.below: below} if kind.below else {})


def target(
    source_wire: str, root: str, path: str, file_name: str, *, in_blob: bool = False
) -> tuple[str, dict[str, str]]:
    """Return kind and properties of the mapping that puts a data set at a place in a lake.

    Args:
        source_wire: The kind of the provider's data set.
        root: The file system or container that it goes to.
        path: The path there; for a file it is the file's, or a folder's when empty or ending in `/`.
        file_name: The source file's name, for a file.
        in_blob: The place is a container, of an account that may have no hierarchical namespace.

    Raises:
        ValueError: The kind is not of files in a store, or the place is none.
    """
    kind = BY_WIRE.get(source_wire)
    if kind is None:
        raise ValueError(
            f"a data set of kind {source_wire} does not go into a lake's folder; give its rule kind and properties"
        )
    whole, folder, file = ("container", "blob_folder", "blob") if in_blob else ("file_system", "folder", "file")
    is_folder = not path or path.endswith("/")
    below = f"{path}{file_name if is_folder else ''}".lstrip("/") if kind.is_file else path.strip("/")
    below = checked_path("/".join(part for part in below.split("/") if part))  # an empty placeholder leaves // behind
    chosen = BY_KEY[file if kind.is_file else folder if below else whole]
    return chosen.wire, {chosen.root: root} | ({chosen.below: below} if chosen.below else {})
