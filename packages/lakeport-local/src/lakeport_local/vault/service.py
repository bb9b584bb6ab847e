"""Key Vault's HTTP face: every vault at its own host.

Source: identity.md 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.core import MemorySink, Response, ServiceError
from lakeport_local.vault import errors
from lakeport_local.vault.call import Call
from lakeport_local.vault.door import Door
from lakeport_local.vault.routes import find
from lakeport_local.vault.sealing import Sealing

if TYPE_CHECKING:
    from lakeport_local.access import Access
    from lakeport_local.core import BodySink, Ids, Request
    from lakeport_local.entra import Tokens
    from lakeport_local.state import Resources, Store
    from lakeport_local.vault.chest import Chest

_VERSION = re.compile(r"7\.[0-6](-preview(\.\d)?)?|2016-10-01|202[56]-\d\d-\d\d(-preview)?", re.ASCII)
_MOST_BODY_BYTES = 1024 * 1024


class VaultService:
    """Answers for `*.vault.azure.net`; a `core.Service`.

    Args:
        chest: What vaults hold.
        store: Keeps the key of backups.
        resources: Knows the vaults.
        tokens: Verifies bearer tokens.
        access: Decides, and logs the decisions.
        ids: Gives nonces.
    """

    def __init__(
        self, chest: Chest, *, store: Store, resources: Resources, tokens: Tokens, access: Access, ids: Ids
    ) -> None:
        self._chest = chest
        self._store = store
        self._sealing = Sealing(store, ids)
        self._door = Door(resources, tokens, access)

    def open_body(self, request: Request) -> BodySink | Response:
        """Take the body into memory; a request without a token is challenged before its body is read."""
        announced = request.headers.get("content-length") or "0"
        if announced.isdecimal() and int(announced) > _MOST_BODY_BYTES:
            return _finished(request, errors.error_response(errors.bad_parameter("The request body is too large.")))
        if "authorization" not in request.headers:
            return self.handle(request)
        return MemorySink(_MOST_BODY_BYTES)

    def handle(self, request: Request) -> Response:
        """Answer a complete request; what it changes is kept as one, or not at all."""
        try:
            with self._store.transaction():
                response = self._answer(request)
        except ServiceError as refused:
            response = errors.error_response(refused)
        return _finished(request, response)

    def _answer(self, request: Request) -> Response:
        vault = self._door.vault(request)
        caller = self._door.authenticate(request, vault)
        _judge_version(request)
        route, name, version = find(request)
        request.operation = route.words
        self._door.authorize(request, vault, caller, route, name)
        return route.handler(Call(request, caller, vault, name, version, self._chest, self._sealing))


def _judge_version(request: Request) -> None:
    version = request.parameter("api-version")
    if not version:
        raise errors.bad_parameter("api-version must be specified")
    if not _VERSION.fullmatch(version):
        raise errors.bad_parameter(
            f"The specified version ({version[:32]}) is not recognized. Consider using the latest supported version (2026-04-01)."
        )


def _finished(request: Request, response: Response) -> Response:
    """Add what every answer of a vault carries."""
    if response.body:
        response.headers.append(("Content-Type", "application/json; charset=utf-8"))
    response.headers += [
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Expires", "-1"),
        ("x-ms-request-id", request.id),
        ("x-ms-keyvault-service-version", "1.9.2500.0"),
        ("X-Content-Type-Options", "nosniff"),
        ("Strict-Transport-Security", "max-age=31536000;includeSubDomains"),
    ]
    sent = request.headers.get("x-ms-client-request-id")
    if sent:
        response.headers.append(("x-ms-client-request-id", sent[:128]))
    return response
