"""One authenticated call on the control plane, as hooks and operations receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from lakeport_local.access import Action, Target
from lakeport_local.arm.errors import bad_body, forbidden, wrong_media_type
from lakeport_local.arm.leniency import strict
from lakeport_local.core import Response, iso_instant

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from lakeport_local.access import Principal
    from lakeport_local.arm.address import Address
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.core import Request
    from lakeport_local.state import Resource


@dataclass(slots=True)
class Call:
    """One call, its caller verified and allowed.

    Attributes:
        plane: The control plane: `resources`, `directory`, `access`, `ids`, `clock`, `long_running`.
        request: The HTTP request.
        address: What the path names, its type in the provider's own casing.
        api_version: As sent.
        caller: Who calls.
        tenant_id: The tenant that owns the address; at tenant level, the caller's.
        parent: For an action, a collection or a nested instance, the resource above; None below a group or the tenant.
        is_filtered: True for a collection that the caller may not read as a whole: they see what they may read in it.
    """

    plane: ControlPlane
    request: Request
    address: Address
    api_version: str
    caller: Principal
    tenant_id: str
    parent: Resource | None = None
    is_filtered: bool = False

    @property
    def type_name(self) -> str:
        """The type in the provider's own casing."""
        return self.address.type

    @property
    def now(self) -> datetime:
        """The instant of the request; one for the whole call."""
        return self.request.at

    @property
    def name(self) -> str:
        """The last name of the address."""
        return self.address.names[-1]

    @property
    def owner(self) -> Resource:
        """The parent, for calls that always have one."""
        if self.parent is None:
            raise LookupError(f"{self.type_name} has no parent resource")
        return self.parent

    def may(self, action: str, resource_id: str) -> bool:
        """Tell whether the caller may do something to a resource of the call's tenant; for filters, not logged."""
        return self.plane.access.decide(self.caller, Action(action), Target(resource_id, self.tenant_id)).allowed

    def require(self, action: str, resource_id: str) -> None:
        """Require one more right of the caller, on a resource of the call's tenant.

        Raises:
            ServiceError: 403 `AuthorizationFailed`.
        """
        target = Target(resource_id or "/", self.tenant_id)
        decision = self.plane.access.decide(self.caller, Action(action), target, request_id=self.request.id)
        if not decision.allowed:
            raise forbidden(decision, target.scope)

    def body(self, *, is_lenient: bool = False) -> dict[str, Any]:  # Any: a JSON object
        """Return the body as a JSON object.

        Args:
            is_lenient: Take what the deployment engine takes: comments, names without quotes.

        Raises:
            ServiceError: 400 `InvalidRequestContent`: absent, no JSON, or no object; 415 `UnsupportedMediaType`: said to be something else.
        """
        media_type = (self.request.headers.get("content-type") or "application/json").split(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise wrong_media_type(media_type)
        try:
            decoded = orjson.loads(strict(self.request.data) if is_lenient else self.request.data)
            orjson.dumps(decoded)  # what cannot be written again (nested too deeply) must not be kept
        except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
            raise bad_body(str(error)) from error
        if not isinstance(decoded, dict):
            raise bad_body("the request body is not a JSON object")
        return decoded

    def optional_body(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the body as a JSON object, empty when there is none."""
        return self.body() if self.request.data.strip() else {}

    def properties(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the `properties` of the body.

        Raises:
            ServiceError: 400 `InvalidRequestContent`: it is no object.
        """
        found = self.body().get("properties") or {}
        if not isinstance(found, dict):
            raise bad_body("'properties' is not a JSON object")
        return found

    def url(self, path: str, **query: str) -> str:
        """Return an absolute URL on the host that was called, with the call's api-version.

        Args:
            path: Path, not percent-encoded.
            query: More parameters, not percent-encoded.
        """
        more = "".join(f"&{name}={quote(value, safe='')}" for name, value in query.items())
        return f"{self.origin}{quote(path)}?api-version={self.api_version}{more}"

    @property
    def origin(self) -> str:
        """Scheme, host and port that were called, such as `https://management.azure.com`."""
        usual = {"https": 443, "http": 80}.get(self.request.scheme)
        port = "" if self.request.port in (0, usual) else f":{self.request.port}"
        return f"{self.request.scheme}://{self.request.host}{port}"

    def stamp(self, existing: Resource | None = None, *, created_at: datetime | None = None) -> dict[str, str]:
        """Return `systemData`: made by the caller, or made before and last changed by the caller."""
        by = self.caller.name if self.caller.kind == "User" else self.caller.object_id
        at = iso_instant(self.now)
        made = {
            "createdBy": by,
            "createdByType": self.caller.kind,
            "createdAt": iso_instant(created_at) if created_at else at,
        }
        before = (existing.system_data if existing is not None else None) or {}
        kept = {name: before.get(name, value) for name, value in made.items()}
        return {**kept, "lastModifiedBy": by, "lastModifiedByType": self.caller.kind, "lastModifiedAt": at}

    def after(self, delay: timedelta) -> str:
        """Return the instant `delay` from now, for `internal.ready_at`."""
        return iso_instant(self.now + delay)

    def json(self, status: int, document: Any, headers: list[tuple[str, str]] | None = None) -> Response:  # Any: JSON
        """Return a JSON response."""
        fields = [("Content-Type", "application/json; charset=utf-8"), *(headers or [])]
        return Response(status, fields, orjson.dumps(document))
