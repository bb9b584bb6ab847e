"""Reach, work with and share Azure Data Lake Storage Gen2, in the cloud or in a local Azure.

Names are loaded when they are used: importing this package loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport.connection import AsyncDirectory, AsyncFile, AsyncLake, Directory, File, Lake, connect
    from lakeport.errors import LakeportError
    from lakeport.identity import credential
    from lakeport.identity.sign_in import sign_in
    from lakeport.lake import FileSystem, LakeUrl
    from lakeport.lake import parse as parse_url
    from lakeport.profiles import Profile
    from lakeport.profiles import resolve as profile
    from lakeport.share import Consumer, Plan, Provider, Session, Step
    from lakeport.share.files import consumer as read_receive_file
    from lakeport.share.files import provider as read_share_file

__version__ = "0.1.0"

_WHERE = {
    "AsyncDirectory": "connection:AsyncDirectory",
    "AsyncFile": "connection:AsyncFile",
    "AsyncLake": "connection:AsyncLake",
    "Consumer": "share:Consumer",
    "Directory": "connection:Directory",
    "File": "connection:File",
    "FileSystem": "lake:FileSystem",
    "Lake": "connection:Lake",
    "LakeUrl": "lake:LakeUrl",
    "LakeportError": "errors:LakeportError",
    "Plan": "share:Plan",
    "Profile": "profiles:Profile",
    "Provider": "share:Provider",
    "Session": "share:Session",
    "Step": "share:Step",
    "connect": "connection:connect",
    "credential": "identity:credential",
    "parse_url": "lake:parse",
    "profile": "profiles:resolve",
    "read_receive_file": "share.files:consumer",
    "read_share_file": "share.files:provider",
    "sign_in": "identity.sign_in:sign_in",
}

__all__ = [
    "AsyncDirectory",
    "AsyncFile",
    "AsyncLake",
    "Consumer",
    "Directory",
    "File",
    "FileSystem",
    "Lake",
    "LakeUrl",
    "LakeportError",
    "Plan",
    "Profile",
    "Provider",
    "Session",
    "Step",
    "__version__",
    "connect",
    "credential",
    "parse_url",
    "profile",
    "read_receive_file",
    "read_share_file",
    "sign_in",
]


def __getattr__(name: str) -> object:
    """Load a public name."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _WHERE[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return __all__
