"""How libraries name what lies in a lake, and which profile they mean by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from lakeport import profiles
from lakeport.errors import Misused
from lakeport.lake import LakeUrl, profile_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport.profiles import Profile

PROTOCOLS = ("abfss", "abfs", "az")
_URL = re.compile(
    r"(?:abfss?|az)://(?:(?P<container>[^@/]+)@(?P<account>[^./]+)\.[^/]+|(?P<alone>[^@/]*))(?:/(?P<path>.*))?"
)

# What adlfs calls them, so that calls written for it go on: our own names of the same things.
_OPTIONS = {
    "account_key": "account_key",
    "sas_token": "sas",
    "connection_string": "connection_string",
    "tenant_id": "tenant_id",
    "client_id": "client_id",
    "client_secret": "client_secret",
}
_OURS = frozenset({"profile", "opened_by"})
_NEUTRAL = frozenset(
    {
        "account_name",
        "asynchronous",
        "batch_size",
        "default_block_size",
        "listings_expiry_time",
        "loop",
        "max_paths",
        "skip_instance_cache",
        "use_listings_cache",
    }
)
_MEANINGLESS = frozenset({"anon", "asynchronous", "batch_size", "loop"})


@dataclass(frozen=True)
class Named:
    """A place as a library names it.

    Attributes:
        path: `container/path`, without slashes around it.
        account: The storage account, or empty.
    """

    path: str
    account: str = ""


def named(text: str) -> Named:
    """Return what a URL or path names.

    Example:
        >>> named("abfss://raw@contosolake.dfs.core.windows.net/a/b.csv")
        Named(path='raw/a/b.csv', account='contosolake')
        >>> named("az://raw/a/"), named("raw/a")
        (Named(path='raw/a', account=''), Named(path='raw/a', account=''))
    """
    found = _URL.fullmatch(text)
    if found is None:
        if "://" in text:
            hint = "Write abfss://FILE_SYSTEM@ACCOUNT.dfs.core.windows.net/PATH"
            raise Misused(f"{text} names no lake", hint=hint)
        return Named(text.strip("/"))
    container = found["container"] or found["alone"]
    return Named(f"{container}/{found['path'] or ''}".strip("/"), found["account"] or "")


def is_adlfs(options: Mapping[str, object]) -> bool:
    """Tell if options are in adlfs's own words, and adlfs is there to take them.

    Both are named by the same protocols; what was written for adlfs must not change because lakeport is installed, too.
    """
    if not options.keys().isdisjoint(_OURS) or options.keys() <= _NEUTRAL:
        return False
    return find_spec("adlfs") is not None


def profile_for(account: str, profile: str, options: Mapping[str, object]) -> Profile:
    """Return the profile that a library's options mean: one that is named, else the account's own, else the usual one.

    Args:
        account: The storage account, or empty.
        profile: A profile's name, or empty.
        options: What else is said, with adlfs's names.

    Raises:
        Misused: An option is none of ours.
        BadProfile: Nothing says which account.
    """
    given = {name: value for name, value in options.items() if value is not None and name not in _MEANINGLESS}
    strange = sorted(given.keys() - _OPTIONS.keys())
    if strange or options.get("anon") is True:
        which = ", ".join(strange) or "anon"
        hint = "Name a profile, or construct adlfs.AzureBlobFileSystem yourself"
        raise Misused(f"lakeport's file system takes no option {which}", hint=hint)
    if not given:
        return profile_of(LakeUrl("-", "", account), profile or None)
    values = {_OPTIONS[name]: str(value) for name, value in given.items()}
    if account:
        values["storage_account"] = account
    return profiles.resolve(profile or None, arguments=values)
