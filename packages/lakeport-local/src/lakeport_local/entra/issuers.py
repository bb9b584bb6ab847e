"""Issuers outside: whose tokens federated credentials may name, and the public keys that the topology gives for them.

The real service reads an issuer's keys from its OpenID configuration; a local Azure asks nobody outside, so keys are
handed in: as a PEM public key or certificate, or as a JWK Set.

Source: identity.md 1.4; RFC 7517.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key

if TYPE_CHECKING:
    from lakeport_local.state import Store

_MOST_KEYS = 64
_LEAST_BITS = 2048


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key of an issuer.

    Attributes:
        id: Its key id, as the `kid` of tokens says; empty for the one key of a PEM file, whatever a token calls it.
        key: The key.
    """

    id: str
    key: RSAPublicKey


def read_issuer_keys(data: bytes) -> list[IssuerKey]:
    """Read public keys: a PEM public key, a PEM certificate, or a JWK Set.

    Raises:
        ValueError: None of these, no RSA key in it, or a private key.
    """
    if b"PRIVATE KEY" in data:
        raise ValueError("holds a private key; give the public one")
    if b"-----BEGIN CERTIFICATE" in data:
        certificate = x509.load_pem_x509_certificate(data)
        return [IssuerKey("", _rsa(certificate.public_key()))]
    if b"-----BEGIN" in data:
        return [IssuerKey("", _rsa(load_pem_public_key(data)))]
    return read_key_set(data)


def read_key_set(data: bytes) -> list[IssuerKey]:
    """Read the RSA keys of a JWK Set; keys of other kinds in it are left out.

    Raises:
        ValueError: It is none, or has no RSA key for signatures.
    """
    document = orjson.loads(data)
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise ValueError("is no JWK Set")
    if any(isinstance(one, dict) and "d" in one for one in members):
        raise ValueError("holds a private key; give the public one")
    found = [_of_jwk(one) for one in members if _is_signing_key(one)]
    if not found:
        raise ValueError("has no RSA key")
    return found


def key_set(keys: list[IssuerKey]) -> bytes:
    """Return keys as a JWK Set."""
    return orjson.dumps({"keys": [_as_jwk(one) for one in keys]})


class Issuers:
    """The issuers that one store knows.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def put(self, url: str, keys: list[IssuerKey]) -> None:
        """Keep an issuer's keys in place of those it had; `url` is compared letter by letter."""
        self._db.execute(
            "INSERT INTO issuers VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET keys = excluded.keys",
            (url, key_set(keys).decode()),
        )

    def keys(self, url: str) -> list[IssuerKey] | None:
        """Return an issuer's keys, or None when nobody told them."""
        row = self._db.execute("SELECT keys FROM issuers WHERE url = ?", (url,)).fetchone()
        return None if row is None else read_key_set(row["keys"].encode())


def _rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise ValueError("its key is no RSA key of 2048 bits or more")
    return key


def _is_signing_key(one: object) -> bool:
    return isinstance(one, dict) and one.get("kty") == "RSA" and one.get("use", "sig") == "sig"


def _of_jwk(jwk: dict[str, Any]) -> IssuerKey:  # Any: a JSON object
    try:
        modulus, exponent = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("n", "e"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("has an RSA key without n or e") from error
    return IssuerKey(str(jwk.get("kid") or ""), _rsa(RSAPublicNumbers(exponent, modulus).public_key()))


def _as_jwk(one: IssuerKey) -> dict[str, str]:
    numbers = one.key.public_numbers()
    n, e = (_segment(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": one.id, "n": n, "e": e}


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
