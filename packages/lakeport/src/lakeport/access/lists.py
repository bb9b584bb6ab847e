"""The access control lists of one file system, read and changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from lakeport.access import posix
from lakeport.access.posix import Ace, Listed
from lakeport.errors import LakeportError, NotFound
from lakeport.identity import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
    from azure.storage.filedatalake import DataLakeDirectoryClient, FileSystemClient

    from lakeport.profiles import Profile

    Opens = TokenCredential | AzureNamedKeyCredential | AzureSasCredential

AT_ONCE = 8
Mode = Literal["set", "modify", "remove"]
"""What a change of many lists does with the entries it names: they become the list, join it, or leave it."""


@dataclass(frozen=True)
class Batch:
    """What one request of a change of many lists did.

    Attributes:
        failed: The paths that refused, with what was said.
        token: Where the next request goes on; empty when all is done.
    """

    directories: int
    files: int
    failed: tuple[tuple[str, str], ...]
    token: str = ""


@dataclass(frozen=True)
class Shown:
    """A path with whom it belongs to, and its permissions as the lake shows them, such as `rwxr-x--T`."""

    path: str
    owner: str
    group: str
    permissions: str
    is_directory: bool


class Lists:
    """The lists of one file system, as one caller."""

    def __init__(self, profile: Profile, credential: Opens, account: str, file_system: str) -> None:
        self._profile = profile
        self._credential = credential
        self.account = account
        self.file_system = file_system

    @cached_property
    def _client(self) -> FileSystemClient:
        from azure.storage.filedatalake import ExponentialRetry, FileSystemClient  # noqa: PLC0415  (half a second)

        cloud, options = self._profile.cloud, self._profile.cloud.sdk_options()
        return FileSystemClient(
            cloud.account_url(self.account),
            self.file_system,
            credential=self._credential,
            proxies=options.get("proxies"),
            connection_verify=options.get("connection_verify", True),
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=3),
        )

    def _at(self, path: str) -> DataLakeDirectoryClient:
        return self._client.get_directory_client(path or "/")

    def _asking(self, path: str) -> AbstractContextManager[None]:
        return translated(self._profile, f"{self.file_system}/{path} in {self.account}".replace("/ in", " in"))

    def of(self, path: str) -> Listed | None:
        """Return a path's list, or `None` when there is no such path."""
        try:
            with self._asking(path):
                found = self._at(path).get_access_control(upn=False)
        except NotFound:
            return None
        owner, group = str(found.get("owner") or "").lower(), str(found.get("group") or "").lower()
        is_sticky = str(found.get("permissions") or "").rstrip("+")[-1:] in {"t", "T"}
        return Listed(path, owner, group, posix.parse(str(found.get("acl") or "")), is_sticky)

    def shown(self, path: str) -> Shown | None:
        """Return whom a path belongs to and its permissions, or `None` when there is no such path."""
        try:
            is_directory = not path or self.is_directory(path)
            with self._asking(path):
                found = self._at(path).get_access_control(upn=False)
        except NotFound:
            return None
        owner, group = str(found.get("owner") or "").lower(), str(found.get("group") or "").lower()
        return Shown(path, owner, group, str(found.get("permissions") or ""), is_directory)

    def page(self, path: str, *, token: str = "", at_most: int = 2000) -> tuple[list[Shown], str]:
        """Return what is below a directory, as far as one request goes, and where the next one goes on.

        Args:
            path: The directory; of a file, nothing is below it.
            token: Where an earlier request ended.
            at_most: How many paths.
        """
        with self._asking(path):
            pages = self._client.get_paths(path or None, recursive=True, max_results=at_most).by_page(token or None)
            found = [
                Shown(
                    str(one.name),
                    str(one.owner).lower(),
                    str(one.group).lower(),
                    str(one.permissions),
                    bool(one.is_directory),
                )
                for one in next(pages)
            ]
        return found, str(getattr(pages, "continuation_token", None) or "")

    def own(self, path: str, wished: Mapping[str, str]) -> None:
        """Give a path an `owner`, a `group`, or `permissions` in four octal digits."""
        with self._asking(path):
            self._at(path).set_access_control(
                owner=wished.get("owner"), group=wished.get("group"), permissions=wished.get("permissions")
            )

    def folders(self, path: str, *, recursive: bool = False) -> list[str]:
        """Return the folders right below one, or all the way down."""
        return [one for one, is_directory in self._children(path, recursive=recursive) if is_directory]

    def is_directory(self, path: str) -> bool:
        """Tell if a path is a directory.

        Raises:
            NotFound: There is no such path.
        """
        with self._asking(path):
            found = self._at(path).get_directory_properties()
        return (found.metadata or {}).get("hdi_isfolder") == "true"

    def _children(self, path: str, *, recursive: bool = False) -> list[tuple[str, bool]]:
        with self._asking(path):
            found = list(self._client.get_paths(path or None, recursive=recursive))
        return [(str(one.name), bool(one.is_directory)) for one in found]

    def make(self, path: str) -> None:
        """Make a folder, with those above it."""
        with translated(self._profile):
            self._at(path).create_directory()

    def replace(self, path: str, entries: Iterable[Ace]) -> None:
        """Make these entries the list of one path."""
        with self._asking(path):
            self._at(path).set_access_control(acl=posix.text(entries))

    def change_below(self, path: str, mode: Mode, acl: str, *, token: str = "", at_most: int = 2000) -> Batch:
        """Change the lists of a path and of all below it, as far as one request goes; what refuses is passed over.

        Args:
            path: The directory or file.
            mode: What is done with the entries.
            acl: The entries; without rights when they are removed.
            token: Where an earlier request ended.
            at_most: How many paths, up to 2000.

        Wire: one `PATCH ?action=setAccessControlRecursive&forceFlag=true`; safe to repeat.
        Source: Data Lake Storage REST reference, "Path - Update".
        """
        heard: list[Any] = []  # Any: the SDK's AccessControlChanges
        client = self._at(path)
        act = {
            "set": client.set_access_control_recursive,
            "modify": client.update_access_control_recursive,
            "remove": client.remove_access_control_recursive,
        }[mode]
        with self._asking(path):
            result = act(
                acl=acl,
                batch_size=at_most,
                max_batches=1,
                continue_on_failure=True,
                continuation_token=token or None,
                progress_hook=heard.append,
            )
        done = [batch.batch_counters for batch in heard]
        failed = tuple((str(one.name), str(one.error_message)) for batch in heard for one in batch.batch_failures)
        token = str(result.continuation or "")
        return Batch(
            sum(one.directories_successful for one in done), sum(one.files_successful for one in done), failed, token
        )

    def put(self, path: str, entries: Iterable[Ace]) -> None:
        """Put entries into the list of one path; the others stay."""
        before = self.of(path)
        if before is None:
            raise NotFound(f"there is no {path!r} in {self.file_system}")
        wanted = posix.text(posix.changed(before.entries, entries))
        with self._asking(path):
            self._at(path).set_access_control(acl=wanted)

    def put_below(self, path: str, entries: Iterable[Ace]) -> None:
        """Put entries into the lists of everything below a folder, all the way down; the folder's own stays."""
        wanted = posix.text(entries)
        self._each(path, lambda client: client.update_access_control_recursive(acl=wanted))

    def take(self, path: str, who: str) -> None:
        """Take a group's entries off a folder and everything below it."""
        wanted = f"group:{who},default:group:{who}"
        with self._asking(path):
            self._checked(self._at(path).remove_access_control_recursive(acl=wanted), path)

    def take_here(self, path: str, who: str) -> None:
        """Take a group's entries off one folder."""
        before = self.of(path)
        if before is None:
            return
        left = [one for one in before.entries if one.key[:2] != ("group", who.lower()) and one.kind != "mask"]
        with self._asking(path):
            self._at(path).set_access_control(acl=posix.text(left))

    def _each(self, path: str, act: Callable[[DataLakeDirectoryClient], object]) -> None:
        def one(child: str) -> None:
            with self._asking(child):
                self._checked(act(self._at(child)), child)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(one, [child for child, _ in self._children(path)]):
                pass

    def _checked(self, result: object, path: str) -> None:
        """Raise when some path refused: the service goes on to the end and counts."""
        counters = getattr(result, "counters", None)
        failed = int(getattr(counters, "failure_count", 0) or 0)
        if failed:
            hint = "Next: run the same command again"
            raise LakeportError(f"{failed} paths below {path!r} in {self.file_system} kept their lists", hint=hint)
