"""Applications: the registrations of apps, without which there is no service principal.

Source: identity.md 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import Response
from lakeport_local.graph import errors
from lakeport_local.graph.call import required_text, text
from lakeport_local.graph.credentials import replace_keys
from lakeport_local.graph.writing import created, written

if TYPE_CHECKING:
    from lakeport_local.entra import Entry
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_HANDLED = frozenset({"displayName", "keyCredentials", "passwordCredentials"})


def list_applications(call: Call) -> Response:
    """Answer with the tenant's applications."""
    return call.listed(call.catalog.entries(call.tenant_id, "application"), "application")


def count_applications(call: Call) -> Response:
    """Answer with their number."""
    return call.counted(call.catalog.entries(call.tenant_id, "application"), "application")


def get_application(call: Call) -> Response:
    """Answer with one application of the tenant."""
    return call.shown(call.entry("application"))


def create_application(call: Call) -> Response:
    """Register an application; nobody signs in with it before it has a service principal and a credential."""
    body = call.body()
    name = required_text(body, "displayName")
    if body.get("passwordCredentials"):
        raise errors.bad_request("Password credentials are added by addPassword.")
    made = call.catalog.register(call.tenant_id, name=name, client_id=call.ids.guid(), object_id=call.ids.guid())
    _write(call, replace(made, profile=created(call)), body)
    return call.shown(call.named(made.object_id, "application"), 201)


def update_application(call: Call) -> Response:
    """Change an application; `keyCredentials` replace those it has."""
    entry, body = call.entry("application"), call.body()
    if text(body, "displayName"):
        call.catalog.rename(entry, required_text(body, "displayName"))
    if "passwordCredentials" in body:
        wanted = body["passwordCredentials"]
        if not isinstance(wanted, list):
            raise errors.bad_value("passwordCredentials")
        kept = {str(one.get("keyId")).lower() for one in wanted if isinstance(one, dict)}
        for note in call.catalog.secrets(entry.client_id):
            if note.key_id not in kept:
                call.catalog.remove_secret(entry.client_id, note.key_id)
    _write(call, entry, body)
    return Response(204)


def _write(call: Call, entry: Entry, body: Document) -> None:
    _require_free_uris(call, entry, body.get("identifierUris"))
    written(call, entry, body, _HANDLED)
    if body.get("keyCredentials") is not None:
        replace_keys(call, entry, body["keyCredentials"])


def _require_free_uris(call: Call, entry: Entry, uris: object) -> None:
    """Require that no other application of the tenant is known by these URIs."""
    if not isinstance(uris, list) or not uris:
        return
    if not all(isinstance(uri, str) for uri in uris):
        raise errors.bad_value("identifierUris")
    for other in call.catalog.entries(call.tenant_id, "application"):
        if other.object_id != entry.object_id and set(uris) & set(other.profile.get("identifierUris", ())):
            raise errors.taken("identifierUris")


def delete_application(call: Call) -> Response:
    """Remove an application, its credentials and its service principal at home."""
    call.catalog.remove(call.entry("application"))
    return Response(204)
