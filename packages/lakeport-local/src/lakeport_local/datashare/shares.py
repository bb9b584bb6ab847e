"""Shares.

Source: data-share.md 1.5, 2.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response, iso_instant
from lakeport_local.datashare import assumptions, errors, filtering, names, quotas, results
from lakeport_local.datashare.nouns import SHARES
from lakeport_local.datashare.rendering import document, present
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document

_KINDS = {"copybased": "CopyBased", "inplace": "InPlace"}


def _put(call: Call, current: Resource | None) -> Outcome:
    given = call.properties()
    names.check(call, "share")
    texts = {name: given.get(name) for name in ("description", "terms")}
    if any(value is not None and not isinstance(value, str) for value in texts.values()):
        raise errors.bad("'description' and 'terms' must be texts")
    kind = _kind(given.get("shareKind"))
    before = current.properties if current is not None else {}
    if kind is not None and current is not None and kind != before["shareKind"]:
        raise errors.conflict("The kind of a share cannot be changed")
    properties = present(
        description=texts["description"],
        terms=texts["terms"],
        shareKind=kind or before.get("shareKind") or assumptions.default_share_kind(),
        provisioningState="Succeeded",
        createdAt=before.get("createdAt", iso_instant(call.now)),
        userName=before.get("userName", call.caller.name),
        userEmail=before.get("userEmail", call.caller.mail),
    )
    if current is not None:
        return Outcome(replace(current, properties=properties, system_data=call.stamp()))
    used = len(call.plane.resources.children(call.owner.id, SHARES))
    quotas.SHARE.require(used)
    made = Resource(call.address.id, SHARES, call.name, properties=properties, system_data=call.stamp())
    return Outcome(made, 201, (("Location", quote(f"{made.id}/{made.name}")), quotas.SHARE.header(used + 1, made.id)))


def _kind(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or given.lower() not in _KINDS:
        raise errors.bad("'shareKind' must be CopyBased or InPlace")
    return _KINDS[given.lower()]


def _delete(call: Call, current: Resource | None) -> Response:
    if current is None:
        return Response(204)
    left = len(call.plane.resources.children(call.owner.id, SHARES)) - 1
    return results.begin_deletion(call, current, quotas.SHARE.header(left, ""))


def _render(call: Call, resource: Resource) -> Document:
    return document(call, resource, resource.properties)


SHARE = ResourceType(
    SHARES,
    put=_put,
    delete=_delete,
    render=_render,
    missing=errors.share_missing,
    listed=filtering.listed(SHARES, _render),
)
