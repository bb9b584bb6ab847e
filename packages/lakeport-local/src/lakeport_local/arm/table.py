"""The entries of the control plane's table: what a provider declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from lakeport_local.core import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from lakeport_local.arm.address import Address, Level
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.core import ServiceError
    from lakeport_local.state import Resource

Document: TypeAlias = dict[str, Any]  # Any: a JSON object
Answer: TypeAlias = "Response | Awaitable[Response]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a PUT or PATCH decided.

    Attributes:
        resource: The resource to keep; the framework stores and renders it.
        status: HTTP status.
        headers: More headers, such as `Location`.
    """

    resource: Resource
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def envelope(call: Call, resource: Resource) -> Document:
    """Render a resource in ARM's standard form, optional members left out when they are not set."""
    shown = {
        "id": resource.id,
        "name": resource.name,
        "type": call.plane.type_name(resource.type),
        "kind": resource.kind,
        "location": resource.location,
        "tags": resource.tags,
        "identity": resource.identity,
        "properties": resource.properties,
        "systemData": resource.system_data,
    }
    return {name: value for name, value in shown.items() if value is not None}


def removed_at_once(call: Call, current: Resource | None) -> Response:
    """Answer DELETE: gone at once, with all below it."""
    if current is None:
        return Response(204)
    call.plane.remove(current.id)
    return Response(200)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of stored resource.

    Attributes:
        name: Full type, in the service's casing.
        put: Decides what PUT makes; gets the call and what exists. None: PUT is not allowed.
        patch: Likewise for PATCH.
        delete: Answers DELETE of what exists (None when absent); the default removes at once, 200 or 204. None: DELETE is not allowed.
        render: What a client sees of one resource.
        missing: The refusal for an instance that does not exist; ARM's `ResourceNotFound` when None.
        listed: The members of a collection; None: all resources of the type below the parent, group or subscription.
        page_size: Items a page of a collection.
        removed: Called after a resource of this type left, by itself or with something above it.
        is_listed: False when the type has no collection.
        levels: Where instances may lie; a type of a group is also listed for its subscription.
    """

    name: str
    put: Callable[[Call, Resource | None], Outcome] | None = None
    patch: Callable[[Call, Resource], Outcome] | None = None
    delete: Callable[[Call, Resource | None], Answer] | None = removed_at_once
    render: Callable[[Call, Resource], Document] = envelope
    missing: Callable[[Address], ServiceError] | None = None
    listed: Callable[[Call], Iterable[Resource]] | None = None
    page_size: int = 1000
    removed: Callable[[ControlPlane, Resource], None] | None = None
    is_listed: bool = True
    levels: frozenset[Level] = frozenset({"group"})


@dataclass(frozen=True, slots=True)
class Operation:
    """Any call that is not one of the standard verbs on a stored resource.

    Attributes:
        method: HTTP method.
        name: Full type path as the URL spells it, action included: `Microsoft.DataShare/accounts/shareSubscriptions/synchronize`.
        handle: Answers; the parent resource, where the type above is a stored one, is in `call.parent`.
        action: RBAC action; None: any authenticated caller (the handler filters by itself).
        is_public: True for the few documents that need no token, such as `/metadata/endpoints`.
        levels: Where it may be asked for; None: anywhere.
        makes_parent: True when the resource that it is asked of need not exist.
    """

    method: str
    name: str
    handle: Callable[[Call], Answer]
    action: str | None = None
    is_public: bool = False
    levels: frozenset[Level] | None = None
    makes_parent: bool = False


def arm_error(error: ServiceError) -> Document:
    """Return ARM's error body."""
    return {"error": {"code": error.code, "message": error.message, **error.detail}}


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider.

    Attributes:
        namespace: Such as `Microsoft.DataShare`.
        resource_types: Its stored types.
        operations: Its other calls.
        versions: The api-versions it takes; None: any date.
        newest: The api-version that the provider's description names when it takes any.
        error: Its error body and content type, for every refusal on its addresses; ARM's own have words for codes.
        headers: Headers on every answer of its own.
        needs_registration: True when a subscription must have registered it.
        forgets_children: True when a DELETE below a nested resource that left is answered as one of what left itself.
    """

    namespace: str
    resource_types: tuple[ResourceType, ...] = ()
    operations: tuple[Operation, ...] = ()
    versions: tuple[str, ...] | None = None
    newest: str = "2024-11-01"
    error: Callable[[ServiceError], tuple[Document, str]] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    needs_registration: bool = True
    forgets_children: bool = False
