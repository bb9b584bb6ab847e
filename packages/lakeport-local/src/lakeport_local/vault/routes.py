"""The table of what a vault answers: method, path, what it takes to be allowed, and the handler.

Source: identity.md 5; the public reference of Key Vault's REST API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from lakeport_local.vault import certificates, creation, secrets
from lakeport_local.vault.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Request, Response
    from lakeport_local.vault.call import Call

Handler: TypeAlias = Callable[["Call"], "Response"]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    Attributes:
        method: The method.
        path: The path's segments; `{name}` and `{version}` stand for what varies.
        kind: `secrets` or `certificates`.
        action: The rest of the data action, such as `getSecret/action`.
        permission: The access policy's word for it.
        handler: Answers.
    """

    method: str
    path: tuple[str, ...]
    kind: str
    action: str
    permission: str
    handler: Handler

    @property
    def words(self) -> tuple[str, str, str]:
        """What the operation is called in `parity/`."""
        return ("vault", self.method, "/".join(self.path))


def _secret(method: str, path: str, action: str, permission: str, handler: Handler) -> Route:
    return Route(method, tuple(path.split("/")), "secrets", action, permission, handler)


def _certificate(method: str, path: str, action: str, permission: str, handler: Handler) -> Route:
    return Route(method, tuple(path.split("/")), "certificates", action, permission, handler)


ROUTES: tuple[Route, ...] = (
    _secret("GET", "secrets", "readMetadata/action", "list", secrets.list_secrets),
    _secret("POST", "secrets/restore", "restore/action", "restore", secrets.restore_secret),
    _secret("PUT", "secrets/{name}", "setSecret/action", "set", secrets.set_secret),
    _secret("GET", "secrets/{name}", "getSecret/action", "get", secrets.get_secret),
    _secret("PATCH", "secrets/{name}", "update/action", "set", secrets.update_secret),
    _secret("DELETE", "secrets/{name}", "delete", "delete", secrets.delete_secret),
    _secret("GET", "secrets/{name}/versions", "readMetadata/action", "list", secrets.list_versions),
    _secret("POST", "secrets/{name}/backup", "backup/action", "backup", secrets.backup_secret),
    _secret("GET", "secrets/{name}/{version}", "getSecret/action", "get", secrets.get_secret),
    _secret("PATCH", "secrets/{name}/{version}", "update/action", "set", secrets.update_secret),
    _secret("GET", "deletedsecrets", "readMetadata/action", "list", secrets.list_deleted_secrets),
    _secret("GET", "deletedsecrets/{name}", "readMetadata/action", "get", secrets.get_deleted_secret),
    _secret("DELETE", "deletedsecrets/{name}", "purge/action", "purge", secrets.purge_secret),
    _secret("POST", "deletedsecrets/{name}/recover", "recover/action", "recover", secrets.recover_secret),
    _certificate("GET", "certificates", "read", "list", certificates.list_certificates),
    _certificate("POST", "certificates/{name}/import", "import/action", "import", certificates.import_certificate),
    _certificate("POST", "certificates/restore", "restore/action", "restore", creation.restore_certificate),
    _certificate("POST", "certificates/{name}/create", "create/action", "create", creation.create_certificate),
    _certificate("GET", "certificates/{name}/pending", "read", "get", creation.get_operation),
    _certificate("PATCH", "certificates/{name}/policy", "update/action", "update", creation.update_policy),
    _certificate("POST", "certificates/{name}/backup", "backup/action", "backup", creation.backup_certificate),
    _certificate("GET", "certificates/{name}", "read", "get", certificates.get_certificate),
    _certificate("PATCH", "certificates/{name}", "update/action", "update", certificates.update_certificate),
    _certificate("DELETE", "certificates/{name}", "delete", "delete", certificates.delete_certificate),
    _certificate("GET", "certificates/{name}/policy", "read", "get", certificates.get_policy),
    _certificate("GET", "certificates/{name}/versions", "read", "list", certificates.list_versions),
    _certificate("GET", "certificates/{name}/{version}", "read", "get", certificates.get_certificate),
    _certificate("PATCH", "certificates/{name}/{version}", "update/action", "update", certificates.update_certificate),
    _certificate("GET", "deletedcertificates", "read", "list", certificates.list_deleted_certificates),
    _certificate("GET", "deletedcertificates/{name}", "read", "get", certificates.get_deleted_certificate),
    _certificate("DELETE", "deletedcertificates/{name}", "purge/action", "purge", certificates.purge_certificate),
    _certificate(
        "POST", "deletedcertificates/{name}/recover", "recover/action", "recover", certificates.recover_certificate
    ),
)
"""The first line that fits wins: fixed words stand before what varies."""


def find(request: Request) -> tuple[Route, str, str]:
    """Return the route of a request, the name and the version in its path; a slash at the end means nothing.

    Raises:
        ServiceError: 404 for a path that no line has, 405 for a method that none has for it.
    """
    segments = [unquote(part) for part in request.raw_path.strip("/").split("/")]
    fitting = [(route, keys) for route in ROUTES if (keys := _keys(route.path, segments)) is not None]
    for route, keys in fitting:
        if route.method == request.method:
            return route, keys.get("{name}", ""), keys.get("{version}", "")
    if fitting:
        raise refusal(405, "MethodNotAllowed", f"The method {request.method} is not allowed for this resource.")
    raise refusal(404, "NotFound", "The requested resource was not found.")


def _keys(path: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(path) != len(segments):
        return None
    keys = {}
    for part, segment in zip(path, segments, strict=True):
        if part.startswith("{"):
            keys[part] = segment
        elif part != segment.lower():
            return None
    return keys
