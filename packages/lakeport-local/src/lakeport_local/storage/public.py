"""What anybody may read without saying who they are: containers made public, on accounts that allow it.

Source: storage.md 4.1; "Configure anonymous read access for containers and blobs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import SharedAccess
from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Request
    from lakeport_local.state import Resource
    from lakeport_local.storage.address import Address
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.file_systems import FileSystem

HEADER = "x-ms-blob-public-access"
_LEVELS = {"blob", "container"}
_OF_BLOBS = {"", "metadata", "blocklist", "pagelist", "properties"}
_OF_CONTAINERS = {"", "list", "metadata", "properties"}
_OLD = "2019-12-12"


def asked_level(call: Call) -> str:
    """Return how public a request wants its container; empty for not at all.

    Raises:
        ServiceError: 400 `InvalidHeaderValue`; 409 `PublicAccessNotPermitted`: the account does not allow it.
    """
    level = call.header(HEADER) or ""
    if level and level not in _LEVELS:
        raise refusal("InvalidHeaderValue", HeaderName=HEADER, HeaderValue=level)
    if level and not is_allowed(call.account):
        raise refusal("PublicAccessNotPermitted")
    return level


def is_allowed(account: Resource) -> bool:
    """Tell whether an account lets containers be public."""
    return bool(account.properties.get("allowBlobPublicAccess"))


def level_of(file_system: FileSystem) -> str:
    """Return how public a container is; empty for not at all."""
    return str(file_system.detail("public") or "")


def anonymous(request: Request, account: Resource, address: Address, level: str) -> SharedAccess | None:
    """Return who a sender is that says nothing of it, or None when they may read nothing here.

    Args:
        request: The request.
        account: The account addressed.
        address: What is addressed.
        level: How public its container is.

    Raises:
        ServiceError: 409 `PublicAccessNotPermitted`, 404 `ResourceNotFound`: what clients of old versions are told.
    """
    is_read = request.method in {"GET", "HEAD"} and address.api == "blob" and bool(address.file_system)
    word = (request.parameter("comp") or "").lower()
    if is_read and level and is_allowed(account):
        is_path = address.level(request) == "path"
        if is_path and word in _OF_BLOBS:
            return SharedAccess(account.id, frozenset("r"))
        if not is_path and level == "container" and word in _OF_CONTAINERS:
            return SharedAccess(account.id, frozenset("rl"))
    version = request.headers.get("x-ms-version") or ""
    if version < _OLD and address.api == "blob":
        raise refusal("ResourceNotFound" if is_allowed(account) else "PublicAccessNotPermitted")
    return None
