"""One connection to a storage account: its file systems, directories and files, and the same for other libraries.

The door for programs. Knows what the rooms below it do with files, and hands each the same profile; decides nothing
itself.
"""

from __future__ import annotations

from lakeport.connection.asynchronous import AsyncLake
from lakeport.connection.awaited import AsyncDirectory, AsyncFile
from lakeport.connection.lake import Lake, connect
from lakeport.connection.opened import AsyncOpened
from lakeport.connection.places import Directory, File
from lakeport.connection.scanned import AsyncScan

__all__ = [
    "AsyncDirectory",
    "AsyncFile",
    "AsyncLake",
    "AsyncOpened",
    "AsyncScan",
    "Directory",
    "File",
    "Lake",
    "connect",
]
