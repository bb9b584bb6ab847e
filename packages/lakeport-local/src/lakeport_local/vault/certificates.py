"""Certificates: imported, listed, read; the key pair is read back as the secret of the same name.

Source: identity.md 5.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lakeport_local.core import Response
from lakeport_local.vault import errors
from lakeport_local.vault.call import NAME, answer, with_attributes
from lakeport_local.vault.keypairs import read_key_pair
from lakeport_local.vault.secrets import attributes_of, gone

if TYPE_CHECKING:
    from lakeport_local.vault.call import Call, Document
    from lakeport_local.vault.chest import Secret, Version
    from lakeport_local.vault.keypairs import KeyPair

NOUN = "Certificate"
_DAYS_OF_MONTH = 30


def import_certificate(call: Call) -> Response:
    """Give a certificate a new version: a key pair that was made elsewhere."""
    body = call.body()
    if not NAME.fullmatch(call.name):
        raise errors.bad_parameter(f"The request URI contains an invalid name: {call.name[:128]}.")
    pair = _pair(body)
    if call.chest.find_deleted(call.vault, call.name) is not None:
        raise errors.name_in_deleted_state(NOUN, call.name)
    existing = call.chest.find(call.vault, call.name)
    if existing is not None and existing.policy is None:
        raise errors.refusal(409, "Conflict", f"A secret with the name {call.name} already exists in this vault.")
    der = pair.certificate.public_bytes(Encoding.DER)
    made = call.chest.new_version(pair.exported(), content_type=pair.content_type, certificate=der)
    version = with_attributes(made, {"attributes": body.get("attributes"), "tags": body.get("tags")})
    version = replace(
        version, not_before=pair.certificate.not_valid_before_utc, expires=pair.certificate.not_valid_after_utc
    )
    secret = call.chest.add(call.vault, call.name, version, _policy(pair))
    return answer(bundle(call, secret))


def _pair(body: Document) -> KeyPair:
    value, password = body.get("value"), body.get("pwd")
    if not isinstance(value, str) or not isinstance(password, str | None):
        raise errors.bad_parameter("Property value has invalid value")
    try:
        return read_key_pair(value, password)
    except ValueError:
        raise errors.bad_parameter(
            "The specified PKCS#12 or PEM X.509 certificate content can not be read. Please check if certificate is in valid format "
            "and the password is right."
        ) from None


def _policy(pair: KeyPair) -> Document:
    """Return the policy that describes what was imported; nobody renews it."""
    certificate = pair.certificate
    days = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    return {
        "key_props": pair.key_properties(),
        "secret_props": {"contentType": pair.content_type},
        "x509_props": {
            "subject": certificate.subject.rfc4514_string(),
            "ekus": [],
            "key_usage": [],
            "validity_months": max(1, days // _DAYS_OF_MONTH),
            "basic_constraints": {"ca": False},
        },
        "lifetime_actions": [],
        "issuer": {"name": "Unknown"},
    }


def get_certificate(call: Call) -> Response:
    """Answer with a certificate's public part."""
    return answer(bundle(call, found_certificate(call)))


def found_certificate(call: Call) -> Secret:
    """Return the certificate that a call names.

    Raises:
        ServiceError: 404 `CertificateNotFound`.
    """
    secret = call.chest.find(call.vault, call.name, call.version)
    if secret is None or secret.policy is None:
        raise errors.not_found(NOUN, "/".join(part for part in (call.name, call.version) if part))
    return secret


def get_policy(call: Call) -> Response:
    """Answer with a certificate's policy."""
    return answer(shown_policy(call, found_certificate(call)))


def update_certificate(call: Call) -> Response:
    """Change a version's attributes and tags; its dates are the certificate's own."""
    secret, body = found_certificate(call), call.body()
    attributes = body.get("attributes") or {}
    if isinstance(attributes, dict):
        attributes = {"enabled": attributes.get("enabled")}
    changed = with_attributes(secret.newest, {"attributes": attributes, "tags": body.get("tags")})
    return answer(bundle(call, replace(secret, newest=call.chest.update(secret, changed))))


def list_certificates(call: Call) -> Response:
    """Answer with a page of certificates."""
    after, limit = call.page()
    found = call.chest.page(call.vault, after, limit + 1, only_certificates=True)
    return call.listed([(one.name, _item(call, one, one.name)) for one in found], limit)


def list_versions(call: Call) -> Response:
    """Answer with a page of a certificate's versions."""
    after, limit = call.page()
    found = call.chest.versions(found_certificate(call), after, limit + 1)
    items = [(one.newest.version, _item(call, one, f"{one.name}/{one.newest.version}")) for one in found]
    return call.listed(items, limit)


def delete_certificate(call: Call) -> Response:
    """Delete a certificate and its secret; they can be brought back."""
    call.chest.delete(found_certificate(call), call.days_kept)
    return get_deleted_certificate(call)


def list_deleted_certificates(call: Call) -> Response:
    """Answer with a page of deleted certificates."""
    after, limit = call.page()
    found = call.chest.page(call.vault, after, limit + 1, is_deleted=True, only_certificates=True)
    items = [(one.name, _item(call, one, one.name) | gone(call, one, "certificates")) for one in found]
    return call.listed(items, limit)


def get_deleted_certificate(call: Call) -> Response:
    """Answer with a deleted certificate."""
    secret = _deleted(call)
    return answer(bundle(call, secret) | gone(call, secret, "certificates"))


def _deleted(call: Call) -> Secret:
    secret = call.chest.find_deleted(call.vault, call.name)
    if secret is None or secret.policy is None:
        raise errors.not_deleted(NOUN, call.name)
    return secret


def recover_certificate(call: Call) -> Response:
    """Bring a deleted certificate back."""
    secret = _deleted(call)
    call.chest.recover(secret)
    return answer(bundle(call, secret))


def purge_certificate(call: Call) -> Response:
    """Forget a deleted certificate for good, unless the vault protects against it."""
    secret = _deleted(call)
    if call.is_protected:
        raise errors.no_purge()
    call.chest.purge(secret)
    return Response(204)


def bundle(call: Call, secret: Secret) -> Document:
    """Return a certificate's version, public part only."""
    path = f"{secret.name}/{secret.newest.version}"
    certificate = x509.load_der_x509_certificate(secret.newest.certificate or b"")
    return {
        **_item(call, secret, path),
        "kid": f"{call.origin}/keys/{path}",
        "sid": f"{call.origin}/secrets/{path}",
        "cer": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        "contentType": secret.newest.content_type,
        "policy": shown_policy(call, secret),
    }


def _item(call: Call, secret: Secret, path: str) -> Document:
    return {
        "id": f"{call.origin}/certificates/{path}",
        "x5t": _thumbprint(secret.newest),
        "attributes": attributes_of(call, secret.newest),
        "tags": secret.newest.tags,
        "subject": ((secret.policy or {}).get("x509_props") or {}).get("subject", ""),
    }


def _thumbprint(version: Version) -> str:
    digest = hashlib.sha1(version.certificate or b"", usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def shown_policy(call: Call, secret: Secret) -> Document:
    """Return a certificate's policy as it is shown."""
    attributes = attributes_of(call, secret.newest)
    kept = {name: attributes[name] for name in ("enabled", "created", "updated")}
    return {"id": f"{call.origin}/certificates/{secret.name}/policy", **(secret.policy or {}), "attributes": kept}
