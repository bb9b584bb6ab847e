"""`access.yaml`: consumers, their members and their folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from lakeport import documents, profiles
from lakeport.access.roles import CONTRIBUTOR, READER, Container, Role
from lakeport.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.profiles import Profile

Right = Literal["read", "write"]
CAN = {"read": "r-x", "write": "rwx"}
ROLES: dict[str, Role] = {"read": READER, "write": CONTRIBUTOR}
PASSING = "--x"
"""What a group needs on every folder above its own."""
_CONSUMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


class AccessFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`access.yaml`: who may see what in one file system."""

    consumers: dict[str, dict[str, Right]]
    members: dict[str, list[str]] = {}
    profile: str | None = None
    storage_account: str | None = None
    file_system: str | None = None
    resource_group: str | None = None
    subscription_id: str | None = None


@dataclass(frozen=True)
class Consumer:
    """One consumer: a group, who is in it, and what it may do where.

    Attributes:
        members: Names and ids as the file has them; `None`: the group's members are left alone.
        folders: Rights by folder, without slashes around it; the empty one is the whole file system.
    """

    name: str
    members: tuple[str, ...] | None
    folders: dict[str, Right]


@dataclass(frozen=True)
class Wished:
    """Who should see what.

    Attributes:
        where: What names this file on a command line.
    """

    profile: Profile
    place: Container
    consumers: tuple[Consumer, ...]
    where: str = ""

    def group_name(self, consumer: str) -> str:
        """Return the name of a consumer's group: it tells which lake it is for, so that files never share one."""
        return f"{self.prefix}{consumer}"

    @property
    def prefix(self) -> str:
        """What the names of all groups of this file system begin with."""
        return f"lake {self.place.name}/{self.place.file_system} "


def read(path: Path, *, profile: str | None = None) -> Wished:
    """Return what an `access.yaml` wants.

    Raises:
        BadFile: The file is wrong.
        BadProfile: A value is neither in the file nor in the profile.
    """
    file = documents.read(path, AccessFile)
    resolved = profiles.resolve(profile or file.profile)
    found = {
        "storage_account": file.storage_account or resolved.storage_account,
        "file_system": file.file_system or resolved.file_system,
        "resource_group": file.resource_group or resolved.resource_group,
        "subscription_id": file.subscription_id or resolved.subscription_id,
    }
    for key, value in found.items():
        if not value:
            hint = f"Write {key}: in the file or give it to the profile"
            raise BadFile(f"{path}: neither the file nor profile {resolved.name!r} says {key}", hint=hint)
    strangers = sorted(set(file.members) - set(file.consumers))
    if strangers:
        raise BadFile(f"{path}: members names {strangers[0]!r}, which is no consumer", hint="Give it folders")
    place = Container(found["subscription_id"], found["resource_group"], found["storage_account"], found["file_system"])
    consumers = tuple(
        Consumer(_name(name, path), _members(file, name), _folders(name, folders, path))
        for name, folders in file.consumers.items()
    )
    return Wished(resolved, place, consumers, str(path))


def _members(file: AccessFile, name: str) -> tuple[str, ...] | None:
    return tuple(file.members[name]) if name in file.members else None


def _name(name: str, path: Path) -> str:
    if not _CONSUMER.fullmatch(name):
        raise BadFile(f"{path}: {name!r} is no name for a consumer", hint="1 to 64 letters, digits, space, . _ and -")
    return name


def _folders(consumer: str, folders: dict[str, Right], path: Path) -> dict[str, Right]:
    found: dict[str, Right] = {}
    for folder, right in folders.items():
        clean = folder.strip("/")
        if any(part in {"", ".", ".."} for part in clean.split("/")) and clean:
            raise BadFile(f"{path}: {consumer}: {folder!r} is no folder")
        if clean in found:
            raise BadFile(f"{path}: {consumer}: the folder {folder!r} is there twice")
        found[clean] = right
    return found


def above(folder: str) -> list[str]:
    """Return the folders above one, from the root down.

    Example:
        >>> above("a/b/c"), above("")
        (['', 'a', 'a/b'], [])
    """
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts))]
