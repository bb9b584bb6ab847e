"""A path in a file system: what it is called, for callers that wait and callers that await."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lakeport.errors import Misused
from lakeport.lake import LakeUrl

if TYPE_CHECKING:
    from lakeport.profiles import Profile


class Held(Protocol):
    """A file system, of either kind.

    Attributes:
        profile: Who asks.
        account: The storage account.
        name: The file system's.
    """

    profile: Profile
    account: str
    name: str


Lake = TypeVar("Lake", bound=Held)


class Point(Generic[Lake]):
    """A path in a file system.

    Attributes:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    def __init__(self, lake: Lake, path: str) -> None:
        self.lake = lake
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and (type(self), self.url) == (type(other), other.url)

    def __hash__(self) -> int:
        return hash((type(self), self.url))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def url(self) -> str:
        """Its `abfss://` URL."""
        host = self.lake.profile.cloud.dfs_suffix
        return f"abfss://{self.lake.name}@{self.lake.account}.{host}/{self.path}"

    @property
    def _above(self) -> str:
        return self.path.rpartition("/")[0]

    def _into(self, target: str) -> str:
        if not self.path or not target.strip("/"):
            raise Misused("a file system cannot be renamed", hint="Name a path in it")
        return target.strip("/")


def asked(point: Point[Lake], *, is_folder: bool = False) -> LakeUrl:
    """Return a path as transfers know it.

    Args:
        point: Which.
        is_folder: What comes to it goes into it.
    """
    return LakeUrl(point.lake.name, point.path, point.lake.account, named(point.lake.profile), is_folder)


def named(profile: Profile) -> str:
    """Return the name by which a URL finds a profile again, or nothing where the usual one is meant."""
    return "" if profile.name == "default" else profile.name
