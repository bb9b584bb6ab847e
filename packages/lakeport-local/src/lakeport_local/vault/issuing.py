"""Certificates that a vault makes by itself: the policy that asks for one, the key pair, and its own signature.

Source: Key Vault REST reference, "Create Certificate"; "About Key Vault certificates" (policy, defaults).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lakeport_local.vault import errors
from lakeport_local.vault.keypairs import PEM, PFX, KeyPair

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.vault.call import Document

_SIZES = (2048, 3072, 4096)
_CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_MOST_MONTHS = 1200
_DEFAULT_MONTHS = 12
_EKUS = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
_SERIAL_BYTES = 16


def checked_policy(given: Any) -> Document:  # Any: JSON
    """Return a policy with its defaults filled in.

    Raises:
        ServiceError: 400 `BadParameter`.
    """
    policy = given if isinstance(given, dict) else {}
    key, wanted = _part(policy, "key_props"), _part(policy, "x509_props")
    issuer = _part(policy, "issuer")
    content_type = _part(policy, "secret_props").get("contentType") or PFX
    subject, months = wanted.get("subject"), wanted.get("validity_months", _DEFAULT_MONTHS)
    if content_type not in {PFX, PEM}:
        raise errors.bad_parameter("Property policy.secret_props.contentType has invalid value")
    if issuer.get("name") != "Self":
        raise errors.bad_parameter(
            "The certificate issuer is not set up in this vault. Use 'Self', or import a certificate."
        )
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= _MOST_MONTHS:
        raise errors.bad_parameter("Property policy.x509_props.validity_months has invalid value")
    _name(subject, has_alternatives=bool(_part(wanted, "sans")))
    return {
        "key_props": _key_properties(key),
        "secret_props": {"contentType": content_type},
        "x509_props": {
            "subject": subject or "",
            **({"sans": wanted["sans"]} if _part(wanted, "sans") else {}),
            "ekus": wanted.get("ekus") or _EKUS,
            "key_usage": wanted.get("key_usage") or ["digitalSignature", "keyEncipherment"],
            "validity_months": months,
            "basic_constraints": {"ca": False},
        },
        "lifetime_actions": policy.get("lifetime_actions")
        or [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}],
        "issuer": {name: issuer[name] for name in ("name", "cty", "cert_transparency") if issuer.get(name) is not None},
    }


def _part(whole: Any, name: str) -> Document:  # Any: JSON
    found = whole.get(name) if isinstance(whole, dict) else None
    if found is not None and not isinstance(found, dict):
        raise errors.bad_parameter(f"Property policy.{name} has invalid value")
    return found or {}


def _key_properties(key: Document) -> Document:
    kind, size, curve = str(key.get("kty") or "RSA"), key.get("key_size") or _SIZES[0], key.get("crv") or "P-256"
    shared = {"exportable": key.get("exportable", True) is True, "reuse_key": key.get("reuse_key", False) is True}
    if kind == "RSA" and size in _SIZES:
        return {**shared, "kty": "RSA", "key_size": size}
    if kind == "EC" and curve in _CURVES:
        return {**shared, "kty": "EC", "crv": curve, "key_size": _CURVES[curve]().key_size}
    raise errors.bad_parameter(
        "Property policy.key_props has invalid value: RSA of 2048, 3072 or 4096 bits, or EC of P-256, P-384 or P-521."
    )


def _name(subject: Any, *, has_alternatives: bool) -> x509.Name:  # Any: JSON
    if not subject and has_alternatives:
        return x509.Name([])
    try:
        return x509.Name.from_rfc4514_string(",".join(part.strip() for part in str(subject or "").split(",")))
    except ValueError:
        raise errors.bad_parameter("Property policy.x509_props.subject has invalid value") from None


def issue(policy: Document, *, at: datetime, serial: bytes) -> KeyPair:
    """Return a new key pair with a certificate that it signed itself, as a policy asks for it."""
    key, wanted = _new_key(policy["key_props"]), policy["x509_props"]
    name = _name(wanted["subject"], has_alternatives="sans" in wanted)
    number = int.from_bytes(serial[:_SERIAL_BYTES], "big") >> 1 or 1
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), number, at, _months_later(at, wanted["validity_months"])
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    usages = [
        x509.ObjectIdentifier(one)
        for one in wanted["ekus"]
        if isinstance(one, str) and one.replace(".", "").isdecimal()
    ]
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    alternatives = _alternatives(wanted.get("sans") or {})
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return KeyPair(key, builder.sign(key, hashes.SHA256()), (), policy["secret_props"]["contentType"])


def _new_key(wanted: Document) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if wanted["kty"] == "EC":
        return ec.generate_private_key(_CURVES[wanted["crv"]]())
    return rsa.generate_private_key(public_exponent=65537, key_size=wanted["key_size"])


def _alternatives(sans: Document) -> list[x509.GeneralName]:
    try:
        names: list[x509.GeneralName] = [x509.DNSName(str(one)) for one in sans.get("dns_names") or ()]
        names += [x509.RFC822Name(str(one)) for one in sans.get("emails") or ()]
        names += [x509.IPAddress(ipaddress.ip_address(str(one))) for one in sans.get("ipAddresses") or ()]
    except (ValueError, TypeError):
        raise errors.bad_parameter("Property policy.x509_props.sans has invalid value") from None
    return names


def _months_later(at: datetime, months: int) -> datetime:
    year, month = divmod(at.month - 1 + months, 12)
    return at.replace(year=at.year + year, month=month + 1, day=min(at.day, 28))


def signing_request(pair: KeyPair) -> bytes:
    """Return the request to sign that a pending operation shows, DER."""
    builder = x509.CertificateSigningRequestBuilder(pair.certificate.subject)
    return builder.sign(pair.key, hashes.SHA256()).public_bytes(Encoding.DER)
