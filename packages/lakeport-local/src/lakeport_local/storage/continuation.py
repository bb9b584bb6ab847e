"""Continuation tokens of listings: the last name given, opaque to clients and valid while the listing changes."""

from __future__ import annotations

import base64
import binascii

from lakeport_local.storage.errors import refusal
from lakeport_local.storage.names import MAX_PATH

_VERSION = b"1"


def write_token(last: str) -> str:
    """Return the token that continues behind a name."""
    return base64.urlsafe_b64encode(_VERSION + last.encode()).decode()


def read_token(token: str | None) -> str:
    """Return the name behind which a token continues; empty for no token.

    Raises:
        ServiceError: 400 `OutOfRangeInput`: it is none of ours.
    """
    if not token:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        last = raw[1:].decode()
    except (binascii.Error, ValueError):
        raise refusal("OutOfRangeInput") from None
    if raw[:1] != _VERSION or len(last) > MAX_PATH:
        raise refusal("OutOfRangeInput")
    return last
