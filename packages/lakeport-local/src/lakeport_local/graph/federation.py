"""Federated credentials of applications: whose tokens an app signs in with.

Source: identity.md 1.4, 3; Microsoft Graph, "federatedIdentityCredential".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import Response, ServiceError
from lakeport_local.entra.federated_credentials import EXCHANGE_AUDIENCE, FederatedCredential
from lakeport_local.graph import errors
from lakeport_local.graph.call import answer, required_text, text

if TYPE_CHECKING:
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_MOST = 20
_MEMBERS = frozenset({"name", "issuer", "subject", "audiences", "description"})


def list_credentials(call: Call) -> Response:
    """Answer with an application's federated credentials."""
    found = [_document(one) for one in _of(call)]
    return answer(200, {"@odata.context": _context(call), "value": found})


def get_credential(call: Call) -> Response:
    """Answer with one, by its id or its name."""
    return answer(200, {"@odata.context": f"{_context(call)}/$entity", **_document(_named(call))})


def create_credential(call: Call) -> Response:
    """Let an application sign in with the tokens of an issuer."""
    client_id, body, known = _client_id(call), _body(call), _of(call)
    name = required_text(body, "name")
    made = FederatedCredential(
        call.ids.guid(),
        name,
        required_text(body, "issuer"),
        required_text(body, "subject"),
        _audiences(body) or (EXCHANGE_AUDIENCE,),
        text(body, "description"),
    )
    if not _NAME.fullmatch(name):
        raise errors.bad_value("name")
    if len(known) >= _MOST:
        raise errors.bad_request(f"The number of federated identity credentials has reached its limit of {_MOST}.")
    if any(one.name.lower() == name.lower() for one in known):
        raise ServiceError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"FederatedIdentityCredential with name {name} already exists.",
        )
    _require_unique(made, known)
    call.directory.federated.put(client_id, made)
    return answer(201, {"@odata.context": f"{_context(call)}/$entity", **_document(made)})


def update_credential(call: Call) -> Response:
    """Change a federated credential; its name stays."""
    kept, body = _named(call), _body(call)
    if "name" in body and body["name"] != kept.name:
        raise errors.bad_value("name")
    changed = replace(
        kept,
        issuer=text(body, "issuer") or kept.issuer,
        subject=text(body, "subject") or kept.subject,
        audiences=_audiences(body) or kept.audiences,
        description=text(body, "description") if "description" in body else kept.description,
    )
    _require_unique(changed, [one for one in _of(call) if one.id != kept.id])
    call.directory.federated.put(_client_id(call), changed)
    return Response(204)


def delete_credential(call: Call) -> Response:
    """Remove a federated credential."""
    call.directory.federated.remove(_client_id(call), _named(call).id)
    return Response(204)


def _client_id(call: Call) -> str:
    return call.entry("application").client_id


def _of(call: Call) -> list[FederatedCredential]:
    return call.directory.federated.of_app(_client_id(call))


def _named(call: Call) -> FederatedCredential:
    wanted = call.member.lower()
    found = next((one for one in _of(call) if wanted in (one.id, one.name.lower())), None)
    if found is None:
        raise errors.missing(call.member)
    return found


def _body(call: Call) -> Document:
    body = call.body()
    unknown = next((name for name in body if name not in _MEMBERS and not name.startswith("@odata.")), None)
    if unknown is not None:
        raise errors.bad_property(unknown)
    return body


def _audiences(body: Document) -> tuple[str, ...]:
    value = body.get("audiences") or []
    if not isinstance(value, list) or len(value) > 1 or not all(isinstance(one, str) and one for one in value):
        raise errors.bad_value("audiences")
    return tuple(value)


def _require_unique(one: FederatedCredential, others: list[FederatedCredential]) -> None:
    if any((other.issuer, other.subject) == (one.issuer, one.subject) for other in others):
        raise errors.bad_request(
            "Issuer and subject combination already exists for this Managed Identity or application."
        )


def _context(call: Call) -> str:
    key = call.entry("application").object_id
    return f"https://graph.microsoft.com/v1.0/$metadata#applications('{key}')/federatedIdentityCredentials"


def _document(one: FederatedCredential) -> Document:
    return {
        "id": one.id,
        "name": one.name,
        "issuer": one.issuer,
        "subject": one.subject,
        "description": one.description,
        "audiences": list(one.audiences),
    }
