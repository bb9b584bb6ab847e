"""The list that travels with a share, and what is too much at a destination."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lakeport.access.roles import Store
from lakeport.errors import NotVerified
from lakeport.lake import Checksum, Entry
from lakeport.share import manifests
from lakeport.share.consumer import Received
from lakeport.share.desired import WishedDataSet
from lakeport.share.manifests import Manifest
from lakeport.share.pruning import Excess, Target, excess, targets
from lakeport.share.resources import Mapping, Subscription

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANIFEST = Manifest("sales", MADE, {"raw": {"a/b ü.csv": Checksum(3, "m"), 'odd\n"name': Checksum(0, "")}, "one": {}})


def test_what_is_written_is_read() -> None:
    found = manifests.parse(MANIFEST.lines())
    assert (found.share, found.made_at, found.files["raw"]) == ("sales", MADE, MANIFEST.files["raw"])


@pytest.mark.parametrize(
    "text", ["", "id,amount\n1,2\n", '{"manifest": 9}\n', '{"manifest": 1, "share": "s"}\n', "[1]"]
)
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(NotVerified):
        manifests.parse(text.splitlines())


def test_a_manifest_that_was_cut_off_is_refused() -> None:
    text = "".join(MANIFEST.lines())
    with pytest.raises(NotVerified, match="cut off"):
        manifests.parse(text[:-5].splitlines())


def test_it_lies_beside_the_first_data_set_of_files() -> None:
    store = Store("S", "G", "lake")
    table = WishedDataSet("t", "SqlDBTable", {}, None)
    found = manifests.data_set("sales", [table, WishedDataSet("x", "BlobFolder", {"containerName": "c"}, store)])
    assert found is not None
    assert (found.kind, found.properties["filePath"]) == ("Blob", ".lakeport/sales.manifest.jsonl")
    assert manifests.data_set("sales", [table]) is None


def entry(path: str, hours: float = -1) -> Entry:
    return Entry(path, is_directory=False, size_bytes=1, modified_at=MADE + timedelta(hours=hours))


RAW = Target("raw", "lake", "in", "", frozenset({"a"}), MADE)
GOLD = Target("gold", "lake", "in", "gold", frozenset({"g"}), MADE)
UNKNOWN = Target("other", "lake", "in", "other", None, None)
LISTED = Target(manifests.NAME, "lake", "in", "list", frozenset({"the file"}), MADE)


def too_much(target: Target, *there: Entry) -> list[str]:
    return [one.path for one in excess(target, there, [RAW, GOLD, UNKNOWN, LISTED])]


def test_only_what_nobody_may_have_sent_is_too_much() -> None:
    there = [entry(path) for path in ("a", "old", "gold/g", "gold/old", "other/x", "list", "otherwise")]
    assert too_much(RAW, *there) == ["old", "gold/old", "otherwise"]
    assert too_much(GOLD, entry("gold/g"), entry("gold/old"), entry("goldish")) == ["gold/old"]


def test_what_came_after_the_provider_looked_is_left() -> None:
    assert too_much(RAW, entry("new", hours=1)) == []


def test_nothing_is_too_much_where_nobody_can_tell() -> None:
    assert too_much(UNKNOWN, entry("other/x"), entry("other/y")) == []


def test_what_a_revoked_share_brought_is_nobody_s_to_delete() -> None:
    place = {"storageAccountName": "lake", "fileSystem": "in", "folderPath": "gold"}
    gone = Received(Subscription(name="s"), mappings=(Mapping(name="gold", data_set_id="D", properties=place),))
    [target] = targets(gone, None)
    assert list(excess(RAW, [entry("gold/x"), entry("x")], [RAW, target])) == [Excess("raw", "lake", "in", "x", 1)]
