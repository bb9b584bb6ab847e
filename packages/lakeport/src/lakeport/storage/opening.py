"""What a request to storage carries to be let in: a token, a signature by the account's key, or a SAS in its address.

Source: storage.md 4.1 (Shared Key); Azure Storage, "Authorize with Shared Key".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

from lakeport import identity
from lakeport.errors import BadProfile
from lakeport.identity.signing import Signing
from lakeport.identity.storage_key import KeptSas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

    Renew = Callable[[int, str, Mapping[str, str]], bool]


class Asked(NamedTuple):
    """A request before it is let in.

    Attributes:
        target: Path and query, encoded.
        headers: Without `Host` and `Content-Length`.
        size_bytes: The body's length.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    size_bytes: int


SCOPE = "https://storage.azure.com/.default"
VERSION = "2025-01-05"
_SIGNED = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
]


def opener(profile: Profile, account: str, credential: TokenCredential | None = None) -> Opener:
    """Return what opens an account to a profile.

    Args:
        profile: Who asks.
        account: The account's name.
        credential: What signs in; absent: the profile.

    Raises:
        BadProfile: The key or SAS cannot be read, or a token would have to go over plain http.
    """
    found = credential or identity.storage_credential(profile, account)
    if isinstance(found, AzureNamedKeyCredential):
        return Opener(lambda asked: _signed(account, _decoded(found.named_key.key), asked))
    if isinstance(found, KeptSas):
        return Opener(lambda asked: _with_sas(found.signature, asked), _renewal(found))
    if isinstance(found, AzureSasCredential):
        return Opener(lambda asked: _with_sas(found.signature, asked))
    if profile.cloud.endpoint.startswith("http://"):
        hint = "Next: a profile with an account_key or a sas, or an https endpoint"
        raise BadProfile(f"{profile.cloud.endpoint} would see the token: it is not https", hint=hint)
    return Opener(lambda asked: _bearing(found.get_token(SCOPE).token, asked), _signing_in(found))


def _signing_in(credential: TokenCredential) -> Renew | None:
    if not isinstance(credential, Signing):
        return None
    return lambda status, _, headers: (
        status == 401 and credential.renew(SCOPE, headers["Authorization"].removeprefix("Bearer "))
    )


class Opener:
    """Lets requests in.

    Args:
        open_: Takes a request; gives the target and headers that are let in.
        renew: Takes the status, address and headers of what was refused; reads what lets in again, and tells whether it is
            another now.
    """

    def __init__(self, open_: Callable[[Asked], tuple[str, dict[str, str]]], renew: Renew | None = None) -> None:
        self.open = open_
        self._renew = renew

    def renewed(self, status: int, address: str, headers: Mapping[str, str]) -> bool:
        """Tell if what was refused may be sent again: what lets in was read again, and is another now."""
        return bool(self._renew and self._renew(status, address, headers))


def _renewal(sas: KeptSas) -> Renew:
    def renew(_status: int, address: str, _: Mapping[str, str]) -> bool:
        now = sas.signature
        return not address.endswith(now) or sas.renew(now)  # another worker may have renewed it already

    return renew


def _bearing(token: str, asked: Asked) -> tuple[str, dict[str, str]]:
    return asked.target, {**asked.headers, "x-ms-version": VERSION, "Authorization": f"Bearer {token}"}


def _with_sas(sas: str, asked: Asked) -> tuple[str, dict[str, str]]:
    return f"{asked.target}{'&' if '?' in asked.target else '?'}{sas}", {**asked.headers, "x-ms-version": VERSION}


def _signed(account: str, key: bytes, asked: Asked) -> tuple[str, dict[str, str]]:
    headers = {**asked.headers, "x-ms-version": VERSION, "x-ms-date": _date(int(time.time()))}
    text = _to_sign(account, asked, headers)
    digest = binascii.b2a_base64(hmac.digest(key, text.encode(), "sha256"), newline=False).decode()
    headers["Authorization"] = f"SharedKey {account}:{digest}"
    return asked.target, headers


@lru_cache(16)
def _decoded(key: str) -> bytes:
    return base64.b64decode(key)


@lru_cache(4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def string_to_sign(account: str, asked: Asked) -> str:
    """Return what a Shared Key signature is of; a body of no length is signed as nothing."""
    return _to_sign(account, asked, asked.headers)


def _to_sign(account: str, asked: Asked, headers: Mapping[str, str]) -> str:
    lower = {name.lower(): value for name, value in headers.items()}
    lower["content-length"] = str(asked.size_bytes or "")
    own = "".join([f"{name}:{lower[name]}\n" for name in sorted(lower) if name.startswith("x-ms-")])
    path, _, query = asked.target.partition("?")
    resource = f"/{account}{path}"
    if query:
        parameters = [part.partition("=") for part in query.split("&") if part]
        decoded = sorted((name.lower(), unquote(value)) for name, _, value in parameters)
        resource += "".join(f"\n{name}:{value}" for name, value in decoded)
    standard = "\n".join([lower.get(name, "") for name in _SIGNED])
    return f"{asked.method}\n{standard}\n{own}{resource}"
