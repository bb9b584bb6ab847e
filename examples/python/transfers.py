"""Folders up, down, and kept in step: planned first, journaled, and gone on with."""

from __future__ import annotations

import tempfile
from pathlib import Path

import lakeport
from lakeport import transfer


def main() -> None:
    lake = lakeport.connect("local:provider:share-data")
    place = "local:provider:share-data/examples/transfers"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "raw")
        folder.mkdir()
        (folder / "a.csv").write_text("name\nada\n")
        (folder / "b.tmp").write_text("")

        decided = transfer.copy(folder, lakeport.parse_url(place), recursive=True)
        print([item.target for item in decided.plan.items], decided.plan.size_bytes)
        print(decided.run(workers=4).files, transfer.resume(decided.header.transfer).progress)

        rules = transfer.Rules(transfer.Filter(exclude=["*.tmp"]), deletes=True)
        print(transfer.sync(folder, lakeport.parse_url(place), rules).plan.same)

        top = lake.directory("examples/transfers")
        top.upload(folder)
        top.download(Path(name, "back"))
        top.sync_from(folder, rules)
        top.sync_to(Path(name, "back"))
        print(top.file("c.csv").upload(folder / "a.csv").size_bytes, top.file("c.csv").download(folder).files)
        top.remove()


if __name__ == "__main__":
    main()
