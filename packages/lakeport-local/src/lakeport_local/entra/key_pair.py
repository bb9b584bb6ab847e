"""A key that signs tokens: RSA-2048, in one file with the certificate of its public part."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.core import Clock

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lakeport local token signing")])
ALGORITHM = "RS256"


class KeyPair:
    """Signs tokens and judges their signatures. The file is private to its owner (mode 0600).

    Args:
        file: Where it is kept; made at first need.
        clock: Dates the certificate that carries the public part.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    @cached_property
    def _pem(self) -> bytes:
        if not self._file.exists():
            pem = self._make()
            beside = self._file.with_suffix(".new")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._file)
        return self._file.read_bytes()

    def _make(self) -> bytes:
        key = rsa.generate_private_key(65537, 2048)
        now = self._clock.now()
        certificate = (
            x509.CertificateBuilder(_NAME, _NAME, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private + certificate.public_bytes(Encoding.PEM)

    @cached_property
    def _key(self) -> RSAKey:
        private = load_pem_private_key(self._pem, None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError(f"{self._file} holds no RSA key")
        return RSAKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @cached_property
    def _certificate(self) -> bytes:
        return x509.load_pem_x509_certificate(self._pem).public_bytes(Encoding.DER)

    @cached_property
    def id(self) -> str:
        """The key id: base64url of the certificate's SHA-1 thumbprint, as `kid` and `x5t`."""
        digest = hashlib.sha1(self._certificate, usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def public_jwk(self) -> dict[str, object]:
        """Return the public part as a JSON Web Key, as the keys document lists it."""
        public = self._key.as_dict(private=False)
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.id,
            "x5t": self.id,
            "n": public["n"],
            "e": public["e"],
            "x5c": [base64.b64encode(self._certificate).decode()],
        }

    def sign(self, payload: bytes) -> str:
        """Return a compact JWS over the payload."""
        header = {"typ": "JWT", "alg": ALGORITHM, "x5t": self.id, "kid": self.id}
        return jws.serialize_compact(header, payload, self._key, algorithms=[ALGORITHM])

    def has_signed(self, signature: jws.CompactSignature) -> bool:
        """Tell whether this key made a signature; the caller has checked that the header names it."""
        try:
            return bool(jws.validate_compact(signature, self._key, algorithms=[ALGORITHM]))
        except JoseError:
            return False
