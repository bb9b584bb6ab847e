"""Certificates by which apps sign in: the public part and the names clients give it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate registered with an app.

    Attributes:
        key_id: GUID of the registration.
        der: The certificate.
        sha1: SHA-1 thumbprint, lower-case hex.
        sha256: SHA-256 thumbprint, lower-case hex.
        starts_at: Not valid before.
        ends_at: Not valid after.
    """

    key_id: str
    der: bytes
    sha1: str
    sha256: str
    starts_at: datetime
    ends_at: datetime

    @property
    def public_key(self) -> RSAPublicKey:
        """The certificate's key."""
        key = x509.load_der_x509_certificate(self.der).public_key()
        if not isinstance(key, RSAPublicKey):
            raise TypeError("only RSA certificates are registered")
        return key

    def is_named(self, name: str) -> bool:
        """Tell whether a header value names this certificate.

        Args:
            name: A thumbprint as base64url of its bytes, padded or not (`x5t`, `x5t#S256`, `kid`), or as hex in any
                case (`kid` of the C++ client), or the key id.

        Source: identity.md 1.3.
        """
        if name.lower() in (self.sha1, self.sha256, self.key_id):
            return True
        try:
            thumbprint = base64.b64decode(name + "=" * (-len(name) % 4), b"-_", validate=True).hex()
        except ValueError:
            return False
        return thumbprint in (self.sha1, self.sha256)


def read_certificate(pem: bytes, key_id: str) -> Certificate:
    """Read the first certificate of a PEM text; a private key beside it is not looked at.

    Raises:
        ValueError: No certificate in it, or one whose key is not RSA.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    is_rsa = isinstance(certificate.public_key(), RSAPublicKey)
    if not is_rsa:
        raise ValueError("the certificate's key is not RSA; Entra ID takes RSA certificates only")
    der = certificate.public_bytes(Encoding.DER)
    return Certificate(
        key_id,
        der,
        hashlib.sha1(der, usedforsecurity=False).hexdigest(),
        hashlib.sha256(der).hexdigest(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )
