"""The one place where tables meet engines: what pyarrow, fsspec and delta-rs reach a lake by, with nobody's token but ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import fs

from lakeport import identity
from lakeport.tables.extras import needed

if TYPE_CHECKING:
    from lakeport.lake import FileSystem

Foreign = Any  # neither pyarrow nor fsspec has types
SCOPE = "https://storage.azure.com/.default"


def arrow_file_system(lake: FileSystem) -> Foreign:
    """Return the `pyarrow.fs.FileSystem` of a lake's account; paths begin with a file system's name, as Azure's own do."""
    return fs.PyFileSystem(fs.FSSpecHandler(fsspec_file_system(lake)))


def fsspec_file_system(lake: FileSystem) -> Foreign:
    """Return the fsspec file system of a lake's account; paths begin with a file system's name."""
    needed("fsspec", "working with tables of a lake")
    from lakeport.engines.file_system import LakeFileSystem, Opened  # noqa: PLC0415  (an extra)

    return LakeFileSystem(opened_by=Opened(lake.profile, lake.account))


def delta_options(lake: FileSystem) -> dict[str, str]:
    """Return what opens a lake to delta-rs."""
    cloud = lake.profile.cloud
    token = identity.credential(lake.profile).get_token(SCOPE).token
    found = {"azure_storage_account_name": lake.account, "bearer_token": token}
    if cloud.proxy:
        found |= {"proxy_url": cloud.proxy, "proxy_ca_certificate": Path(cloud.ca_bundle).read_text()}
    return found
