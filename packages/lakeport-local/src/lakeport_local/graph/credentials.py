"""Secrets and certificates of applications and service principals; a secret is told once, and works at once.

Source: identity.md 3, 9.1.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lakeport_local.core import Response, ServiceError, parse_instant
from lakeport_local.entra import App, SecretNote
from lakeport_local.entra.assertions import judge_proof
from lakeport_local.graph import errors
from lakeport_local.graph.call import answer, guid, text
from lakeport_local.graph.documents import password_credential

if TYPE_CHECKING:
    from lakeport_local.entra import Entry
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_SECRET_LIFETIME = timedelta(days=730)
_HINT_CHARACTERS = 3
_MOST_CREDENTIALS = 100
_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.passwordCredential"


def add_application_password(call: Call) -> Response:
    """Make a secret of an application."""
    return _add_password(call, call.entry("application"))


def add_service_principal_password(call: Call) -> Response:
    """Make a secret of a service principal, at the home of its application."""
    return _add_password(call, _own(call))


def _own(call: Call) -> Entry:
    """Return the service principal of the path; a guest tenant may not give an app a secret that opens its home."""
    entry = call.entry("servicePrincipal")
    if entry.resource_id or entry.home_tenant_id != entry.tenant_id:
        raise errors.bad_request("Credentials of this service principal are not managed in this tenant.")
    return entry


def _add_password(call: Call, entry: Entry) -> Response:
    asked = call.body().get("passwordCredential") or {} if call.request.data.strip() else {}
    if not isinstance(asked, dict):
        raise errors.bad_value("passwordCredential")
    holder = entry.object_id if entry.kind == "servicePrincipal" else ""
    if len(call.catalog.secrets(entry.client_id, holder)) >= _MOST_CREDENTIALS:
        raise errors.bad_request("The credential limit of the object has been exceeded.")
    starts = _instant(asked, "startDateTime") or call.clock.now()
    ends = _instant(asked, "endDateTime") or starts + _SECRET_LIFETIME
    if ends <= starts:
        raise errors.bad_request("Key credential end date is invalid.")
    secret = call.ids.token(20).hex()  # 160 bits, and nothing that a shell or an option parser would mind
    note = SecretNote(call.ids.guid(), text(asked, "displayName") or "", secret[:_HINT_CHARACTERS], starts, ends)
    call.directory.add_secret(
        _app(entry), secret, key_id=note.key_id, starts_at=starts, ends_at=ends, name=note.name, hint=note.hint, holder=holder
    )  # fmt: skip
    return answer(200, {"@odata.context": _CONTEXT, **password_credential(note, secret)})


def _app(entry: Entry) -> App:
    return App(entry.client_id, entry.tenant_id, entry.object_id, entry.home_tenant_id, entry.name)


def _instant(document: Document, name: str) -> datetime | None:
    value = text(document, name)
    try:
        return parse_instant(value) if value else None
    except ValueError:
        raise errors.bad_value(name) from None


def remove_application_password(call: Call) -> Response:
    """Remove a secret of an application."""
    return _remove_password(call, call.entry("application"))


def remove_service_principal_password(call: Call) -> Response:
    """Remove a secret of a service principal."""
    return _remove_password(call, _own(call))


def _remove_password(call: Call, entry: Entry) -> Response:
    key_id = guid(call.body().get("keyId"), "keyId")
    holder = entry.object_id if entry.kind == "servicePrincipal" else ""
    if not call.catalog.remove_secret(entry.client_id, key_id, holder):
        raise errors.bad_request(f"No password credential found with keyId '{key_id}'.")
    return Response(204)


def replace_keys(call: Call, entry: Entry, wanted: object) -> None:
    """Make an application's certificates those of a `keyCredentials` list; one that it has is named by its key id alone.

    Raises:
        ServiceError: 400 for what is no certificate.
    """
    if not isinstance(wanted, list) or len(wanted) > _MOST_CREDENTIALS:
        raise errors.bad_value("keyCredentials")
    known = call.catalog.certificate_names(entry.client_id)
    kept = []
    for one in wanted:
        if not isinstance(one, dict):
            raise errors.bad_value("keyCredentials")
        key_id = str(one.get("keyId") or "").lower()
        kept.append(key_id if not one.get("key") and key_id in known else _add_key(call, entry, one))
    call.catalog.keep_certificates(entry.client_id, kept)


def _add_key(call: Call, entry: Entry, asked: Document) -> str:
    """Register a certificate; return its key id."""
    if asked.get("type") not in (None, "AsymmetricX509Cert") or asked.get("usage") not in (None, "Verify"):
        raise errors.bad_value("keyCredentials")
    starts, ends = _instant(asked, "startDateTime"), _instant(asked, "endDateTime")
    try:
        pem = _pem(base64.b64decode("".join(str(asked.get("key") or "").split()), validate=True))
        made = call.directory.add_certificate(_app(entry), pem, starts_at=starts, ends_at=ends)
    except (ValueError, binascii.Error):
        raise errors.bad_request(
            "Key credential value is invalid: a base64 encoded RSA X.509 certificate is required."
        ) from None
    if text(asked, "displayName"):
        call.catalog.name_certificate(made.key_id, str(asked["displayName"]))
    return made.key_id


def add_key(call: Call) -> Response:
    """Register another certificate of the calling application, which proves that it holds the key of one it has."""
    entry, body = _rolling(call)
    asked = body.get("keyCredential")
    if not isinstance(asked, dict):
        raise errors.bad_value("keyCredential")
    key_id = _add_key(call, entry, asked)
    (made,) = (one for one in call.documents.key_credentials(entry) if one["keyId"] == key_id)
    return answer(
        200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.keyCredential", **made}
    )


def remove_key(call: Call) -> Response:
    """Remove a certificate of the calling application, which proves that it holds the key of one it has."""
    entry, body = _rolling(call)
    gone = guid(body.get("keyId"), "keyId")
    known = set(call.catalog.certificate_names(entry.client_id))
    if gone not in known:
        raise errors.bad_request(f"No credentials found to be removed with keyId '{gone}'.")
    call.catalog.keep_certificates(entry.client_id, known - {gone})
    return Response(204)


def _rolling(call: Call) -> tuple[Entry, Document]:
    """Return the application of the path, which must be the caller and have signed the proof in the body.

    Raises:
        ServiceError: 403: another app calls. 401: the proof is not to be believed.
    """
    entry, body = call.entry("application"), call.body()
    if call.caller.client_id != entry.client_id or call.caller.kind != "Application":
        raise errors.denied()
    certificates = call.directory.certificates(entry.client_id)
    try:
        judge_proof(str(body.get("proof") or ""), entry.object_id, certificates, clock=call.clock)
    except ServiceError as refused:
        raise errors.bad_proof() from refused
    return entry, body


def _pem(value: bytes) -> bytes:
    if value.startswith(b"-----BEGIN CERTIFICATE"):
        return value
    return x509.load_der_x509_certificate(value).public_bytes(Encoding.PEM)
