"""fsspec's own suites of what a file system must do, run by ours, with and without directories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractOpenTests,
    AbstractPipeTests,
    AbstractPutTests,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.engines.file_system import LakeFileSystem

    Place = Any  # conftest's; test modules do not import one another


class LakeFixtures(AbstractFixtures):  # type: ignore[misc]  # fsspec has no types
    @pytest.fixture
    def box(self, place: Place) -> Place:
        return place

    @pytest.fixture
    def fs(self, box: Place) -> LakeFileSystem:
        lake: LakeFileSystem = box.lake
        return lake

    @pytest.fixture
    def fs_path(self, box: Place) -> str:
        return str(box.container)

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(parts)

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return True


class FlatFixtures(LakeFixtures):
    @pytest.fixture
    def box(self, flat_place: Place) -> Place:
        return flat_place

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestCopies(AbstractCopyTests, LakeFixtures):  # type: ignore[misc]
    pass


class TestGets(AbstractGetTests, LakeFixtures):  # type: ignore[misc]
    pass


class TestPuts(AbstractPutTests, LakeFixtures):  # type: ignore[misc]
    pass


class TestOpens(AbstractOpenTests, LakeFixtures):  # type: ignore[misc]
    pass


class TestPipes(AbstractPipeTests, LakeFixtures):  # type: ignore[misc]
    pass


class TestFlatCopies(AbstractCopyTests, FlatFixtures):  # type: ignore[misc]
    test_copy_glob_edge_cases = None  # patterns are matched by the same code in both kinds of account


class TestFlatGets(AbstractGetTests, FlatFixtures):  # type: ignore[misc]
    test_get_glob_edge_cases = None  # patterns are matched by the same code in both kinds of account


class TestFlatPuts(AbstractPutTests, FlatFixtures):  # type: ignore[misc]
    test_put_glob_edge_cases = None  # patterns are matched by the same code in both kinds of account


class TestFlatOpens(AbstractOpenTests, FlatFixtures):  # type: ignore[misc]
    pass


class TestFlatPipes(AbstractPipeTests, FlatFixtures):  # type: ignore[misc]
    pass
