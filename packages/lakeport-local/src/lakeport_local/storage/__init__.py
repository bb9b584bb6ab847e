"""The lake: file systems, files and their bytes, and the dfs and blob APIs over them.

`Lake` is the namespace without HTTP; `StorageService` answers both APIs. Content stands apart from names: bytes are
immutable, paths refer to them. Who may do what is decided in `access`.
"""

from __future__ import annotations

from lakeport_local.storage.batches import Batch
from lakeport_local.storage.lake import FileEntry, Lake
from lakeport_local.storage.service import StorageService

__all__ = ["Batch", "FileEntry", "Lake", "StorageService"]
