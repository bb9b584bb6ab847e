"""The strings that shared access signatures sign, by their version. Pure.

Source: storage.md 4.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport_local.core import Request

_VERSION = re.compile(r"20\d\d-[01]\d-[0-3]\d", re.ASCII)
_DEPTH = re.compile(r"0|[1-9]\d?", re.ASCII)
_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")
_KEY = ("skoid", "sktid", "skt", "ske", "sks", "skv")
_COMMON = frozenset(("sv", "sp", "st", "se", "sip", "spr", "sig"))
_OLDEST, _OLDEST_DELEGATED, _OLDEST_DIRECTORY = "2015-04-05", "2018-11-09", "2020-02-10"


def signed_names(fields: Mapping[str, str]) -> frozenset[str] | None:
    """Return the parameters that a signature of this kind and version covers; None when there is no such signature.

    What else is given is not covered: whoever holds the signature may have added it.
    """
    version = fields["sv"]
    is_delegated, is_directory = "skoid" in fields, fields.get("sr") == "d"
    is_moment = fields.get("sr") in {"bs", "bv"}  # before, the kind itself was not signed
    oldest = _OLDEST_DIRECTORY if is_directory else _OLDEST_DELEGATED if is_delegated or is_moment else _OLDEST
    if version < oldest or not _VERSION.fullmatch(version):
        return None
    scope = {"ses"} if version >= "2020-12-06" else set()
    if "ss" in fields:
        return _COMMON | scope | {"ss", "srt"}
    names = _COMMON | scope | {"sr", *_OVERRIDES} | ({"sdd"} if is_directory else set())
    if not is_delegated:
        return names | {"si"}
    return names | set(_delegated_names(version)) | ({"srh", "srq"} if version >= "2026-04-06" else set())


def account_string(account: str, fields: Mapping[str, str]) -> str:
    """Return the string that an account signature signs."""
    version = fields["sv"]
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if version >= "2020-12-06":
        names.append("ses")
    return "\n".join([account, *(fields.get(name, "") for name in names), ""])


def canonical_resource(account: str, container: str, path: str, fields: Mapping[str, str]) -> str | None:
    """Return the canonical name of what a signature is for, taken from the request; None when the request cannot match.

    A directory signature names as many segments of the requested path as `sdd` says.
    """
    kind, depth = fields.get("sr", ""), fields.get("sdd", "")
    base = f"/blob/{account}/{container}"
    if kind == "c":
        return base
    if kind in {"b", "bs", "bv"}:
        return f"{base}/{path}"
    segments = path.split("/") if path else []
    if kind != "d" or not _DEPTH.fullmatch(depth) or len(segments) < int(depth):
        return None
    return "/".join([base, *segments[: int(depth)]]) if int(depth) else f"{base}/"


def service_string(fields: Mapping[str, str], resource: str | None, request: Request) -> str | None:
    """Return the string that a service or user delegation signature signs; None when it cannot be told."""
    version = fields["sv"]
    moment = _moment(fields, request)
    if resource is None or moment is None:
        return None
    is_delegated = "skoid" in fields
    names = ["sp", "st", "se"]
    after: list[str] = list(_delegated_names(version)) if is_delegated else ["si"]
    after += ["sip", "spr", "sv"]
    if version >= "2018-11-09":
        after += ["sr", ""]
    if version >= "2020-12-06":
        after.append("ses")
    lines = [fields.get(name, "") for name in names] + [resource]
    lines += [fields.get(name, "") if name else moment for name in after]
    if is_delegated and version >= "2026-04-06":
        headers, query = _bound_headers(fields, request), _bound_query(fields, request)
        if headers is None or query is None:
            return None
        lines += [headers, query]
    return "\n".join([*lines, *(fields.get(name, "") for name in _OVERRIDES)])


def _moment(fields: Mapping[str, str], request: Request) -> str | None:
    """Return the snapshot or version that a signature for one of them names; None when the request names none."""
    name = {"bs": "snapshot", "bv": "versionid"}.get(fields.get("sr", ""))
    given = "" if name is None else request.parameter(name) or "\n"
    return None if "\n" in given else given


def _delegated_names(version: str) -> tuple[str, ...]:
    names: tuple[str, ...] = _KEY
    if version >= "2020-02-10":
        names += ("saoid", "suoid", "scid")
    return (*names, "skdutid", "sduoid") if version >= "2025-07-05" else names


def _names(text: str) -> list[str]:
    return text.split(",") if text else []


def _bound_headers(fields: Mapping[str, str], request: Request) -> str | None:
    found = []
    for name in _names(fields.get("srh", "")):
        value = request.headers.get(name) if name else None
        if value is None:
            return None
        found.append(f"{name}:{value}\n")
    return "".join(found)


def _bound_query(fields: Mapping[str, str], request: Request) -> str | None:
    found = []
    for name in _names(fields.get("srq", "")):
        value = request.parameter(name) if name else None
        if value is None or "\n" in value:
            return None
        found.append(f"\n{name}:{value}")
    return "".join(found)
