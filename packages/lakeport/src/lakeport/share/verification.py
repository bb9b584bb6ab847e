"""Comparing what arrived with what was sent: names, sizes, MD5."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.errors import NotFound, NotVerified
from lakeport.lake import Checksum, FileSystem
from lakeport.share import manifests

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile
    from lakeport.share.consumer import Received
    from lakeport.share.manifests import Manifest
    from lakeport.share.resources import Mapping, SourceDataSet
    from lakeport.share.snapshots import Snapshot


@dataclass(frozen=True)
class Findings:
    """What a comparison found for one data set.

    Attributes:
        against: What the arrived files were compared with, in words.
        extra: Files at the destination that the source does not have: deletions are never propagated.
        unhashed: Files whose MD5 neither side could tell.
    """

    data_set: str
    against: str
    files: int = 0
    size_bytes: int = 0
    missing: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()

    def check(self) -> None:
        """Do nothing when everything arrived.

        Raises:
            NotVerified: Something is missing or different; the text names the first.
        """
        for paths, what in ((self.missing, "did not arrive"), (self.different, "arrived different")):
            if paths:
                more = f" (and {len(paths) - 1} more)" if paths[1:] else ""
                hint = "Next: lakeport receive sync --mode full"
                raise NotVerified(f"data set {self.data_set}: {paths[0]} {what}{more}", hint=hint)


def compare(data_set: str, against: str, sent: dict[str, Checksum], arrived: dict[str, Checksum]) -> Findings:
    """Compare two listings by relative path."""
    both = [path for path in sent if path in arrived]
    return Findings(
        data_set,
        against,
        len(both),
        sum(arrived[path].size_bytes for path in both),
        tuple(path for path in sent if path not in arrived),
        tuple(path for path in both if not _agree(sent[path], arrived[path])),
        tuple(path for path in arrived if path not in sent),
        tuple(path for path in both if not (sent[path].md5 and arrived[path].md5)),
    )


def _agree(sent: Checksum, arrived: Checksum) -> bool:
    if sent.size_bytes != arrived.size_bytes:
        return False
    return not (sent.md5 and arrived.md5) or sent.md5 == arrived.md5


@dataclass(frozen=True)
class Verifier:
    """What arrivals are verified with.

    Attributes:
        source: The provider's profile, to look at the source itself; `None`: the share's manifest is compared with, and
            without one only counts.
        read: Read every arrived byte instead of trusting the stored MD5.
    """

    profile: Profile
    credential: TokenCredential
    source: Profile | None = None
    read: bool = False

    def manifest(self, received: Received) -> Manifest | None:
        """Return the manifest that arrived with a share, or `None` when there is none.

        Raises:
            NotVerified: What arrived as manifest is none.
        """
        mapping = next((one for one in received.mappings if one.data_set_id.lower() in self._lists(received)), None)
        if mapping is None:
            return None
        lake, path = self._at(mapping)
        try:
            text = b"".join(lake.chunks(path)).decode("utf-8", "replace")
        except NotFound:
            return None
        return manifests.parse(text.splitlines())

    @staticmethod
    def _lists(received: Received) -> set[str]:
        return {one.data_set_id.lower() for one in received.offered if one.data_set_name == manifests.NAME}

    def _at(self, mapping: Mapping) -> tuple[FileSystem, str]:
        root, below = manifests.place(mapping.properties)
        account = str(mapping.properties.get("storageAccountName", ""))
        return FileSystem(self.profile, account, root, self.credential), below

    def verify(self, received: Received, last: Snapshot | None) -> list[Findings]:
        """Verify every mapped data set of a received share.

        Raises:
            NotFound: Nothing is mapped.
        """
        offered = {one.data_set_id.lower(): one for one in received.offered if one.data_set_name != manifests.NAME}
        pairs = [
            (one, offered[one.data_set_id.lower()]) for one in received.mappings if one.data_set_id.lower() in offered
        ]
        if not pairs:
            raise NotFound(f"nothing of {received.subscription.name} is mapped", hint="Next: lakeport receive apply")
        manifest = self.manifest(received) if self.source is None else None
        lists = [self._at(one) for one in received.mappings if one.data_set_id.lower() in self._lists(received)]
        return [self._data_set(mapping, source, last, manifest, lists) for mapping, source in pairs]

    def _data_set(
        self,
        mapping: Mapping,
        source: SourceDataSet,
        last: Snapshot | None,
        manifest: Manifest | None,
        lists: list[tuple[FileSystem, str]],
    ) -> Findings:
        there, below = self._at(mapping)
        beside = [path for lake, path in lists if (lake.account, lake.name) == (there.account, there.name)]
        ours = {path.removeprefix(below).lstrip("/") for path in beside if path.startswith(below)}
        arrived = {
            path: one
            for path, one in _arrived(there, below, read=self.read).items()
            if not _is_ours(path, below) and path not in ours
        }
        how = "MD5 of the bytes read" if self.read else "stored MD5"
        if self.source is not None:
            name, _, path = source.data_set_path.strip("/").partition("/")
            sent = listing(FileSystem(self.source, self.source.storage_account, name), path, read=False)
            sent = {each: one for each, one in sent.items() if not _is_ours(each, path)}
            return compare(source.data_set_name, f"names, sizes and {how} against {self.source.name}", sent, arrived)
        if manifest is None:
            return _counted(source, arrived, last)
        sent = manifest.files.get(source.data_set_name.lower(), {})
        against = f"names, sizes and {how} against the provider's manifest of {manifest.made_at:%Y-%m-%d %H:%MZ}"
        return compare(source.data_set_name, against, sent, arrived)


def _is_ours(path: str, below: str) -> bool:
    """Tell if a path at the root of a file system is where manifests lie."""
    return not below and path.startswith(f"{manifests.FOLDER}/")


def _counted(source: SourceDataSet, arrived: dict[str, Checksum], last: Snapshot | None) -> Findings:
    """Without a look at the source, only the counts of the last snapshot can be compared; extra files are possible."""
    size = sum(one.size_bytes for one in arrived.values())
    detail = (
        next((one for one in last.details if one.data_set_id.lower() == source.data_set_id.lower()), None)
        if last
        else None
    )
    if detail is None:
        return Findings(source.data_set_name, "nothing: no snapshot tells its counts", len(arrived), size)
    against = (
        f"counts only, with what the last snapshot wrote (files: {detail.files_written}, bytes: {detail.size_written})"
    )
    short = len(arrived) < detail.files_written or size < detail.size_written
    missing = (f"{len(arrived)} files of {detail.files_written}",) if short else ()
    return Findings(source.data_set_name, against, len(arrived), size, missing)


THE_FILE = "the file"
"""The relative path of a data set that is one file: it may have another name at the destination."""


def listing(lake: FileSystem, under: str, *, read: bool) -> dict[str, Checksum]:
    """Return size and MD5 of every file at or below a path, by path relative to it.

    Args:
        lake: The file system.
        under: A directory's or a file's path; empty for the root.
        read: Hash the bytes; otherwise take the stored MD5.

    Raises:
        NotFound: There is no such path.
    """
    if under and not lake.entry(under).is_directory:
        return {THE_FILE: _checksum(lake, under, read)}
    paths = [one.path for one in lake.entries(under, recursive=True) if not one.is_directory]
    with ThreadPoolExecutor(8) as pool:
        sums = pool.map(lambda path: _checksum(lake, path, read), paths)
        return {path.removeprefix(under).lstrip("/"): one for path, one in zip(paths, sums, strict=True)}


def _arrived(lake: FileSystem, under: str, *, read: bool) -> dict[str, Checksum]:
    """At the destination, what is not there has not arrived."""
    try:
        return listing(lake, under, read=read)
    except NotFound:
        return {}


def _checksum(lake: FileSystem, path: str, read: bool) -> Checksum:
    stored = lake.checksum(path)
    return Checksum(stored.size_bytes, lake.hashed(path)) if read or not stored.md5 else stored
