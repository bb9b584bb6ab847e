"""fsspec's own suites of what a file system must do, run by adlfs on an account as its authors have it: flat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from adlfs import AzureBlobFileSystem
from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractPipeTests,
    AbstractPutTests,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Place = Any  # conftest's; test modules do not import one another


ADLFS_FALLS_SHORT = {
    "test_copy_glob_to_existing_directory": "adlfs gives nothing for a glob in a list",
    "test_copy_glob_to_new_directory": "adlfs gives nothing for a glob in a list",
    "test_get_glob_to_existing_directory": "adlfs gives nothing for a glob in a list",
    "test_get_glob_to_new_directory": "adlfs gives nothing for a glob in a list",
    "test_copy_directory_to_existing_directory": "adlfs ignores maxdepth",
    "test_copy_directory_to_new_directory": "adlfs ignores maxdepth",
    "test_get_directory_to_existing_directory": "adlfs ignores maxdepth",
    "test_get_directory_to_new_directory": "adlfs ignores maxdepth",
    "test_copy_directory_without_files_with_same_name_prefix": "adlfs finds what only begins like the directory's name",
    "test_get_directory_without_files_with_same_name_prefix": "adlfs finds what only begins like the directory's name",
}
"""Tests that fail wherever the data lies: the client never asks for what they want."""


class AdlfsFixtures(AbstractFixtures):  # type: ignore[misc]  # fsspec has no types
    @pytest.fixture(autouse=True)
    def gaps(self, request: pytest.FixtureRequest) -> None:
        reason = ADLFS_FALLS_SHORT.get(request.node.originalname)
        if reason is not None:
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))

    @pytest.fixture
    def fs(self, flat_place: Place) -> AzureBlobFileSystem:
        return AzureBlobFileSystem(connection_string=flat_place.connection_string, skip_instance_cache=True)

    @pytest.fixture
    def fs_path(self, flat_place: Place) -> str:
        return str(flat_place.container)

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(parts)

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestAdlfsCopies(AbstractCopyTests, AdlfsFixtures):  # type: ignore[misc]
    test_copy_glob_edge_cases = None  # a table of maxdepth, which adlfs ignores


class TestAdlfsGets(AbstractGetTests, AdlfsFixtures):  # type: ignore[misc]
    test_get_glob_edge_cases = None  # a table of maxdepth, which adlfs ignores


class TestAdlfsPuts(AbstractPutTests, AdlfsFixtures):  # type: ignore[misc]
    pass


class TestAdlfsPipes(AbstractPipeTests, AdlfsFixtures):  # type: ignore[misc]
    pass


def test_adlfs_works_on_directories_of_a_hierarchical_namespace(place: Place) -> None:
    lake = AzureBlobFileSystem(connection_string=place.connection_string, skip_instance_cache=True)
    box = place.container
    with lake.open(f"{box}/a/b/one.txt", "wb") as file:
        file.write(b"data" * 1000)
    with lake.open(f"{box}/a/empty", "wb"):
        pass
    lake.pipe({f"{box}/a/two": b"2", f"{box}/c/three": b"3"})
    assert lake.find(box) == [f"{box}/a/b/one.txt", f"{box}/a/empty", f"{box}/a/two", f"{box}/c/three"]
    assert (lake.isdir(f"{box}/a/b"), lake.isfile(f"{box}/a/b"), lake.exists(f"{box}/none")) == (True, False, False)
    assert lake.cat_ranges([f"{box}/a/b/one.txt"] * 2, [0, 4], [2, 8]) == [b"da", b"data"]
    assert [(one["name"], one["type"]) for one in lake.ls(f"{box}/a", detail=True)] == [
        (f"{box}/a/b", "directory"),
        (f"{box}/a/empty", "file"),
        (f"{box}/a/two", "file"),
    ]
    assert sorted(lake.glob(f"{box}/**/t*")) == [f"{box}/a/two", f"{box}/c/three"]
    lake.cp_file(f"{box}/a/two", f"{box}/a/copied")
    lake.mv(f"{box}/a/copied", f"{box}/c/moved")
    assert lake.cat(f"{box}/c/moved") == b"2"
    with pytest.raises(FileExistsError), lake.open(f"{box}/a/two", "xb") as file:
        file.write(b"again")
    assert lake.du(f"{box}/a") == 4001
    lake.rm(f"{box}/a", recursive=True)
    assert lake.find(box) == [f"{box}/c/moved", f"{box}/c/three"]
