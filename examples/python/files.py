"""Files and directories of a lake, and of any file system of its account."""

from __future__ import annotations

import lakeport


def main() -> None:
    lake = lakeport.connect("local:provider:share-data")
    print(lake.file_systems(), lake.create(), lake.of("share-data").exists(""))

    top = lake.directory("examples/files").make()
    file = top.file("a.csv")
    file.write_text("name,age\nada,36\n")
    file.set_metadata({"owner": "ada"})
    print(file.read_text(), file.metadata(), file.stat().size_bytes, file.checksum().md5)

    with file.open("a") as log:  # seen when it is closed, all of it
        log.write("grace,85\n")
    with lake.open("examples/files/a.csv") as lines:
        print(sum(1 for _ in lines))

    top.file("b.bin").write_chunks(bytes([number]) * 1000 for number in range(10))
    print(sum(len(chunk) for chunk in top.file("b.bin").chunks()), len(top.file("b.bin").read_bytes()))
    top.file("c.bin").write_bytes(b"")
    top.file("c.bin").rename("examples/files/d.bin").remove()

    print([one.path for one in lake.entries("examples", recursive=True)], [one.path for one in top.entries()])
    print([one.path for one in lake.glob("examples/*/*.{csv,bin}")], [one.path for one in top.glob("?.csv")])
    print(lake.acl("examples/files"))
    moved = top.directory("old").make().rename("examples/files/new")
    print(moved.exists(), moved.stat().is_directory)
    lake.directory("examples").remove()


if __name__ == "__main__":
    main()
