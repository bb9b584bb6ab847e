"""The one place where tables meet engines: what pyarrow, fsspec and delta-rs reach a lake by, with nobody's token but ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport import engines

if TYPE_CHECKING:
    from lakeport.lake import FileSystem

Foreign = Any  # neither pyarrow nor fsspec has types


def arrow_file_system(lake: FileSystem) -> Foreign:
    """Return the `pyarrow.fs.FileSystem` of a lake's account; paths begin with a file system's name, as Azure's own do."""
    return engines.pyarrow(lake.profile, lake.account)


def fsspec_file_system(lake: FileSystem) -> Foreign:
    """Return the fsspec file system of a lake's account; paths begin with a file system's name."""
    return engines.fsspec(lake.profile, lake.account)


def delta_options(lake: FileSystem) -> dict[str, str]:
    """Return what opens a lake to delta-rs, for as long as this process runs."""
    return dict(engines.storage_options("delta", lake.profile, lake.account))
