"""Federated credentials of user-assigned identities: which tokens of other issuers an identity signs in with.

Source: identity.md 1.4; Managed Identity REST reference, "Federated Identity Credentials".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.arm.table import Document, Outcome, ResourceType
from lakeport_local.core import ServiceError
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call

_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
_NAME = re.compile(r"[A-Za-z0-9][\w-]{2,119}", re.ASCII)
_MOST = 20
_LONGEST = 600


def _put(call: Call, existing: Resource | None) -> Outcome:
    if not _NAME.fullmatch(call.name):
        raise _bad(
            f"The name '{call.name[:128]}' is not valid: 3 to 120 letters, digits, '-' or '_', a letter or digit first."
        )
    asked = call.properties()
    issuer, subject = _text(asked, "issuer"), _text(asked, "subject")
    audiences = asked.get("audiences")
    if not isinstance(audiences, list) or len(audiences) != 1 or not isinstance(audiences[0], str) or not audiences[0]:
        raise _bad("The property 'audiences' must hold exactly one audience.")
    _require_room(call, existing, (issuer, subject))
    properties: Document = {"issuer": issuer, "subject": subject, "audiences": audiences}
    made = Resource(call.address.id, _TYPE, call.name, properties=properties, system_data=call.stamp(existing))
    return Outcome(made, 201 if existing is None else 200)


def _text(asked: Document, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise _bad(f"The property '{name}' is required: 1 to {_LONGEST} characters.")
    return value


def _require_room(call: Call, existing: Resource | None, pair: tuple[str, str]) -> None:
    others = [
        one
        for one in call.plane.resources.children(call.owner.id, _TYPE)
        if existing is None or one.key != existing.key
    ]
    if any((one.properties["issuer"], one.properties["subject"]) == pair for one in others):
        raise ServiceError(409, "Conflict", "Issuer and subject combination already exists for this Managed Identity.")
    if existing is None and len(others) >= _MOST:
        raise _bad(f"Too many Federated Identity Credentials: a managed identity takes {_MOST}.")


def _bad(message: str) -> ServiceError:
    return ServiceError(400, "BadRequest", message)


FEDERATED_CREDENTIAL = ResourceType(_TYPE, put=_put)
