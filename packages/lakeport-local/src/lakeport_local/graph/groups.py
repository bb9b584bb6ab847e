"""Security groups and who is in them.

Source: identity.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import Response
from lakeport_local.graph import errors
from lakeport_local.graph.call import reference, required_text, text
from lakeport_local.graph.writing import created, written

if TYPE_CHECKING:
    from lakeport_local.entra import Entry
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_BOUND = {"members@odata.bind": "members", "owners@odata.bind": "owners"}
_FIXED: dict[str, tuple[object, ...]] = {
    "groupTypes": (None, []),
    "isAssignableToRole": (None, False),
    "mailEnabled": (None, False),
    "securityEnabled": (None, True),
}
"""What a security group is, and nothing else is kept."""
_HANDLED = frozenset({"displayName", *_BOUND, *_FIXED})
_MOST_BOUND = 20


def list_groups(call: Call) -> Response:
    """Answer with the tenant's groups."""
    return call.listed(call.catalog.entries(call.tenant_id, "group"), "group")


def count_groups(call: Call) -> Response:
    """Answer with their number."""
    return call.counted(call.catalog.entries(call.tenant_id, "group"), "group")


def get_group(call: Call) -> Response:
    """Answer with one group."""
    return call.shown(call.entry("group"))


def create_group(call: Call) -> Response:
    """Make a security group, with the members and owners that the body binds."""
    body = call.body()
    name = required_text(body, "displayName")
    required_text(body, "mailNickname")
    for needed in ("mailEnabled", "securityEnabled"):
        if needed not in body:
            raise errors.bad_request(f"A value is required for property '{needed}' of resource 'Group'.")
    _require_security_group(body)
    made = call.directory.add_group(call.tenant_id, name=name, object_id=call.ids.guid(), members=())
    entry = call.named(made.object_id, "group")
    entry.profile.update(created(call))
    written(call, entry, body, _HANDLED)
    _bind(call, entry, body)
    return call.shown(call.named(made.object_id, "group"), 201)


def _require_security_group(body: Document) -> None:
    wrong = next((name for name, values in _FIXED.items() if name in body and body[name] not in values), None)
    if wrong is not None:
        raise errors.bad_value(wrong)


def _bind(call: Call, group: Entry, body: Document) -> None:
    for annotation, relation in _BOUND.items():
        targets = body.get(annotation) or []
        if not isinstance(targets, list) or len(targets) > _MOST_BOUND:
            raise errors.bad_value(annotation)
        for target in targets:
            add_related(call, group.object_id, relation, reference({"@odata.id": target}))


def update_group(call: Call) -> Response:
    """Change a group; members that the body binds are added."""
    entry, body = call.entry("group"), call.body()
    _require_security_group(body)
    if text(body, "displayName"):
        call.catalog.rename(entry, required_text(body, "displayName"))
    written(call, entry, body, _HANDLED)
    _bind(call, entry, body)
    return Response(204)


def delete_group(call: Call) -> Response:
    """Remove a group; what was given to it is nobody's then."""
    call.catalog.remove(call.entry("group"))
    return Response(204)


def add_member(call: Call) -> Response:
    """Put the object that the body refers to into the group."""
    add_related(call, call.entry("group").object_id, "members", reference(call.body()))
    return Response(204)


def remove_member(call: Call) -> Response:
    """Take an object out of the group."""
    if not call.catalog.remove_member(call.entry("group"), call.member.lower()):
        raise errors.missing(call.member)
    return Response(204)


def add_related(call: Call, object_id: str, relation: str, target_id: str) -> None:
    """Make an object a member or an owner of another.

    Raises:
        ServiceError: 400: it is one already, or cannot be; 404: it does not exist.
    """
    entry, target = call.named(object_id), call.named(target_id)
    if target.kind == "application" or target.object_id == entry.object_id:
        raise errors.bad_request(f"The object cannot be added to '{relation}'.")
    if relation == "members":
        is_new = call.catalog.add_member(entry, target.object_id)
    else:
        owners = list(entry.profile.get("owners", ()))
        is_new = target.object_id not in owners
        call.catalog.set_profile(entry, {**entry.profile, "owners": [*owners, target.object_id]})
    if not is_new:
        raise errors.bad_request(
            f"One or more added object references already exist for the following modified properties: '{relation}'."
        )


def add_owner(call: Call) -> Response:
    """Make the object that the body refers to an owner; owners have no rights here but to be listed [A]."""
    add_related(call, call.entry().object_id, "owners", reference(call.body()))
    return Response(204)


def remove_owner(call: Call) -> Response:
    """Take an owner away."""
    entry, gone = call.entry(), call.member.lower()
    owners = list(entry.profile.get("owners", ()))
    if gone not in owners:
        raise errors.missing(call.member)
    call.catalog.set_profile(entry, {**entry.profile, "owners": [one for one in owners if one != gone]})
    return Response(204)
