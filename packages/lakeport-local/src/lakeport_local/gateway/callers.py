"""Which principal a proxied connection belongs to: the user name and password that `exec` puts into the proxy's URL."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac


class Callers:
    """Gives each principal its proxy credential, and checks it.

    Args:
        secret: The state folder's secret, at least 16 bytes.

    Raises:
        ValueError: `secret` is shorter.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the secret of the proxy credentials needs at least 16 bytes")
        self._secret = secret

    def token(self, object_id: str) -> str:
        """Return the password that goes with a principal's object id; safe in a URL."""
        mac = hmac.new(self._secret, b"lakeport proxy credential\0" + object_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()

    def check(self, user: str, password: str) -> bool:
        """Tell whether a password belongs to a user name, in constant time."""
        return hmac.compare_digest(self.token(user).encode(), password.encode())

    def caller(self, credential: str) -> str | None:
        """Return the user name of a `Proxy-Authorization` value, or None when it is not a valid credential.

        Source: RFC 7617.
        """
        scheme, _, encoded = credential.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user if self.check(user, password) else None
