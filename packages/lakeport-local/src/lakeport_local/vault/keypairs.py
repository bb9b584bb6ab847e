"""Key pairs as they are imported and read back: PFX or PEM in, the same form out, with no password.

Source: identity.md 5.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

PFX = "application/x-pkcs12"
PEM = "application/x-pem-file"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key with its certificate and the chain above it.

    Attributes:
        key: The private key.
        certificate: Its certificate.
        chain: The others, in the order in which they came.
        content_type: The form in which it came, and is read back.
    """

    key: RSAPrivateKey | EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    content_type: str

    def exported(self) -> str:
        """Return the key pair as the value of its secret."""
        if self.content_type == PFX:
            exported = pkcs12.serialize_key_and_certificates(
                None,
                self.key,
                self.certificate,
                self.chain or None,
                NoEncryption(),
            )
            return base64.b64encode(exported).decode()
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificates = (one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.chain))
        return b"".join((key, *certificates)).decode()

    def key_properties(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the policy's `key_props`."""
        kind = {"kty": "RSA"} if isinstance(self.key, RSAPrivateKey) else {"kty": "EC", "crv": _curve(self.key)}
        return {"exportable": True, **kind, "key_size": self.key.key_size, "reuse_key": False}


def _curve(key: EllipticCurvePrivateKey) -> str:
    return f"P-{key.key_size}"


def read_key_pair(value: str, password: str | None) -> KeyPair:
    """Read what is imported: PEM text, or base64 of PEM text or of a PFX.

    Raises:
        ValueError: Neither; or the password is wrong; or the key is not the certificate's; or it is neither RSA nor EC.
    """
    given = None if password is None else password.encode()
    data = value.encode()
    if not value.lstrip().startswith("-----BEGIN"):
        try:
            data = base64.b64decode("".join(value.split()), validate=True)
        except binascii.Error as error:
            raise ValueError("neither PEM nor base64") from error
    try:
        return _read_pem(data, given) if data.lstrip().startswith(b"-----BEGIN") else _read_pfx(data, given)
    except TypeError as error:  # a password where none is needed, or none where one is
        raise ValueError(str(error)) from error


def _read_pem(data: bytes, password: bytes | None) -> KeyPair:
    return _pair(load_pem_private_key(data, password or None), x509.load_pem_x509_certificates(data), PEM)


def _read_pfx(data: bytes, password: bytes | None) -> KeyPair:
    read = pkcs12.load_pkcs12(data, password)
    certificates = [one.certificate for one in (read.cert, *read.additional_certs) if one is not None]
    return _pair(read.key, certificates, PFX)


def _pair(key: object, certificates: list[x509.Certificate], content_type: str) -> KeyPair:
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError("no RSA or EC private key")  # noqa: TRY004  the value is wrong, whatever its type
    own = next((one for one in certificates if one.public_key() == key.public_key()), None)
    if own is None:
        raise ValueError("no certificate of this key")
    return KeyPair(key, own, tuple(one for one in certificates if one is not own), content_type)
