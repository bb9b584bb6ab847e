"""What a folder keeps of a secret: a salted hash; compared in constant time.

A client secret is long and random, so one SHA-256 is enough; a password is chosen by people, so it is stretched.

Source: identity.md 9.1.
"""

from __future__ import annotations

import hashlib
import hmac

_SALT_BYTES = 16
_COST = {"n": 2**12, "r": 8, "p": 1}


def secret_hash(secret: str, salt: bytes) -> bytes:
    """Return what is kept of a client secret."""
    return hashlib.sha256(salt + secret.encode()).digest()


def secret_matches(secret: str, salt: bytes, kept: bytes) -> bool:
    """Tell whether this is the client secret that was kept; takes the same time either way."""
    return hmac.compare_digest(secret_hash(secret, salt), kept)


def password_hash(password: str, salt: bytes) -> bytes:
    """Return what is kept of a password: the salt, then the hash."""
    return salt[:_SALT_BYTES] + hashlib.scrypt(password.encode(), salt=salt[:_SALT_BYTES], **_COST)


def password_matches(password: str, kept: bytes) -> bool:
    """Tell whether this is the password that was kept; nothing matches when none was."""
    return bool(kept) and hmac.compare_digest(password_hash(password, kept), kept)
