"""A certificate with its private key: made, read and written in the forms that people pass around.

Source: RFC 5280 (certificates), RFC 2986 (signing requests), RFC 7292 (PFX).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from lakeport.errors import BadFile, Misused
from lakeport.identity.certificates import Thumbprint, thumbprint_of

if TYPE_CHECKING:
    from pathlib import Path

KEY_BITS = 2048
BEFORE = timedelta(minutes=5)
"""How long before now a certificate begins: clocks differ."""


@dataclass(frozen=True)
class KeyPair:
    """A certificate, and its private key where there is one.

    Attributes:
        chain: The certificates of those who signed it, nearest first.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | None = field(default=None, repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def thumbprint(self) -> Thumbprint:
        """How it is named."""
        return thumbprint_of(self.certificate)

    @property
    def subject(self) -> str:
        """Whose it is, in RFC 4514's form."""
        return self.certificate.subject.rfc4514_string()

    @property
    def ends_at(self) -> datetime:
        """When it ends, UTC."""
        return self.certificate.not_valid_after_utc

    def pem(self) -> bytes:
        """Return key, certificate and chain as PEM."""
        key = self._key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.public_pem()

    def public_pem(self) -> bytes:
        """Return certificate and chain as PEM."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.chain))

    def request(self) -> bytes:
        """Return a signing request for the same subject and key, as PEM."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(self.certificate.subject)
        return builder.sign(self._key(), hashes.SHA256()).public_bytes(Encoding.PEM)

    def pfx(self, password: str) -> bytes:
        """Return key, certificate and chain as PFX, encrypted when there is a password."""
        lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        return pkcs12.serialize_key_and_certificates(None, self._key(), self.certificate, self.chain or None, lock)

    def _key(self) -> rsa.RSAPrivateKey:
        if self.key is None:
            raise Misused("there is no private key in it")
        return self.key


def create(subject: str, days: int) -> KeyPair:
    """Return a new RSA key with a self-signed certificate.

    Args:
        subject: The common name.
        days: How long it is good.

    Raises:
        Misused: The name is empty or longer than 64 characters.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    try:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    except ValueError as error:
        raise Misused(f"subject {subject!r} cannot be a common name: {error}") from error
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - BEFORE)
    builder = builder.not_valid_after(now + timedelta(days=days))
    usage = x509.BasicConstraints(ca=False, path_length=None)
    return KeyPair(builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key)


def read(path: Path, password: str, *, needs_key: bool = True) -> KeyPair:
    """Return what a PEM or PFX file holds.

    Args:
        path: The file.
        password: The PFX's, or of the PEM's key; empty when it has none.
        needs_key: Refuse a file without a private key.

    Raises:
        BadFile: It is neither, its password is wrong, or it holds no certificate (or no RSA key, where one is needed).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"cannot read {path}: {error.strerror}") from error
    try:
        found = _of_pem(content, password) if b"-----BEGIN" in content else _of_pfx(content, password)
    except (ValueError, TypeError) as error:
        hint = "It must be PEM or PFX; give --password if it has one"
        raise BadFile(f"{path} is not a certificate that can be read: {error}", hint=hint) from error
    if needs_key and found.key is None:
        raise BadFile(f"{path} holds no RSA private key")
    return found


def _of_pem(content: bytes, password: str) -> KeyPair:
    first, *chain = x509.load_pem_x509_certificates(content)
    key = load_pem_private_key(content, password.encode() or None) if b"PRIVATE KEY" in content else None
    return KeyPair(first, key if isinstance(key, rsa.RSAPrivateKey) else None, tuple(chain))


def _of_pfx(content: bytes, password: str) -> KeyPair:
    key, certificate, chain = pkcs12.load_key_and_certificates(content, password.encode() or None)
    if certificate is None:
        raise ValueError("it holds no certificate")
    return KeyPair(certificate, key if isinstance(key, rsa.RSAPrivateKey) else None, tuple(chain))
