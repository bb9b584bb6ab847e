"""What a request says of itself, as far as faults tell requests apart by it: nothing of it is believed for anything else."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from lakeport_local.core import Request

_TOLD_BY = ("comp", "blockid", "restype", "resource", "action", "position", "continuation", "directory", "marker")
_CLAIMS = ("oid", "appid", "azp", "upn", "preferred_username")


def principal_of(request: Request) -> list[str]:
    """Return the names of who asks, as the request has them."""
    scheme, _, credential = (request.headers.get("authorization") or "").partition(" ")
    names = [request.caller] if request.caller else []
    if scheme.lower() == "bearer":
        names += _claimed(credential)
    elif scheme.lower().startswith("sharedkey"):
        names.append("key")
    elif request.parameter("sig"):
        names.append("sas")
    return names or ["anonymous"]


def sameness(request: Request) -> bytes:
    """Return what tells a request from others, and not from its repetition: no signature, date or id of it."""
    told = [f"{name}={request.parameter(name) or ''}" for name in _TOLD_BY] if request.raw_query else []
    ranges = [request.headers.get("x-ms-range") or request.headers.get("range") or ""]
    return "\n".join([request.method, request.host, request.raw_path, *told, *ranges]).encode()


def _claimed(token: str) -> list[str]:
    try:
        _, payload, _ = token.split(".")
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return [str(claims[name]) for name in _CLAIMS if name in claims]
    except (ValueError, binascii.Error, TypeError):
        return []
