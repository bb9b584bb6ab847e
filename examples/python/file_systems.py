"""The layer below `Lake`: a file system's operations one by one, and bare requests to its account."""

from __future__ import annotations

import io

import lakeport
from lakeport.lake import FileSystem, profile_of
from lakeport.storage import Account, paths


def main() -> None:
    url = lakeport.parse_url("local:provider:share-data/examples/low")
    assert isinstance(url, lakeport.LakeUrl)
    files = FileSystem.at(url, profile_of(url))
    print(files.create(), files.root().etag, files.siblings())

    files.make_directory("examples/low")
    print(files.write("examples/low/a", io.BytesIO(b"0123456789")).md5, files.hashed("examples/low/a"))
    found = files.entry("examples/low/a")
    print(files.read(found, 2, 3), list(files.chunks("examples/low/a")))
    files.set_metadata("examples/low/a", {"owner": "ada"})
    print(files.metadata("examples/low/a"), files.access("examples/low").acl, files.checksum("examples/low/a"))
    files.rename("examples/low/a", "examples/low/b")
    print(files.has("examples/low/a"), [one.path for one in files.glob("examples/low/?")], files.below("examples/low"))
    with files.asking("examples/low/b"):  # what the SDK raises is lakeport's in here
        print(files.file_client("examples/low/b").get_file_properties().name)
    files.remove("examples/low/b")

    with Account(files.profile, files.account) as account:
        print([one.path for one in paths(account, "share-data", "examples")])
        reply, _ = account.ask("HEAD", "/share-data?restype=container")
        print(reply.status)
        twin = account.twin()  # for another thread
        twin.interrupt()
        twin.close()
    files.delete("examples", is_directory=True)


if __name__ == "__main__":
    main()
