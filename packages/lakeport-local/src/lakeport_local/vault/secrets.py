"""Secrets: set, read, change, list, delete, bring back, purge, back up.

Source: identity.md 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import Response
from lakeport_local.vault import errors
from lakeport_local.vault.call import NAME, answer, with_attributes
from lakeport_local.vault.chest import DAYS_KEPT

if TYPE_CHECKING:
    from lakeport_local.vault.call import Call, Document
    from lakeport_local.vault.chest import Secret, Version

NOUN = "Secret"
_MOST_VALUE_BYTES = 25_600
_SHOWS_PREVIOUS = frozenset({"2026-04-01"})


def set_secret(call: Call) -> Response:
    """Give a secret a new version."""
    body = call.body()
    if not NAME.fullmatch(call.name):
        raise errors.bad_parameter(
            f"The request URI contains an invalid name: {call.name[:128]}. Names are 1 to 127 letters, digits and hyphens."
        )
    value = body.get("value")
    if not isinstance(value, str):
        raise errors.bad_parameter("Property value has invalid value")
    if len(value.encode()) > _MOST_VALUE_BYTES:
        raise errors.bad_parameter(f"The specified secret value is longer than {_MOST_VALUE_BYTES} bytes.")
    if call.chest.find_deleted(call.vault, call.name) is not None:
        raise errors.name_in_deleted_state(NOUN, call.name)
    existing = call.chest.find(call.vault, call.name)
    if existing is not None:
        _require_plain(existing, "set")
    version = with_attributes(call.chest.new_version(value), body)
    return answer(bundle(call, call.chest.add(call.vault, call.name, version)))


def _require_plain(secret: Secret, operation: str) -> None:
    """Refuse what a certificate's secret does not allow."""
    if secret.policy is not None:
        raise errors.refusal(
            403,
            "Forbidden",
            f"Operation {operation} is not allowed on a secret that is managed by a certificate.",
            "OperationNotAllowedOnManagedSecret",
        )


def get_secret(call: Call) -> Response:
    """Answer with a secret's value: of its newest version, or of the one asked for."""
    secret = _found(call)
    if not secret.newest.is_enabled:
        raise errors.disabled(NOUN)
    return answer(bundle(call, secret))


def _found(call: Call) -> Secret:
    secret = call.chest.find(call.vault, call.name, call.version)
    if secret is None:
        raise errors.not_found(NOUN, "/".join(part for part in (call.name, call.version) if part))
    return secret


def update_secret(call: Call) -> Response:
    """Change a version's attributes, content type and tags; the value of a version is for ever."""
    secret, body = _found(call), call.body()
    if "value" in body:
        raise errors.bad_parameter("Property value is not allowed in an update.")
    _require_plain(secret, "update")
    changed = call.chest.update(secret, with_attributes(secret.newest, body))
    return answer(described(call, replace(secret, newest=changed)))


def list_secrets(call: Call) -> Response:
    """Answer with a page of secrets, without values."""
    after, limit = call.page()
    secrets = call.chest.page(call.vault, after, limit + 1)
    return call.listed([(one.name, _item(call, one, one.name)) for one in secrets], limit)


def list_versions(call: Call) -> Response:
    """Answer with a page of a secret's versions, without values."""
    after, limit = call.page()
    secret = _found(call)
    found = call.chest.versions(secret, after, limit + 1)
    items = [(one.newest.version, _item(call, one, f"{one.name}/{one.newest.version}")) for one in found]
    return call.listed(items, limit)


def delete_secret(call: Call) -> Response:
    """Delete a secret; it can be brought back."""
    secret = _found(call)
    _require_plain(secret, "delete")
    call.chest.delete(secret, call.days_kept)
    return get_deleted_secret(call)


def list_deleted_secrets(call: Call) -> Response:
    """Answer with a page of deleted secrets."""
    after, limit = call.page()
    secrets = call.chest.page(call.vault, after, limit + 1, is_deleted=True)
    return call.listed([(one.name, _item(call, one, one.name) | gone(call, one, "secrets")) for one in secrets], limit)


def get_deleted_secret(call: Call) -> Response:
    """Answer with a deleted secret, without its value."""
    secret = _deleted(call)
    return answer(described(call, secret) | gone(call, secret, "secrets"))


def _deleted(call: Call) -> Secret:
    secret = call.chest.find_deleted(call.vault, call.name)
    if secret is None:
        raise errors.not_deleted(NOUN, call.name)
    return secret


def recover_secret(call: Call) -> Response:
    """Bring a deleted secret back."""
    secret = _deleted(call)
    _require_plain(secret, "recover")
    call.chest.recover(secret)
    return answer(described(call, secret))


def purge_secret(call: Call) -> Response:
    """Forget a deleted secret for good, unless the vault protects against it."""
    secret = _deleted(call)
    if call.is_protected:
        raise errors.no_purge()
    _require_plain(secret, "purge")
    call.chest.purge(secret)
    return Response(204)


def backup_secret(call: Call) -> Response:
    """Answer with all versions of a secret, sealed for the vaults of this subscription."""
    secret = _found(call)
    _require_plain(secret, "backup")
    document = {"name": secret.name, "versions": [_kept(one) for one in call.chest.history(secret)]}
    return answer({"value": call.sealing.seal(document, _subscription(call))})


def _kept(version: Version) -> Document:
    return {
        "version": version.version,
        "value": version.value,
        "content_type": version.content_type,
        "tags": version.tags,
        "is_enabled": version.is_enabled,
        "not_before": version.not_before and int(version.not_before.timestamp()),
        "expires": version.expires and int(version.expires.timestamp()),
    }


def _subscription(call: Call) -> str:
    return "/".join(call.vault.key.split("/")[:3])


def restore_secret(call: Call) -> Response:
    """Bring back a secret with all its versions from a backup, where its name is free."""
    blob = call.body().get("value")
    try:
        document = call.sealing.open(str(blob), _subscription(call))
    except ValueError:
        raise errors.bad_parameter("The specified backup blob is malformed, or of another subscription.") from None
    name = str(document["name"])
    if call.chest.find_deleted(call.vault, name) is not None:
        raise errors.name_in_deleted_state(NOUN, name)
    if call.chest.find(call.vault, name) is not None:
        raise errors.refusal(
            409, "Conflict", f"Restore cannot be performed as Secret {name} already exists in this vault."
        )
    for one in document["versions"]:
        made = call.chest.new_version(one["value"], content_type=one["content_type"], tags=one["tags"])
        attributes = {"enabled": one["is_enabled"], "nbf": one["not_before"], "exp": one["expires"]}
        call.chest.add(
            call.vault, name, with_attributes(replace(made, version=one["version"]), {"attributes": attributes})
        )
    restored = call.chest.find(call.vault, name)
    assert restored is not None  # it was added just now
    return answer(described(call, restored))


def bundle(call: Call, secret: Secret) -> Document:
    """Return a secret with its value."""
    return {"value": secret.newest.value, **described(call, secret)}


def described(call: Call, secret: Secret) -> Document:
    """Return a secret's version without its value."""
    document = _item(call, secret, f"{secret.name}/{secret.newest.version}")
    if secret.policy is not None:
        document["kid"] = f"{call.origin}/keys/{secret.name}/{secret.newest.version}"
    # Of plain secrets nothing is told: lists have no such member, and a version is the same in both.
    if secret.policy is not None and call.request.parameter("api-version") in _SHOWS_PREVIOUS:
        previous = call.chest.previous_version(secret)
        document |= {"previousVersion": previous} if previous else {}
    return document


def _item(call: Call, secret: Secret, path: str) -> Document:
    version = secret.newest
    document: Document = {"id": f"{call.origin}/secrets/{path}", "attributes": attributes_of(call, version)}
    if version.content_type is not None:
        document["contentType"] = version.content_type
    if secret.policy is not None:
        document["managed"] = True
    return document | {"tags": version.tags}


def attributes_of(call: Call, version: Version) -> Document:
    """Return a version's attributes."""
    kept = call.days_kept
    level = "Recoverable" if call.is_protected else "Recoverable+Purgeable"
    attributes: Document = {"enabled": version.is_enabled}
    if version.not_before:
        attributes["nbf"] = int(version.not_before.timestamp())
    if version.expires:
        attributes["exp"] = int(version.expires.timestamp())
    return attributes | {
        "created": int(version.created.timestamp()),
        "updated": int(version.updated.timestamp()),
        "recoveryLevel": level if kept == DAYS_KEPT else f"Customized{level}",
        "recoverableDays": kept,
    }


def gone(call: Call, secret: Secret, collection: str) -> Document:
    """Return what a deleted secret or certificate says of its deletion."""
    return {
        "recoveryId": f"{call.origin}/deleted{collection}/{secret.name}",
        "deletedDate": secret.deleted_at and int(secret.deleted_at.timestamp()),
        "scheduledPurgeDate": secret.purged_at and int(secret.purged_at.timestamp()),
    }
