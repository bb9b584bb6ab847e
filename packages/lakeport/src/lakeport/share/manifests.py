"""The provider's list of what it shares, which travels with the share: names, sizes and MD5 of every file.

A manifest is one more data set: a file of JSON lines beside the data, `.lakeport/SHARE.manifest.jsonl`. The first line says
of what and when it was made; each other line is a file. With it a consumer can compare without access to the source.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from lakeport.errors import NotFound, NotVerified
from lakeport.lake import Checksum, FileSystem
from lakeport.share import kinds
from lakeport.share.desired import WishedDataSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile
    from lakeport.share.desired import Provider
    from lakeport.share.resources import Document

NAME = "lakeport-manifest"
"""The data set that holds the manifest."""
FOLDER = ".lakeport"
"""Where it lies in the source's file system; what is in it is not counted as shared."""
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What a share held when its provider looked.

    Attributes:
        files: By data set and path below it.
    """

    share: str
    made_at: datetime
    files: dict[str, dict[str, Checksum]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the manifest as it is kept."""
        yield json.dumps({"manifest": VERSION, "share": self.share, "made_at": self.made_at.isoformat()}) + "\n"
        for data_set, files in self.files.items():
            for path, one in files.items():
                entry = {"data_set": data_set, "path": path, "size_bytes": one.size_bytes, "md5": one.md5}
                yield json.dumps(entry, ensure_ascii=False) + "\n"


def parse(lines: Iterable[str]) -> Manifest:
    """Return what lines of a manifest say.

    Raises:
        NotVerified: They are no manifest of a version known here.
    """
    rest = iter(lines)
    try:
        head = json.loads(next(rest, "null"))
        if not isinstance(head, dict) or head.get("manifest") != VERSION:
            raise NotVerified("what arrived as manifest is none of this version")
        made = Manifest(str(head["share"]), datetime.fromisoformat(str(head["made_at"])))
        for line in rest:
            one = json.loads(line)
            found = made.files.setdefault(str(one["data_set"]).lower(), {})
            found[str(one["path"])] = Checksum(int(one["size_bytes"]), str(one["md5"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerified("the manifest that arrived cannot be read: it is cut off or not ours") from error
    return made


def data_set(share: str, data_sets: Iterable[WishedDataSet]) -> WishedDataSet | None:
    """Return the data set that carries the manifest of a share, beside its first data set of files; `None` without any."""
    for one in data_sets:
        kind = kinds.BY_WIRE.get(one.kind)
        if kind is not None and one.store is not None:
            file = kinds.BY_KEY["file" if kind.root == "fileSystem" else "blob"]
            place = {file.root: one.properties[kind.root], file.below: f"{FOLDER}/{share}.manifest.jsonl"}
            return WishedDataSet(NAME, file.wire, {**one.store.properties, **place}, one.store)
    return None


def place(properties: Document) -> tuple[str, str]:
    """Return the file system or container, and the path in it, that a data set or mapping names."""
    root = properties.get("fileSystem") or properties.get("containerName") or ""
    below = next((properties[key] for key in ("folderPath", "filePath", "prefix") if properties.get(key)), "")
    return str(root), str(below).strip("/")


@dataclass(frozen=True)
class Publisher:
    """What manifests are made and looked for with, at the provider."""

    profile: Profile
    credential: TokenCredential
    wished: Provider

    def is_needed(self) -> bool:
        """Tell if a manifest is wished and lies nowhere yet."""
        home = self._home()
        if home is None:
            return False
        lake, path = home
        try:
            lake.entry(path)
        except NotFound:
            return True
        return False

    def publish(self, now: datetime) -> Manifest:
        """Look at everything that is shared, and put the list of it where the share takes it from.

        Raises:
            NotFound: A place that is shared does not exist; or the file wishes no manifest.
        """
        home = self._home()
        if home is None:
            raise NotFound(f"share {self.wished.share} has no manifest", hint="Write manifest: true into its file")
        files = {one.name.lower(): self._files(one) for one in self.wished.data_sets if one.name != NAME and one.store}
        made = Manifest(self.wished.share, now, files)
        lake, path = home
        lake.write(path, io.BytesIO("".join(made.lines()).encode()))
        return made

    def _home(self) -> tuple[FileSystem, str] | None:
        found = next((one for one in self.wished.data_sets if one.name == NAME), None)
        return self._at(found) if found is not None else None

    def _at(self, one: WishedDataSet) -> tuple[FileSystem, str]:
        root, below = place(one.properties)
        return FileSystem(self.profile, str(one.properties["storageAccountName"]), root, self.credential), below

    def _files(self, one: WishedDataSet) -> dict[str, Checksum]:
        from lakeport.share.verification import listing  # noqa: PLC0415  (it reads manifests)

        lake, below = self._at(one)
        found = listing(lake, below, read=False)
        return {path: sum_ for path, sum_ in found.items() if below or not path.startswith(f"{FOLDER}/")}
