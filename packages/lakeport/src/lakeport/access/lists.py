"""The access control lists of one file system, read and changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from lakeport.access import posix
from lakeport.access.posix import Ace, Listed
from lakeport.errors import LakeportError, NotFound
from lakeport.identity import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from azure.core.credentials import TokenCredential
    from azure.storage.filedatalake import DataLakeDirectoryClient, FileSystemClient

    from lakeport.access.roles import Container
    from lakeport.profiles import Profile

AT_ONCE = 8


class Lists:
    """The lists of one file system, as one caller."""

    def __init__(self, profile: Profile, credential: TokenCredential, place: Container) -> None:
        self._profile = profile
        self._credential = credential
        self._place = place

    @cached_property
    def _client(self) -> FileSystemClient:
        from azure.storage.filedatalake import ExponentialRetry, FileSystemClient  # noqa: PLC0415  (half a second)

        cloud, options = self._profile.cloud, self._profile.cloud.sdk_options()
        return FileSystemClient(
            cloud.account_url(self._place.name),
            self._place.file_system,
            credential=self._credential,
            proxies=options.get("proxies"),
            connection_verify=options.get("connection_verify", True),
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=3),
        )

    def _at(self, path: str) -> DataLakeDirectoryClient:
        return self._client.get_directory_client(path or "/")

    def of(self, path: str) -> Listed | None:
        """Return a path's list, or `None` when there is no such path."""
        with translated(self._profile, f"{self._place.file_system}/{path} in {self._place.name}"):
            try:
                found = self._ask(lambda: self._at(path).get_access_control(upn=False))
            except NotFound:
                return None
        owner, group = str(found.get("owner") or "").lower(), str(found.get("group") or "").lower()
        return Listed(path, owner, group, posix.parse(str(found.get("acl") or "")))

    def _ask(self, act: Callable[[], object]) -> dict[str, object]:
        with translated(self._profile):
            found = act()
        return dict(found) if isinstance(found, dict) else {}

    def folders(self, path: str) -> list[str]:
        """Return the folders right below one."""
        return [one for one, is_directory in self._children(path) if is_directory]

    def _children(self, path: str) -> list[tuple[str, bool]]:
        with translated(self._profile, f"{self._place.file_system}/{path} in {self._place.name}"):
            found = list(self._client.get_paths(path or None, recursive=False))
        return [(str(one.name), bool(one.is_directory)) for one in found]

    def make(self, path: str) -> None:
        """Make a folder, with those above it."""
        with translated(self._profile):
            self._at(path).create_directory()

    def put(self, path: str, entries: Iterable[Ace]) -> None:
        """Put entries into the list of one path; the others stay."""
        before = self.of(path)
        if before is None:
            raise NotFound(f"there is no {path!r} in {self._place.file_system}")
        wanted = posix.text(posix.changed(before.entries, entries))
        with translated(self._profile, f"{self._place.file_system}/{path} in {self._place.name}"):
            self._at(path).set_access_control(acl=wanted)

    def put_below(self, path: str, entries: Iterable[Ace]) -> None:
        """Put entries into the lists of everything below a folder, all the way down; the folder's own stays."""
        wanted = posix.text(entries)
        self._each(path, lambda client: client.update_access_control_recursive(acl=wanted))

    def take(self, path: str, who: str) -> None:
        """Take a group's entries off a folder and everything below it."""
        wanted = f"group:{who},default:group:{who}"
        with translated(self._profile, f"{self._place.file_system}/{path} in {self._place.name}"):
            self._checked(self._at(path).remove_access_control_recursive(acl=wanted), path)

    def take_here(self, path: str, who: str) -> None:
        """Take a group's entries off one folder."""
        before = self.of(path)
        if before is None:
            return
        left = [one for one in before.entries if one.key[:2] != ("group", who.lower()) and one.kind != "mask"]
        with translated(self._profile, f"{self._place.file_system}/{path} in {self._place.name}"):
            self._at(path).set_access_control(acl=posix.text(left))

    def _each(self, path: str, act: Callable[[DataLakeDirectoryClient], object]) -> None:
        def one(child: str) -> None:
            with translated(self._profile, f"{self._place.file_system}/{child} in {self._place.name}"):
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
            raise LakeportError(
                f"{failed} paths below {path!r} in {self._place.file_system} kept their lists", hint=hint
            )
