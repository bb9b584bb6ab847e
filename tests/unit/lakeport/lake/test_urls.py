"""Places in lakes and on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakeport.errors import Misused, NotFound
from lakeport.lake import LakeUrl, copying, parse


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


def test_a_folder_s_content_goes_below_the_target(tmp_path: Path) -> None:
    (tmp_path / "x" / "y").mkdir(parents=True)
    for name in ("x/a", "x/y/b"):
        (tmp_path / name).write_text("")
    copies = copying.plan_upload(tmp_path / "x", "in", recursive=True)
    assert [copy.target for copy in copies] == ["in/a", "in/y/b"]
    assert copying.plan_upload(tmp_path / "x" / "a", "in/", recursive=False)[0].target == "in/a"
    with pytest.raises(Misused, match="is a folder"):
        copying.plan_upload(tmp_path / "x", "in", recursive=False)
    with pytest.raises(NotFound):
        copying.plan_upload(tmp_path / "none", "in", recursive=False)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a//x", "..\\x"])
def test_a_lake_cannot_name_a_file_outside_the_target(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misused):
        copying._inside(tmp_path, name)
