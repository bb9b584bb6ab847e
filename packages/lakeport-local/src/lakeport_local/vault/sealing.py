"""Backups of secrets: sealed, so that they are worth nothing outside the vaults of one subscription."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from lakeport_local.core import Ids
    from lakeport_local.state import Store

_SETTING = "vault_backup_key"
_NONCE_BYTES = 12


class Sealing:
    """Seals and opens, under a key of the state folder.

    Args:
        store: Keeps the key.
        ids: Gives the key and nonces.
    """

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    def _cipher(self) -> AESGCM:
        kept = self._store.setting(_SETTING) or self._ids.token(32).hex()
        self._store.set_setting(_SETTING, kept)
        return AESGCM(bytes.fromhex(kept))

    def seal(self, document: Any, bound_to: str) -> str:  # Any: a JSON value
        """Return a document as base64url that only `open` with the same `bound_to` reads."""
        nonce = self._ids.token(_NONCE_BYTES)
        sealed = nonce + self._cipher().encrypt(nonce, orjson.dumps(document), bound_to.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, blob: str, bound_to: str) -> Any:  # Any: a JSON value
        """Return a sealed document.

        Raises:
            ValueError: It was sealed elsewhere, for something else, or changed.
        """
        try:
            sealed = base64.b64decode(blob + "=" * (-len(blob) % 4), b"-_", validate=True)
            opened = self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
        except (binascii.Error, InvalidTag) as error:
            raise ValueError("not a backup that was made here") from error
        return orjson.loads(opened)
