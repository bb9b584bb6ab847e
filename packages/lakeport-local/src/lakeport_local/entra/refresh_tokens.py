"""Refresh tokens: sealed notes of who signed in to which app; good for other resources and tenants.

Nothing is stored for one: the note carries a MAC under the folder's secret. It is revoked with its user's sessions.

Source: identity.md 1.8.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Ids
    from lakeport_local.state import Store

_LIFETIME = timedelta(days=90)
_SETTING = "entra.refresh_key"
_MARK = "lakeport-local.2."


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a refresh token remembers.

    Attributes:
        client_id: The app that was signed in to.
        tenant_id: Home tenant of the user.
        object_id: Object id of the user at home.
        scope: The scopes asked for last.
        issued_at: When, in epoch milliseconds; set by `seal`.
    """

    client_id: str
    tenant_id: str
    object_id: str
    scope: str
    issued_at: int = 0


class RefreshTokens:
    """Seals and opens the refresh tokens of one folder.

    Args:
        store: Keeps the key.
        ids: Makes it.
        clock: Says when a token ends.
    """

    def __init__(self, store: Store, ids: Ids, clock: Clock) -> None:
        self._clock = clock
        self._ids = ids
        kept = store.setting(_SETTING)
        if kept is None:
            kept = ids.token(32).hex()
            store.set_setting(_SETTING, kept)
        self._key = bytes.fromhex(kept)

    def seal(self, remembered: Remembered) -> str:
        """Return a new refresh token."""
        ends = int((self._clock.now() + _LIFETIME).timestamp())
        note = [
            remembered.client_id,
            remembered.tenant_id,
            remembered.object_id,
            remembered.scope,
            ends,
            self._ids.guid(),
            int(self._clock.now().timestamp() * 1000),
        ]
        payload = orjson.dumps(note)
        return _MARK + base64.urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def open(self, token: str) -> Remembered:
        """Return what a refresh token remembers.

        Raises:
            EntraError: 70000: not one of ours. 700082: it has ended.
        """
        text = token.removeprefix(_MARK)
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except ValueError:
            raise refusal(70000) from None
        mac, payload = sealed[:32], sealed[32:]
        if not token.startswith(_MARK) or not hmac.compare_digest(mac, self._mac(payload)):
            raise refusal(70000)
        client_id, tenant_id, object_id, scope, ends, _, issued_at = orjson.loads(payload)
        if ends <= self._clock.now().timestamp():
            raise refusal(700082)
        return Remembered(client_id, tenant_id, object_id, scope, issued_at)

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)
