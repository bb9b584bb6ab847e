"""Shared access signatures that the control plane makes: for an account, and for a container or blob.

Signed with the account's key, as a holder of the key would. Source: Storage resource provider REST reference, "List Account SAS",
"List Service SAS"; storage.md 4.4 (strings to sign).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport_local.core import ServiceError, iso_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport_local.arm.call import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response

_ACCOUNT_VERSION, _SERVICE_VERSION = "2015-04-05", "2018-11-09"
_KEY_NAMES = ("key1", "key2")
_ACCOUNT: Mapping[str, str] = {
    "ss": "signedServices",
    "srt": "signedResourceTypes",
    "sp": "signedPermission",
    "st": "signedStart",
    "se": "signedExpiry",
    "sip": "signedIp",
    "spr": "signedProtocol",
}
_SERVICE: Mapping[str, str] = {
    "sr": "signedResource",
    "sp": "signedPermission",
    "st": "signedStart",
    "se": "signedExpiry",
    "si": "signedIdentifier",
    "sip": "signedIp",
    "spr": "signedProtocol",
    "rscc": "rscc",
    "rscd": "rscd",
    "rsce": "rsce",
    "rscl": "rscl",
    "rsct": "rsct",
}


def account_signature(call: Call) -> Response:
    """Answer List Account SAS."""
    asked = call.body()
    fields = {"sv": _ACCOUNT_VERSION, **_fields(asked, _ACCOUNT, needed=("ss", "srt", "sp", "se"))}
    names = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
    lines = [call.owner.name, *(fields.get(name, "") for name in names), ""]
    return call.json(200, {"accountSasToken": _signed(call, asked, fields, lines)})


def service_signature(call: Call) -> Response:
    """Answer List Service SAS, of a container or a blob."""
    asked = call.body()
    fields = {"sv": _SERVICE_VERSION, **_fields(asked, _SERVICE, needed=("sr",))}
    resource = str(asked.get("canonicalizedResource") or "")
    if not resource.startswith(f"/blob/{call.owner.name}/") or fields["sr"] not in {"b", "c"}:
        raise _bad("canonicalizedResource", resource)
    if "si" not in fields and not {"sp", "se"} <= set(fields):
        raise _bad("signedPermission", "")
    lines = [fields.get(name, "") for name in ("sp", "st", "se")] + [resource]
    lines += [fields.get(name, "") for name in ("si", "sip", "spr", "sv", "sr")] + [""]
    lines += [fields.get(name, "") for name in ("rscc", "rscd", "rsce", "rscl", "rsct")]
    return call.json(200, {"serviceSasToken": _signed(call, asked, fields, lines)})


def _fields(asked: Document, names: Mapping[str, str], *, needed: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters of the signature, instants in the signature's form."""
    found = {short: str(asked[name]) for short, name in names.items() if asked.get(name) not in (None, "")}
    for short in needed:
        if short not in found:
            raise _bad(names[short], asked.get(names[short]))
    for short in {"st", "se"} & set(found):
        try:
            found[short] = iso_instant(parse_instant(found[short]).replace(microsecond=0))
        except ValueError:
            raise _bad(names[short], found[short]) from None
    return found


def _signed(call: Call, asked: Document, fields: Mapping[str, str], lines: list[str]) -> str:
    name = asked.get("keyToSign") or "key1"
    if name not in _KEY_NAMES:
        raise _bad("keyToSign", name)
    key = base64.b64decode(call.owner.internal["keys"][_KEY_NAMES.index(str(name))])
    signature = base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256)).decode()
    return "&".join(f"{short}={quote(value, safe='')}" for short, value in {**fields, "sig": signature}.items())


def _bad(name: str, value: object) -> ServiceError:
    return ServiceError(
        400,
        "InvalidValuesForRequestParameters",
        f"Values for request parameters are invalid: {name}." + (f" '{str(value)[:64]}'" if value else ""),
    )
