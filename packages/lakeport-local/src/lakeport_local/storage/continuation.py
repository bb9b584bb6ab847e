"""Continuation tokens of listings: the last name given, sealed for who asked what, valid while the listing changes.

Source: storage.md 2.7, 10.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from lakeport_local.access import Principal, SharedKey
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.names import MAX_PATH

if TYPE_CHECKING:
    from lakeport_local.core import Ids
    from lakeport_local.state import Store
    from lakeport_local.storage.call import Call

_SETTING = "storage.continuation_secret"
_SEAL_BYTES = 16
_MOMENT = 24
"""Characters behind a name that tell what of it was given last."""

_MOST = 6000
"""Characters of the longest token: a path of characters of four bytes, its seal, in base64."""


class Seals:
    """Seals continuation tokens with a secret of the state folder.

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

    def seal(self, last: str, *where: str) -> bytes:
        """Return the seal of a name in a listing."""
        said = "\0".join([*where, last]).encode()
        return hmac.digest(self._secret, said, hashlib.sha256)[:_SEAL_BYTES]


def _where(call: Call, what: str) -> tuple[str, ...]:
    """Return what a token is good for: one account, container and listing, and whoever it was given to."""
    match call.caller:
        case Principal() as principal:
            who = principal.object_id
        case SharedKey():
            who = "key"
        case _:
            who = "signature"
    return (str(call.account.uid), call.address.file_system, what, who)


def write_token(call: Call, last: str, what: str = "") -> str:
    """Return the token that continues behind a name.

    Args:
        call: The listing.
        last: The name.
        what: What is listed: another listing does not take the token.
    """
    return base64.urlsafe_b64encode(call.lake.seals.seal(last, *_where(call, what)) + last.encode()).decode()


def read_token(call: Call, parameter: str, what: str = "") -> str:
    """Return the name behind which a request's token continues; empty for no token.

    Raises:
        ServiceError: 400 `OutOfRangeInput`: it is none of ours, or was given for something else.
    """
    token = call.parameter(parameter)
    if not token:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True) if len(token) <= _MOST else b""
        last = raw[_SEAL_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise refusal("OutOfRangeInput") from None
    sealed = hmac.compare_digest(raw[:_SEAL_BYTES], call.lake.seals.seal(last, *_where(call, what)))
    if not sealed or len(last) > MAX_PATH + _MOMENT:
        raise refusal("OutOfRangeInput")
    return last
