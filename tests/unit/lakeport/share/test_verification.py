"""Comparing what arrived with what was sent."""

from __future__ import annotations

import pytest

from lakeport.errors import NotVerified
from lakeport.lake import Checksum
from lakeport.share.verification import compare

SENT = {"a": Checksum(1, "m1"), "b/c": Checksum(2, "m2")}


def test_the_same_files_are_well_and_deletions_at_the_source_are_told() -> None:
    found = compare("raw", "everything", SENT, {**SENT, "old": Checksum(3, "m3")})
    found.check()
    assert (found.files, found.size_bytes, found.extra) == (2, 3, ("old",))


@pytest.mark.parametrize(
    ("arrived", "said"),
    [
        ({}, "data set raw: a did not arrive (and 1 more)"),
        ({**SENT, "a": Checksum(1, "m9")}, "a arrived different"),
        ({**SENT, "b/c": Checksum(9, "m2")}, "b/c arrived different"),
        ({**SENT, "b/c": Checksum(9, "")}, "b/c arrived different"),
    ],
    ids=["missing", "MD5", "size", "size without MD5"],
)
def test_what_is_missing_or_different_is_named(arrived: dict[str, Checksum], said: str) -> None:
    with pytest.raises(NotVerified) as caught:
        compare("raw", "everything", SENT, arrived).check()
    assert said in str(caught.value)


def test_a_file_without_md5_on_a_side_is_told() -> None:
    found = compare("raw", "everything", SENT, {**SENT, "a": Checksum(1, "")})
    found.check()
    assert found.unhashed == ("a",)
