"""What a client says of encryption: keys of its own, and scopes. What is at rest is not encrypted; what a key guards asks for it.

Source: "Provide an encryption key on a request to Blob storage", "Encryption scopes for Blob storage".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.file_systems import FileSystem
    from lakeport_local.storage.paths import Path

_KEY, _DIGEST, _ALGORITHM = "x-ms-encryption-key", "x-ms-encryption-key-sha256", "x-ms-encryption-algorithm"
_SCOPE, _DEFAULT = "x-ms-encryption-scope", "x-ms-default-encryption-scope"
_FIXED = "x-ms-deny-encryption-scope-override"
_OF_ACCOUNT = "$account-encryption-key"
_KEY_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,62}", re.ASCII)


def given_key(call: Call, prefix: str = "x-ms-") -> str | None:
    """Return the digest of the key that a request gives, with `x-ms-source-` for a copy's source; None for none.

    Raises:
        ServiceError: 400 `MissingRequiredHeader`, `InvalidHeaderValue`, `AccountRequiresHttps`.
    """
    names = _names(prefix)
    if not call.request.headers.has_any(names[:2]):
        return None
    key, digest, algorithm = (call.header(name) for name in names)
    if key is None and digest is None:
        return None
    for name in names:
        if call.header(name) is None:
            raise refusal("MissingRequiredHeader", HeaderName=name)
    if algorithm != "AES256":
        raise refusal("InvalidHeaderValue", HeaderName=names[2], HeaderValue=algorithm or "")
    try:
        raw = base64.b64decode(key or "", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise refusal("InvalidHeaderValue", HeaderName=names[0])
    if base64.b64encode(hashlib.sha256(raw).digest()).decode() != digest:
        raise refusal("InvalidHeaderValue", HeaderName=names[1], HeaderValue=digest or "")
    return digest


@lru_cache
def _names(prefix: str) -> tuple[str, ...]:
    return tuple(name.replace("x-ms-", prefix) for name in (_KEY, _DIGEST, _ALGORITHM))


def check_key(call: Call, path: Path) -> None:
    """Refuse to use a blob without the key that it was put with.

    Raises:
        ServiceError: 409 `BlobUsesCustomerSpecifiedEncryption`, `BlobDoesNotUseCustomerSpecifiedEncryption`,
            `BlobCustomerSpecifiedEncryptionMismatch`.
    """
    given = given_key(call)
    kept = path.detail("key") if '"key"' in path.details else None
    if given == kept:
        return
    if given is None:
        raise refusal("BlobUsesCustomerSpecifiedEncryption")
    raise refusal("BlobCustomerSpecifiedEncryptionMismatch" if kept else "BlobDoesNotUseCustomerSpecifiedEncryption")


def check_use(call: Call, path: Path) -> None:
    """Refuse to change a blob without the key or scope that it was put with.

    Raises:
        ServiceError: 400, 409.
    """
    check_key(call, path)
    if path.is_directory or ('"scope"' not in path.details and call.header(_SCOPE) is None):
        return
    if (call.header(_SCOPE) or call.parameter("ses") or call.file_system.detail("scope")) != path.detail("scope"):
        raise refusal("BlobUsesCustomerSpecifiedEncryption")


def encryption_details(call: Call) -> dict[str, str]:
    """Return what a new blob keeps of its encryption.

    Raises:
        ServiceError: 400; 403 `RequestForbiddenByContainerEncryptionPolicy`.
    """
    key, signed = given_key(call), call.parameter("ses")
    scope = call.header(_SCOPE) or signed
    if signed is not None and scope != signed:
        raise refusal("RequestForbiddenByContainerEncryptionPolicy")
    if key is not None and scope is not None:
        raise refusal("InvalidHeaderValue", HeaderName=_SCOPE, HeaderValue=scope)
    default = call.file_system.detail("scope")
    if scope is not None:
        _check_name(_SCOPE, scope)
        if call.file_system.detail("scope_is_fixed") and scope != default:
            raise refusal("RequestForbiddenByContainerEncryptionPolicy")
    used = scope or (None if key else default)
    return ({"key": key} if key else {}) | ({"scope": used} if used else {})


def _check_name(header: str, name: str) -> None:
    if name != _OF_ACCOUNT and _NAME.fullmatch(name) is None:
        raise refusal("InvalidHeaderValue", HeaderName=header, HeaderValue=name)


def encryption_fields(path: Path) -> Fields:
    """Return the headers that tell how a blob is encrypted."""
    if '"key"' not in path.details and '"scope"' not in path.details:
        return []
    given = [(_DIGEST, path.detail("key")), (_SCOPE, path.detail("scope"))]
    return [(name, str(value)) for name, value in given if value]


def encryption_elements(path: Path) -> Fields:
    """Return the elements that tell in a listing how a blob is encrypted."""
    spelled = {_DIGEST: "CustomerProvidedKeySha256", _SCOPE: "EncryptionScope"}
    return [(spelled[name], value) for name, value in encryption_fields(path)]


def asked_scope(call: Call) -> dict[str, Any]:  # Any: a JSON object
    """Return what a new container keeps of the scope that its blobs are in unless they say otherwise.

    Raises:
        ServiceError: 400 `InvalidHeaderValue`.
    """
    name = call.header(_DEFAULT)
    if name is None:
        return {}
    _check_name(_DEFAULT, name)
    return {"scope": name, "scope_is_fixed": (call.header(_FIXED) or "").lower() == "true"}


def scope_fields(found: FileSystem) -> Fields:
    """Return the headers that tell a container's scope."""
    fixed = str(bool(found.detail("scope_is_fixed"))).lower()
    return [(_DEFAULT, found.detail("scope") or _OF_ACCOUNT), (_FIXED, fixed)]


def scope_xml(found: FileSystem) -> str:
    """Return the elements that tell a container's scope."""
    (_, name), (_, fixed) = scope_fields(found)
    return (
        f"<DefaultEncryptionScope>{name}</DefaultEncryptionScope>"
        f"<DenyEncryptionScopeOverride>{fixed}</DenyEncryptionScopeOverride>"
    )
