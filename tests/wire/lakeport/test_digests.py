"""The MD5 of large files: kept with them, compared with what arrives, and right after a resume."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.storage.filedatalake import ContentSettings, FileSystemClient

from lakeport import identity, parse_url, profiles, transfer
from lakeport.transfer import disk
from lakeport.transfer.blobs import Blobs

if TYPE_CHECKING:
    from tests.azure import LocalAzure

SIZE = 21 << 20  # six parts
FOLDER = "local:provider:share-data/digests"


@pytest.fixture(autouse=True)
def journals(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))


@pytest.fixture
def big(here: Path) -> Path:
    path = here / "big.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def lake(running: LocalAzure) -> FileSystemClient:
    """Microsoft's client of the same file system."""
    url = "https://sourcestorage.dfs.core.windows.net"
    return FileSystemClient(url, "share-data", identity.credential(profiles.resolve("local:provider")), **running.sdk)


def kept(lake: FileSystemClient, path: str) -> str:
    return bytes(lake.get_file_client(path).get_file_properties().content_settings.content_md5 or b"").hex()


def breaking(method: str, at: int) -> pytest.MonkeyPatch:
    """Let the client be interrupted in the middle of its requests."""
    patch, inner, calls = pytest.MonkeyPatch(), getattr(Blobs, method), iter(range(1000))

    def breaks(self: Blobs, *arguments: object) -> object:
        if next(calls) == at:
            raise KeyboardInterrupt
        return inner(self, *arguments)

    patch.setattr(Blobs, method, breaks)
    return patch


def test_a_large_file_has_its_md5_also_when_it_was_interrupted(lake: FileSystemClient, here: Path, big: Path) -> None:
    digest = hashlib.md5(big.read_bytes()).hexdigest()
    assert transfer.copy(big, parse_url(f"{FOLDER}/whole.bin")).run(md5="always").failures == {}
    assert kept(lake, "digests/whole.bin") == digest
    halves = transfer.copy(big, parse_url(f"{FOLDER}/halves.bin"))
    patch = breaking("stage", 3)
    with pytest.raises(KeyboardInterrupt):
        halves.run(workers=1, md5="always")
    patch.undo()
    assert transfer.resume(halves.header.transfer).run(md5="always").size_bytes == SIZE - 3 * (4 << 20)
    assert kept(lake, "digests/halves.bin") == digest
    assert transfer.copy(big, parse_url(f"{FOLDER}/none.bin")).run(md5="never").failures == {}
    assert kept(lake, "digests/none.bin") == ""


def test_what_does_not_have_the_md5_that_is_kept_never_appears(lake: FileSystemClient, here: Path, big: Path) -> None:
    for name, content in (("large.bin", big), ("small.bin", here / "small.bin")):
        (here / "small.bin").write_bytes(b"small")
        place = parse_url(f"{FOLDER}/{name}")
        assert transfer.copy(content, place).run(md5="always").failures == {}
        wrong = ContentSettings(content_md5=bytearray(16))
        lake.get_file_client(f"digests/{name}").set_http_headers(wrong)
        fetching = transfer.copy(place, here / "back.bin")
        assert "what is kept with it is 0000" in fetching.run().failures[f"digests/{name}"]
        assert not Path("back.bin").exists()
        right = ContentSettings(content_md5=bytearray(hashlib.md5(content.read_bytes()).digest()))
        lake.get_file_client(f"digests/{name}").set_http_headers(right)
        assert transfer.resume(fetching.header.transfer).run().failures == {}
        assert Path("back.bin").read_bytes() == content.read_bytes()
        Path("back.bin").unlink()
        assert not list(here.glob(f".*{disk.ASIDE}"))


def test_a_download_that_goes_on_compares_all_of_the_file(lake: FileSystemClient, here: Path, big: Path) -> None:
    place = parse_url(f"{FOLDER}/again.bin")
    assert transfer.copy(big, place).run(md5="always").failures == {}
    fetching = transfer.copy(place, here / "back.bin")
    patch = breaking("read", 3)
    with pytest.raises(KeyboardInterrupt):
        fetching.run(workers=1)
    patch.undo()
    (aside,) = here.glob(f".*{disk.ASIDE}")
    with aside.open("r+b") as file:  # a disk that lost what an earlier run wrote
        file.write(b"\0" * 512)
    again = transfer.resume(fetching.header.transfer)
    assert "what arrived has the MD5" in next(iter(again.run().failures.values()))
    assert transfer.resume(fetching.header.transfer).run().size_bytes == SIZE
    assert Path("back.bin").read_bytes() == big.read_bytes()
