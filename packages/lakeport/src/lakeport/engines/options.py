"""What libraries call `storage_options`, and which of them fsspec's protocols mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport import profiles
from lakeport.engines import object_stores
from lakeport.engines.extras import needed
from lakeport.engines.naming import PROTOCOLS
from lakeport.errors import LakeportError, Misused

if TYPE_CHECKING:
    from lakeport.profiles import Profile

BY_FSSPEC = frozenset({"pandas", "dask"})
BY_OBJECT_STORE = frozenset({"polars", "delta"})


def storage_options(library: str, profile: Profile, account: str) -> dict[str, Any]:  # Any: as the library has it
    """Return a library's options; see `engines.storage_options`."""
    if library in BY_OBJECT_STORE:
        return dict(object_stores.options(profile, account))
    if library not in BY_FSSPEC:
        known = ", ".join(sorted(BY_FSSPEC | BY_OBJECT_STORE))
        raise Misused(f"there are no storage options for {library!r}", hint=f"Libraries: {known}")
    register()
    if _is_named(profile):
        return {"profile": profile.name}
    from lakeport.engines.file_system import Opened  # noqa: PLC0415

    return {"opened_by": Opened(profile, account)}


def register() -> None:
    """Make fsspec's protocols ours; see `engines.register`."""
    needed("fsspec", "a file system of fsspec")
    import fsspec  # noqa: PLC0415

    from lakeport.engines.file_system import LakeFileSystem  # noqa: PLC0415

    for protocol in PROTOCOLS:
        fsspec.register_implementation(protocol, LakeFileSystem, clobber=True)


def _is_named(profile: Profile) -> bool:
    """Tell if a profile's name is all that is needed to have it again, here or in another process."""
    try:
        return profiles.resolve(profile.name) == profile
    except LakeportError:
        return False
