"""Places in lakes and on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakeport.errors import Misused
from lakeport.lake import LakeUrl, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abfss://raw@lake.dfs.core.windows.net/a/b%20c/", LakeUrl("raw", "a/b%20c", "lake")),
        ("abfss://raw@lake.dfs.core.windows.net", LakeUrl("raw", "", "lake")),
        ("https://lake.dfs.core.windows.net/raw/a%20b", LakeUrl("raw", "a b", "lake")),
        ("contoso:raw/a", LakeUrl("raw", "a", "", "contoso")),
        ("local:provider:raw/a/b", LakeUrl("raw", "a/b", "", "local:provider")),
        ("local:provider:", LakeUrl("", "", "", "local:provider")),
        ("some/folder", Path("some/folder")),
        ("./with:colon", Path("./with:colon")),
        ("C:\\data", Path("C:\\data")),
    ],
)
def test_a_text_names_a_lake_or_a_local_path(text: str, expected: LakeUrl | Path) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/x",
        "https://lake.dfs.core.windows.net/",
        "https://example.com/raw/x",
        "abfss://raw/x",
        "local:provider",
    ],
)
def test_a_url_that_names_no_lake_is_refused(text: str) -> None:
    with pytest.raises(Misused):
        parse(text)
