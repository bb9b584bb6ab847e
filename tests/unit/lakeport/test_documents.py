"""YAML with the place of whatever is wrong."""

from __future__ import annotations

import pytest

from lakeport import documents
from lakeport.errors import BadFile
from lakeport.share import schema

GOOD = """\
share: sales
datasets:
  - {name: raw, file_system: share-data}
schedule: {every: day, at: "02:00Z"}
invite:
  - tenant: fabrikam
    principal: consumer
"""


def refusal(text: str) -> str:
    with pytest.raises(BadFile) as caught:
        documents.decode(text, schema.ShareFile, "share.yaml")
    return str(caught.value)


def test_a_good_file_is_read() -> None:
    found = documents.decode(GOOD, schema.ShareFile, "share.yaml")
    assert found.datasets[0].file_system == "share-data"
    assert found.invite[0].principal == "consumer"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("share: sales", "shares: sales"), "share.yaml:1:1: unknown key 'shares'. Did you mean 'share'?"),
        (
            ("principal: consumer", "principle: consumer"),
            "share.yaml:7:5: unknown key 'principle'. Did you mean 'principal'?",
        ),
        (
            ("file_system: share", "filesystem: share"),
            "share.yaml:3:17: unknown key 'filesystem'. Did you mean 'file_system'?",
        ),
        (("every: day", "every: week"), "share.yaml:4:12: schedule.every: unknown value 'week'. Use one of: hour, day"),
        (("share: sales\n", ""), "share.yaml:1:1: the key 'share' is missing"),
        (("name: raw, ", ""), "share.yaml:3:5: the key 'name' is missing in datasets[0]"),
        (("name: raw", "name: 7"), "share.yaml:3:6: datasets[0].name: expected a text, got a number"),
        (("schedule: {", "schedule: {{"), "share.yaml:5:1: not YAML"),
        (("invite:", "share:"), "share.yaml:5:1: the key 'share' is there twice. Keep one of them"),
        (('at: "02:00Z"', "at: 10:00"), "share.yaml:4:24: schedule.at: expected a text"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: tuple[str, str], said: str) -> None:
    text = GOOD.replace(*change)
    assert refusal(text).startswith(said), refusal(text)


def test_a_file_that_is_no_yaml_is_refused_with_line_and_column() -> None:
    assert refusal("share: [a,\n  b: }").startswith("share.yaml:2:6: not YAML")


def test_an_endless_file_is_refused() -> None:
    assert "aliases are not understood" in refusal("datasets: &a [*a]\nshare: x")


def test_an_empty_file_lacks_its_first_key() -> None:
    assert refusal("") == "share.yaml:1:1: the key 'share' is missing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("share: " + "[" * 20_000, "nested too deeply"),
        ("\0" + GOOD, "not YAML: character"),
        ("share:\ndatasets: []\n", "expected a text, got nothing"),
    ],
    ids=["deep", "control characters", "nothing"],
)
def test_what_no_person_writes_is_refused_in_one_line(text: str, said: str) -> None:
    assert said in refusal(text)
    assert "\n" not in refusal(text)
