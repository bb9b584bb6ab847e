"""E-mail registrations: a guest proves that an address is theirs, and sees the invitations sent to it from then on.

The code comes by mail (`mail`). A registration holds in one tenant. Source: data-share.md 1.9, 6.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare import assumptions, errors, mail
from lakeport_local.datashare.nouns import NAMESPACE
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.access import Principal
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.state import Resources

_TYPE = f"{NAMESPACE}/emailRegistrations"


def register(call: Call) -> Response:
    """Mail a code to the caller's address and answer the registration, which waits for it."""
    caller, ids = call.caller, call.plane.ids
    if caller.kind != "User" or not assumptions.is_guest(caller.name) or not caller.mail:
        raise errors.bad("Only a guest user with an e-mail address registers it")
    code = str(int.from_bytes(ids.token(8), "big") % 10**8).zfill(8)
    made = Resource(
        _id(caller),
        _TYPE,
        caller.object_id,
        properties=_properties(caller, "ActivationPending", assumptions.registered_until(call.now)),
        internal={"code": code, "tries": 0},
    )
    call.plane.resources.put(made)
    text = f"The code that activates this address for Azure Data Share:\n\n    {code}\n"
    mail.post(call.plane.store, caller.mail, "Your verification code for Azure Data Share", text, call.now)
    return call.json(200, _render(made))


def activate(call: Call) -> Response:
    """Activate the caller's registration with the code from the mail; the answer's status says what came of it."""
    kept = call.plane.resources.get(_id(call.caller))
    given = call.body().get("activationCode")
    if not isinstance(given, str) or not given:
        raise errors.bad("'activationCode' is required")
    if kept is None:
        raise errors.registration_missing(call.caller.mail)
    if kept.properties["registrationStatus"] == "ActivationPending":
        kept = call.plane.resources.put(_tried(kept, call.caller, given, call.now))
    return call.json(200, _render(kept))


def _tried(kept: Resource, caller: Principal, given: str, now: datetime) -> Resource:
    """Return a registration after somebody tried a code."""
    tries = int(kept.internal["tries"]) + 1
    if hmac.compare_digest(given.encode(), str(kept.internal["code"]).encode()):
        properties = _properties(caller, "Activated", assumptions.registered_until(now))
        return replace(kept, properties=properties, internal={"code": "", "tries": tries})
    status = assumptions.status_after_wrong_code(tries)
    return replace(
        kept,
        properties={**kept.properties, "registrationStatus": status},
        internal={**kept.internal, "tries": tries},
    )


def is_registered(resources: Resources, caller: Principal, now: datetime) -> bool:
    """Tell whether a guest's address is registered in the tenant they are a guest of."""
    kept = resources.get(_id(caller))
    if kept is None or kept.properties["registrationStatus"] != "Activated":
        return False
    is_same = str(kept.properties["email"]).lower() == caller.mail.lower()
    return is_same and now < parse_instant(kept.properties["activationExpirationDate"])


def _id(caller: Principal) -> str:
    return f"/providers/{_TYPE}/{caller.tenant_id}-{caller.object_id}"


def _properties(caller: Principal, status: str, until: datetime) -> dict[str, str]:
    return {
        "activationExpirationDate": iso_instant(until),
        "email": caller.mail,
        "registrationStatus": status,
        "tenantId": caller.tenant_id,
    }


def _render(kept: Resource) -> Document:
    """Show a registration, which is flat; its code is an explicit null."""
    return {"activationCode": None, **kept.properties}
