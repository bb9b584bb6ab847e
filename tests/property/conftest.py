"""A lake in this process for the proofs that need nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.property.lake import LakeInProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lake() -> Iterator[LakeInProcess]:
    """A new lake, with two accounts that hold nothing."""
    made = LakeInProcess()
    yield made
    made.close()
