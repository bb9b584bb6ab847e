"""One request that passed the door: who asks, of what, and what handlers answer with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from lakeport_local.core import Response
from lakeport_local.graph import errors
from lakeport_local.graph.documents import PROPERTIES, SHOWN
from lakeport_local.graph.query import matching, next_link, page_of, selected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.access import Principal
    from lakeport_local.core import Clock, Ids, Request
    from lakeport_local.entra import Catalog, Directory, Entry, EntryKind
    from lakeport_local.graph.documents import Documents
    from lakeport_local.graph.filters import Document
    from lakeport_local.graph.query import Query

_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
_EXPANDABLE = frozenset({"members", "memberOf", "owners", "transitiveMembers", "transitiveMemberOf"})
_MOST_EXPANDED = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        request: The request.
        caller: Whose token it carries; its tenant is the directory that is asked.
        key: What stands in the path for the object: an object id, a UPN, a client id; empty where nothing does.
        member: The second such part of the path; empty where there is none.
        query: The query options.
        directory: Who there is.
        catalog: Lists and edits it.
        documents: Renders it.
        ids: Gives ids and secrets.
        clock: Tells the time.
    """

    request: Request
    caller: Principal
    key: str
    member: str
    query: Query
    directory: Directory
    catalog: Catalog
    documents: Documents
    ids: Ids
    clock: Clock

    @property
    def tenant_id(self) -> str:
        """The tenant that is asked."""
        return self.caller.tenant_id

    def entry(self, kind: EntryKind | None = None) -> Entry:
        """Return the object that the path names.

        Raises:
            ServiceError: 404: the tenant has none, or none of this kind.
        """
        return self.named(self.key, kind)

    def named(self, key: str, kind: EntryKind | None = None) -> Entry:
        """Return the object with this object id; `appId=...` also names an application or a service principal, a UPN a user.

        Raises:
            ServiceError: 404.
        """
        found = self.catalog.entry(self.tenant_id, self._object_id(key, kind))
        if found is None or kind not in (None, found.kind):
            raise errors.missing(key)
        return found

    def _object_id(self, key: str, kind: EntryKind | None) -> str:
        client_id = key.removeprefix("appId=")
        if client_id != key and kind == "application":
            registered = self.catalog.registration(client_id)
            return registered.object_id if registered is not None else ""
        if client_id != key and kind == "servicePrincipal":
            app = self.directory.app(self.tenant_id, client_id)
            return app.object_id if app is not None else ""
        if kind == "user":
            user = self.directory.user(self.tenant_id, key)
            return user.object_id if user is not None and key.lower() in (user.object_id, user.name.lower()) else ""
        return key

    def body(self) -> Document:
        """Return the request's body.

        Raises:
            ServiceError: 400: it is no JSON object.
        """
        try:
            read = orjson.loads(self.request.data)
            orjson.dumps([[[[[[[[read]]]]]]]])  # what is nested too deeply to be written inside a list must not be kept
        except (ValueError, TypeError):
            read = None
        if not isinstance(read, dict):
            raise errors.bad_body()
        return read

    def listed(self, entries: Sequence[Entry], kind: EntryKind | None) -> Response:
        """Answer with a page of objects; `kind` is None for objects of several kinds, which say their type."""
        properties = PROPERTIES[kind] if kind else frozenset[str]().union(*PROPERTIES.values())
        rendered = matching([self.documents.of(one) for one in entries], self.query, properties)
        page, token = page_of(rendered, self.query)
        known = {one.object_id: one for one in entries}
        body: Document = {"@odata.context": f"{_CONTEXT}{_set_of(kind)}"}
        if self.query.is_counted:
            body["@odata.count"] = len(rendered)
        if token:
            body["@odata.nextLink"] = next_link(self.request, self.query, token)
        body["value"] = [self._shown(known[one["id"]], one, is_mixed=kind is None) for one in page]
        return answer(200, body)

    def counted(self, entries: Sequence[Entry], kind: EntryKind) -> Response:
        """Answer with the number of objects, as text.

        Raises:
            ServiceError: 400 without `ConsistencyLevel: eventual`.
        """
        if (self.request.headers.get("consistencylevel") or "").lower() != "eventual":
            raise errors.bad_request("$count is not currently supported.")
        found = matching([self.documents.of(one) for one in entries], self.query, PROPERTIES[kind])
        return Response(200, [("Content-Type", "text/plain")], str(len(found)).encode())

    def shown(self, entry: Entry, status: int = 200) -> Response:
        """Answer with one object."""
        document = self._shown(entry, self.documents.of(entry), is_mixed=False)
        return answer(status, {"@odata.context": f"{_CONTEXT}{_set_of(entry.kind)}/$entity", **document})

    def _shown(self, entry: Entry, document: Document, *, is_mixed: bool) -> Document:
        shown = selected(document, self.query.select, SHOWN.get(entry.kind), is_mixed=is_mixed)
        if not is_mixed:
            shown = {name: value for name, value in shown.items() if name != "@odata.type"}
        for name in self.query.expand:
            related = related_to(self, entry, name)[:_MOST_EXPANDED]
            shown[name] = [self._plain(one) for one in related]
        return shown

    def _plain(self, entry: Entry) -> Document:
        return selected(self.documents.of(entry), (), SHOWN.get(entry.kind))


def related_to(call: Call, entry: Entry, name: str) -> list[Entry]:
    """Return the objects that stand in a relation to an object.

    Raises:
        ServiceError: 400: its kind has no such relation.
    """
    if name not in _EXPANDABLE or (name in ("members", "transitiveMembers") and entry.kind != "group"):
        raise errors.bad_request(
            f"Parsing OData Select and Expand failed: Could not find a property named '{name[:64]}'."
        )
    if name == "owners":
        found = (call.catalog.entry(entry.tenant_id, one) for one in entry.profile.get("owners", ()))
        return [one for one in found if one is not None]
    if name in ("members", "transitiveMembers"):
        return call.catalog.members(entry, is_transitive=name == "transitiveMembers")
    return call.catalog.groups_of(entry, is_transitive=name == "transitiveMemberOf")


def _set_of(kind: EntryKind | None) -> str:
    return f"{kind}s" if kind else "directoryObjects"


def answer(status: int, body: Any) -> Response:  # Any: a JSON value
    """Return a JSON answer."""
    return Response(status, body=orjson.dumps(body))


def text(document: Document, name: str) -> str | None:
    """Return a text member of a body, or None when it is absent or null.

    Raises:
        ServiceError: 400: it is no text, or an absurdly long one.
    """
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 1024:
        raise errors.bad_value(name)
    return value


def required_text(document: Document, name: str) -> str:
    """Return a text member of a body that must be there.

    Raises:
        ServiceError: 400: it is not, or it is empty.
    """
    value = text(document, name)
    if not value:
        raise errors.bad_request(f"A value is required for property '{name}' of resource.")
    return value


def guid(value: object, name: str) -> str:
    """Return a GUID in its usual spelling.

    Raises:
        ServiceError: 400: it is none.
    """
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise errors.bad_request(f"Invalid GUID:{str(value)[:64]} in '{name}'.") from None


def reference(document: Document) -> str:
    """Return the object id that an `@odata.id` reference names.

    Raises:
        ServiceError: 400: there is none, or it names no object of a directory.
    """
    match = re.fullmatch(
        r"https://[^/]+/(?:v1\.0|beta)/(?:[0-9a-fA-F-]{36}/)?"
        r"(?:directoryObjects|users|groups|servicePrincipals|applications)/([0-9a-fA-F-]{36})",
        str(document.get("@odata.id", "")),
    )
    if match is None:
        raise errors.bad_request("The request body must contain a valid '@odata.id' reference to a directory object.")
    return guid(match[1], "@odata.id")
