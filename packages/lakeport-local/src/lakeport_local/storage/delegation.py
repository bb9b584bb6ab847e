"""User delegation keys: derived from what they say and a secret of the state folder, so that none has to be kept.

Source: storage.md 3.1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.core import Ids
    from lakeport_local.state import Resource, Store

_SETTING = "storage.delegation_secret"


@dataclass(frozen=True, slots=True)
class DelegationKey:
    """What a user delegation key says, each field as text.

    Attributes:
        object_id: Whose key (`skoid`).
        tenant_id: Their tenant (`sktid`).
        start: When it begins (`skt`).
        expiry: When it ends (`ske`).
        service: For which service (`sks`).
        version: Of which service version (`skv`).
        delegated_tenant: Tenant of the one principal who may use signatures made with it (`skdutid`), or empty.
    """

    object_id: str
    tenant_id: str
    start: str
    expiry: str
    service: str
    version: str
    delegated_tenant: str = ""


class DelegationKeys:
    """Gives the value of user delegation keys.

    Args:
        store: Keeps the secret.
        ids: Makes it.
    """

    def __init__(self, store: Store, ids: Ids) -> None:
        kept = store.setting(_SETTING)
        if kept is None:
            kept = ids.token(32).hex()
            store.set_setting(_SETTING, kept)
        self._secret = bytes.fromhex(kept)

    def value(self, account: Resource, key: DelegationKey) -> str:
        """Return a key's value on an account: base64 of 32 bytes, the same until the account's keys are revoked."""
        revoked = str(account.internal.get("delegation_revocations", 0))
        said = "\n".join([str(account.uid), revoked, *astuple(key)]).encode()
        return base64.b64encode(hmac.digest(self._secret, said, hashlib.sha256)).decode()
