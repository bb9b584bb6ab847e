"""Which account, API, file system and path a request is for.

Source: storage.md 1.1 and 1.3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from lakeport_local.storage.names import decoded, flat_name, normal_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.core import Request

Api: TypeAlias = Literal["dfs", "blob"]
Level: TypeAlias = Literal["account", "file_system", "path"]

_PLAIN_METHODS = frozenset({"GET", "HEAD", "PUT"})
ROOT = "$root"
_HOST = re.compile(r"([a-z0-9]{3,24})(-secondary)?\.(dfs|blob)\..+", re.ASCII)
_SIGNER = re.compile(r"SharedKey(?:Lite)? ([a-z0-9]{3,24}):", re.ASCII)

_BLOB_PARAMETERS = {"comp", "restype", "snapshot", "versionid", "blockid", "copyid", "deletetype"}
_DFS_PARAMETERS = {"resource", "action", "mode", "recursive", "paginated", "continuation", "upn", "fsaction"}
_BLOB_HEADERS = frozenset(
    {
        "x-ms-undelete-source",
        "x-ms-blob-type",
        "x-ms-copy-source",
        "x-ms-requires-sync",
        "x-ms-delete-snapshots",
        "x-ms-range",
    }
)
_TELLING_HEADERS = _BLOB_HEADERS | {"x-http-method-override", "x-ms-rename-source"}


class Address(msgspec.Struct, frozen=True):
    """Where a request goes.

    Attributes:
        account: Name of the storage account; empty when the request names none.
        api: Which API answers.
        file_system: Name of the file system; empty for the account itself.
        path: Path below it, normal form; empty for its root.
        is_secondary: The read-only twin of the account was addressed.
        is_mixed: One endpoint serves both APIs, so that the API was told from the request alone.
    """

    account: str
    api: Api
    file_system: str
    path: str
    is_secondary: bool = False
    is_mixed: bool = False

    def level(self, request: Request) -> Level:
        """Return what a request to this address is about.

        The one place that tells: what a signature is checked against and which operation answers must never differ.
        """
        if not self.file_system:
            return "account"
        if self.path:
            return "path"
        name, value = ("resource", "filesystem") if self.api == "dfs" else ("restype", "container")
        return "file_system" if (request.parameter(name) or "").lower() == value else "path"


def _never(_name: str) -> bool:
    return False


def address_of(request: Request, is_account: Callable[[str], bool], is_flat: Callable[[str], bool] = _never) -> Address:
    """Read where a request goes.

    Args:
        request: The request.
        is_account: Tells whether a storage account has this name.
        is_flat: Tells whether it has no directories, so that every slash of a name counts.

    Raises:
        ServiceError: 400 `InvalidUri`.
    """
    if not request.explicit:
        match = _HOST.fullmatch(request.host)
        name, secondary, api = match.groups() if match else ("", None, "blob")
        file_system, path = _named(request, request.raw_path.removeprefix("/"), is_flat=is_flat(name))
        return Address(name, "dfs" if api == "dfs" else "blob", file_system, path, bool(secondary))
    first, _, rest = request.raw_path.lstrip("/").partition("/")
    name = first.removesuffix("-secondary")
    signer = _SIGNER.match(request.headers.get("authorization") or "")
    if signer is not None and signer[1] != name and not is_account(name) and is_account(signer[1]):
        # C++ and others drop the account from the destination of a rename.
        name, rest = signer[1], request.raw_path.lstrip("/")
    file_system, path = _named(request, rest, is_flat=is_flat(name))
    return Address(name, told_api(request), file_system, path, name != first and first.endswith("-secondary"), True)


def _named(request: Request, raw: str, *, is_flat: bool) -> tuple[str, str]:
    """Return file system and path; where there are no directories, a lone name is that of a blob in `$root`.

    Source: "Naming and referencing containers, blobs, and metadata", root container.
    """
    is_lone = is_flat and raw and "/" not in raw
    if is_lone and "restype" not in {name.lower() for name, _ in request.query} and not _is_of_file_system(request):
        return ROOT, flat_name(decoded(raw))
    return _split(raw, is_flat=is_flat)


def _is_of_file_system(request: Request) -> bool:
    return (request.parameter("resource") or "").lower() == "filesystem"


@lru_cache(maxsize=4096)
def _split(raw: str, *, is_flat: bool) -> tuple[str, str]:
    if not is_flat:
        raw = raw.lstrip("/")
    file_system, _, path = raw.partition("/")
    return decoded(file_system), (flat_name if is_flat else normal_path)(decoded(path))


def told_api(request: Request) -> Api:
    """Tell dfs from blob where both share an endpoint, by the first rule that knows.

    Source: storage.md 1.3.
    """
    headers = request.headers
    if request.method in _PLAIN_METHODS and not request.raw_query and not headers.has_any(_TELLING_HEADERS):
        return "blob"
    names = {name.lower() for name, _ in request.query}
    if request.method == "PATCH" or (headers.get("x-http-method-override") or "").upper() == "PATCH":
        return "dfs"
    if names & _BLOB_PARAMETERS:
        return "blob"
    if names & _DFS_PARAMETERS or "x-ms-rename-source" in headers:
        return "dfs"
    if headers.has_any(_BLOB_HEADERS):
        return "blob"
    is_dfs_lease = request.method == "POST" and "x-ms-lease-action" in headers
    is_dfs_delete = request.method == "DELETE" and "json" in (headers.get("accept") or "")
    return "dfs" if is_dfs_lease or is_dfs_delete else "blob"
