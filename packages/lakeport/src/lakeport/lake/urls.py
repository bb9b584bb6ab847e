"""Where something lies: in a lake, or on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lakeport import profiles
from lakeport.errors import BadProfile, Misused

if TYPE_CHECKING:
    from lakeport.profiles import Profile

_ABFSS = re.compile(r"abfss?://(?P<file_system>[^@/]+)@(?P<account>[^./]+)\.(?P<suffix>[^/]+)(?:/(?P<path>.*))?")
_SHORT = re.compile(r"(?P<profile>local:[^:/]+|[A-Za-z0-9][A-Za-z0-9_.-]+):(?P<rest>(?!//).*)")


@dataclass(frozen=True)
class LakeUrl:
    """A place in a lake.

    Attributes:
        profile: The profile that a short URL names, or empty.
        account: The storage account, or empty when the profile says it.
        path: Without slashes around it; empty for the file system's root.
        is_folder: It was written with a slash at its end.
    """

    file_system: str
    path: str
    account: str = ""
    profile: str = ""
    is_folder: bool = field(default=False, compare=False)


def parse(text: str) -> LakeUrl | Path:
    """Return what a text on the command line names: a place in a lake, else a local path.

    Args:
        text: A URL, `PROFILE:FILE_SYSTEM/PATH`, or a local path.

    Raises:
        Misused: It has a URL's form and names no lake, or it is empty: a variable that is not set must not mean the current folder.

    Example:
        >>> parse("abfss://raw@contosolake.dfs.core.windows.net/a/b.csv").path
        'a/b.csv'
        >>> parse("contoso:raw/a")
        LakeUrl(file_system='raw', path='a', account='', profile='contoso', is_folder=False)
    """
    if not text.strip():
        raise Misused("a place that is named is empty", hint="Write PROFILE:FILE_SYSTEM/PATH or a local path")
    found = _parsed(text)
    return replace(found, is_folder=text.endswith("/")) if isinstance(found, LakeUrl) else found


def _parsed(text: str) -> LakeUrl | Path:
    full = _ABFSS.fullmatch(text)
    if full:
        return LakeUrl(full["file_system"], (full["path"] or "").strip("/"), full["account"])
    if text.startswith("https://"):
        return _portal_url(text)
    if "://" in text:
        raise Misused(
            f"{text} names no lake", hint="Write abfss://FILE_SYSTEM@ACCOUNT.dfs.core.windows.net/PATH or PROFILE:PATH"
        )
    short = _SHORT.fullmatch(text)
    if short and not Path(text).exists():
        if short["profile"] == "local":
            hint = f"Write {text}:FILE_SYSTEM/PATH"
            raise Misused(f"{text} names no file system", hint=hint)
        file_system, _, path = short["rest"].strip("/").partition("/")
        return LakeUrl(file_system, path.strip("/"), "", short["profile"])
    return Path(text)


def _portal_url(text: str) -> LakeUrl:
    parts = urlsplit(text)
    account, _, suffix = (parts.hostname or "").partition(".")
    if not suffix.startswith(("dfs.", "blob.")):
        raise Misused(f"{text} is at no storage account", hint="Hosts of lakes are ACCOUNT.dfs.core.windows.net")
    file_system, _, path = unquote(parts.path).strip("/").partition("/")
    if not account or not file_system:
        raise Misused(
            f"{text} names no file system", hint="Write https://ACCOUNT.dfs.core.windows.net/FILE_SYSTEM/PATH"
        )
    return LakeUrl(file_system, path, account)


def place_below(directory: str, path: str) -> str:
    """Return the path of a place below a directory.

    Args:
        directory: Without slashes around it; empty for the root.
        path: From there.

    Raises:
        Misused: It names nothing.

    Example:
        >>> place_below("raw", "/2030/a.csv"), place_below("", "a.csv")
        ('raw/2030/a.csv', 'a.csv')
    """
    if not path.strip("/"):
        raise Misused("a place below a directory has a name", hint="Name a path")
    return f"{directory}/{path.strip('/')}".lstrip("/")


def profile_of(url: LakeUrl, named: str | None = None) -> Profile:
    """Return the profile that reaches a place: the one it names, else the one given, else the account's own.

    Args:
        url: The place.
        named: A profile's name, for URLs that name none.

    Raises:
        BadProfile: Neither URL nor profile says which account or file system.
    """
    chosen = url.profile or named or _of_account(url.account)
    profile = profiles.resolve(chosen)
    if not (url.account or profile.storage_account):
        raise BadProfile(
            f"profile {profile.name!r} has no storage_account", hint="Give it one, or write the URL in full"
        )
    if not (url.file_system or profile.file_system):
        raise BadProfile(f"{url.profile}: names no file system", hint=f"Write {url.profile}:FILE_SYSTEM/PATH")
    return profile


def _of_account(account: str) -> str | None:
    for file in profiles.profile_files():
        for name, values in file.profiles.items():
            if account and "storage_account" in values and values["storage_account"].value == account:
                return name
    return None
