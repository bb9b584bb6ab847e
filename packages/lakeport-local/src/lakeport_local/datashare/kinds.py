"""The kinds of data sets and mappings: which members each needs and what part of a store each is.

Source: data-share.md 1.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lakeport_local.datashare import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

Form: TypeAlias = Literal["whole", "folder", "file"]
_STORE_MEMBERS = ("subscriptionId", "resourceGroup", "storageAccountName")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind over files.

    Attributes:
        name: The discriminator, in the wire's casing.
        form: A whole container, what lies below a folder, or one file.
        container: Member that names the container or file system.
        path: Member that names the path inside; None for a whole container.
    """

    name: str
    form: Form
    container: str
    path: str | None = None

    def members(self, given: Mapping[str, Any]) -> dict[str, str]:  # Any: a JSON body
        """Return the members of this kind that a body gives, in the service's order.

        Raises:
            ServiceError: 400: one is missing or no text.
        """
        own = (self.container,) if self.path is None else (self.container, self.path)
        found = {name: given.get(name) for name in (*own, *_STORE_MEMBERS)}
        for name, value in found.items():
            if not isinstance(value, str) or not value.strip() or "\0" in value:
                raise errors.bad(f"'{name}' is required for kind {self.name}")
        return {name: str(value) for name, value in found.items()}

    def place(self, properties: Mapping[str, Any]) -> tuple[str, str]:  # Any: a JSON body
        """Return the container and the path inside it, without outer slashes."""
        path = str(properties[self.path]).strip("/") if self.path else ""
        return str(properties[self.container]), path


_KINDS = (
    Kind("AdlsGen2FileSystem", "whole", "fileSystem"),
    Kind("AdlsGen2Folder", "folder", "fileSystem", "folderPath"),
    Kind("AdlsGen2File", "file", "fileSystem", "filePath"),
    Kind("Container", "whole", "containerName"),
    Kind("BlobFolder", "folder", "containerName", "prefix"),
    Kind("Blob", "file", "containerName", "filePath"),
)
KINDS = {kind.name.lower(): kind for kind in _KINDS}
"""The kinds that this local Azure can copy, by lower-case name."""

NOT_HERE = {
    name.lower(): name
    for name in (
        "AdlsGen1Folder",
        "AdlsGen1File",
        "AdlsGen2StorageAccount",
        "BlobStorageAccount",
        "SqlDBTable",
        "SqlDWTable",
        "SynapseWorkspaceSqlPoolTable",
        "KustoCluster",
        "KustoDatabase",
        "KustoTable",
    )
}
"""Kinds of the real service whose stores this local Azure does not have."""


def kind_named(given: object) -> Kind:
    """Return a kind by its discriminator.

    Raises:
        ServiceError: 400: the kind is unknown, or known and not available here.
    """
    name = given.lower() if isinstance(given, str) else ""
    if name in NOT_HERE:
        raise errors.kind_not_here(NOT_HERE[name])
    if name not in KINDS:
        raise errors.bad(f"'kind' must be one of {', '.join(kind.name for kind in _KINDS)}")
    return KINDS[name]
