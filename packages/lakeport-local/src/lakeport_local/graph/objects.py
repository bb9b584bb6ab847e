"""Objects of any kind: by id, many at once, what they are in and what is in them.

Source: identity.md 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from lakeport_local.core import Response
from lakeport_local.graph import errors
from lakeport_local.graph.call import answer, guid, related_to
from lakeport_local.graph.users import signed_in

if TYPE_CHECKING:
    from lakeport_local.entra import Entry, EntryKind
    from lakeport_local.graph.call import Call

Handler: TypeAlias = Callable[["Call"], Response]

_MOST_IDS = 1000
_IDS_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)"


def get_object(call: Call) -> Response:
    """Answer with an object of any kind."""
    entry = call.entry()
    document = call.documents.of(entry)
    return answer(
        200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#directoryObjects/$entity", **document}
    )


def delete_object(call: Call) -> Response:
    """Remove an object of any kind but a managed identity's principal."""
    entry = call.entry()
    if entry.resource_id:
        raise errors.bad_request("The service principal of a managed identity is removed with its resource.")
    call.catalog.remove(entry)
    return Response(204)


def get_by_ids(call: Call) -> Response:
    """Answer with those of the objects that exist and are of the types asked for."""
    body = call.body()
    types = body.get("types")
    if types is not None and not isinstance(types, list):
        raise errors.bad_value("types")
    wanted = {str(one).lower() for one in types or ()}
    found = (call.catalog.entry(call.tenant_id, one) for one in _ids(body.get("ids"), "ids"))
    kept = [one for one in found if one is not None and _is_of(one, wanted)]
    return call.listed(kept, None)


def _is_of(entry: Entry, types: set[str]) -> bool:
    return not types or bool(types & {entry.kind.lower(), "directoryobject"})


def _ids(value: object, name: str) -> list[str]:
    if not isinstance(value, list) or len(value) > _MOST_IDS:
        raise errors.bad_value(name)
    return [guid(one, name) for one in dict.fromkeys(map(str, value))]


def related(relation: str, kind: EntryKind | None, *, of_me: bool = False) -> Handler:
    """Return what answers with the objects in a relation to the path's object, or to the signed-in user.

    Args:
        relation: `members`, `memberOf`, `owners` and the transitive ones.
        kind: The kind of the path's object; None for any.
        of_me: The signed-in user is meant.
    """

    def handle(call: Call) -> Response:
        entry = call.named(signed_in(call), "user") if of_me else call.entry(kind)
        entries = related_to(call, entry, relation)
        cast = call.member.lower().removeprefix("microsoft.graph.")
        return call.listed([one for one in entries if cast in ("", one.kind.lower())], None)

    return handle


def member_groups(kind: EntryKind | None, *, of_me: bool = False) -> Handler:
    """Return what answers with the ids of the groups that an object is in, directly or not."""

    def handle(call: Call) -> Response:
        entry = call.named(signed_in(call), "user") if of_me else call.entry(kind)
        groups = call.catalog.groups_of(entry, is_transitive=True)
        return answer(200, {"@odata.context": _IDS_CONTEXT, "value": [one.object_id for one in groups]})

    return handle


def check_member_groups(kind: EntryKind | None, *, of_me: bool = False) -> Handler:
    """Return what answers with those of the groups in the body that an object is in, directly or not."""

    def handle(call: Call) -> Response:
        entry = call.named(signed_in(call), "user") if of_me else call.entry(kind)
        groups = {one.object_id for one in call.catalog.groups_of(entry, is_transitive=True)}
        wanted = _ids(call.body().get("groupIds"), "groupIds")
        return answer(200, {"@odata.context": _IDS_CONTEXT, "value": [one for one in wanted if one in groups]})

    return handle


def owned_objects(call: Call) -> Response:
    """Answer with the applications, service principals and groups that the signed-in user owns."""
    owner = signed_in(call)
    kinds: tuple[EntryKind, ...] = ("application", "servicePrincipal", "group")
    entries = [one for kind in kinds for one in call.catalog.entries(call.tenant_id, kind)]
    return call.listed([one for one in entries if owner in one.profile.get("owners", ())], None)
