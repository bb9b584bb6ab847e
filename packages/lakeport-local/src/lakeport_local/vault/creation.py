"""Certificates that a vault makes by itself, their pending operations and policies; backups of certificates.

The vault signs at once; a client is told that it is under way and asks again, as with the real service.
Source: Key Vault REST reference, "Create Certificate", "Get Certificate Operation", "Update Certificate Policy", "Backup Certificate".
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from lakeport_local.vault import errors
from lakeport_local.vault.call import NAME, answer, with_attributes
from lakeport_local.vault.certificates import NOUN, bundle, found_certificate, shown_policy
from lakeport_local.vault.issuing import checked_policy, issue, signing_request
from lakeport_local.vault.keypairs import read_key_pair

if TYPE_CHECKING:
    from lakeport_local.core import Response
    from lakeport_local.vault.call import Call, Document
    from lakeport_local.vault.chest import Secret, Version


def create_certificate(call: Call) -> Response:
    """Give a certificate a new version that the vault signs itself."""
    body = call.body()
    if not NAME.fullmatch(call.name):
        raise errors.bad_parameter(f"The request URI contains an invalid name: {call.name[:128]}.")
    _require_free(call, call.name)
    existing = call.chest.find(call.vault, call.name)
    given = body.get("policy")
    policy = checked_policy(existing.policy if given is None and existing is not None else given)
    at = call.request.at.replace(microsecond=0)
    pair = issue(policy, at=at, serial=call.chest.serial())
    der = pair.certificate.public_bytes(Encoding.DER)
    made = call.chest.new_version(pair.exported(), content_type=pair.content_type, certificate=der)
    version = with_attributes(made, {"attributes": body.get("attributes"), "tags": body.get("tags")})
    dated = replace(
        version, not_before=pair.certificate.not_valid_before_utc, expires=pair.certificate.not_valid_after_utc
    )
    secret = call.chest.add(call.vault, call.name, dated, policy)
    return answer(_operation(call, secret, "inProgress"), 202)


def _require_free(call: Call, name: str) -> None:
    """Refuse a name that a deleted certificate or a plain secret has."""
    if call.chest.find_deleted(call.vault, name) is not None:
        raise errors.name_in_deleted_state(NOUN, name)
    existing = call.chest.find(call.vault, name)
    if existing is not None and existing.policy is None:
        raise errors.refusal(409, "Conflict", f"A secret with the name {name} already exists in this vault.")


def get_operation(call: Call) -> Response:
    """Answer how far a certificate's making is; imported ones have none."""
    secret = found_certificate(call)
    if ((secret.policy or {}).get("issuer") or {}).get("name") != "Self":
        raise errors.refusal(404, "PendingCertificateNotFound", f"Pending certificate not found: {call.name}")
    return answer(_operation(call, secret, "completed"))


def _operation(call: Call, secret: Secret, status: str) -> Document:
    path = f"{call.origin}/certificates/{secret.name}"
    details = (
        "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please "
        "check again later."
    )
    request = signing_request(read_key_pair(secret.newest.value, None))
    return {
        "id": f"{path}/pending",
        "issuer": {"name": "Self"},
        "csr": base64.b64encode(request).decode(),
        "cancellation_requested": False,
        "status": status,
        "request_id": secret.newest.version,
        **({"target": path} if status == "completed" else {"status_details": details}),
    }


def update_policy(call: Call) -> Response:
    """Set a certificate's policy; what it says holds for versions to come."""
    secret = found_certificate(call)
    asked = call.body()
    merged = {
        **(secret.policy or {}),
        **{name: value for name, value in asked.items() if name not in {"id", "attributes"} and value},
    }
    imported = (secret.policy or {}).get("issuer") == merged.get("issuer") == {"name": "Unknown"}
    policy = merged if imported else checked_policy(merged)
    call.chest.set_policy(secret.id, policy)
    return answer(shown_policy(call, replace(secret, policy=policy)))


def backup_certificate(call: Call) -> Response:
    """Answer with all versions of a certificate, sealed for the vaults of this subscription."""
    secret = found_certificate(call)
    versions = [_kept(one) for one in call.chest.history(secret)]
    document = {"name": secret.name, "policy": secret.policy, "versions": versions}
    return answer({"value": call.sealing.seal(document, _bound(call))})


def _bound(call: Call) -> str:
    return f"{'/'.join(call.vault.key.split('/')[:3])}#certificates"


def _kept(version: Version) -> Document:
    return {
        "version": version.version,
        "value": version.value,
        "content_type": version.content_type,
        "tags": version.tags,
        "is_enabled": version.is_enabled,
        "not_before": version.not_before and int(version.not_before.timestamp()),
        "expires": version.expires and int(version.expires.timestamp()),
        "certificate": base64.b64encode(version.certificate or b"").decode(),
    }


def restore_certificate(call: Call) -> Response:
    """Bring back a certificate with all its versions from a backup, where its name is free."""
    try:
        document = call.sealing.open(str(call.body().get("value")), _bound(call))
    except ValueError:
        raise errors.bad_parameter("The specified backup blob is malformed, or of another subscription.") from None
    name = str(document["name"])
    _require_free(call, name)
    if call.chest.find(call.vault, name) is not None:
        raise errors.refusal(
            409, "Conflict", f"Restore cannot be performed as Certificate {name} already exists in this vault."
        )
    for one in document["versions"]:
        made = call.chest.new_version(
            one["value"],
            content_type=one["content_type"],
            tags=one["tags"],
            certificate=base64.b64decode(one["certificate"]),
        )
        attributes = {"enabled": one["is_enabled"], "nbf": one["not_before"], "exp": one["expires"]}
        version = with_attributes(replace(made, version=one["version"]), {"attributes": attributes})
        call.chest.add(call.vault, name, version, document["policy"])
    restored = call.chest.find(call.vault, name)
    assert restored is not None  # it was added just now
    return answer(bundle(call, restored))
