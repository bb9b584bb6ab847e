"""The table of what this Graph answers: method, path, who may, and the handler.

`{key}` is the object that a path names, as a segment or in brackets: `users/ID`, `users('ID')`, `applications(appId='ID')`;
`{member}` is a second one, `{name}` a second one that need be no id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import unquote

from lakeport_local.graph import applications as apps
from lakeport_local.graph import credentials, federation, groups, objects, organization, users
from lakeport_local.graph import service_principals as principals
from lakeport_local.graph.documents import SETS
from lakeport_local.graph.errors import unknown_segment, wrong_method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.graph.objects import Handler

Right: TypeAlias = Literal["read", "write", "self"]

_BRACKETS = re.compile(r"([A-Za-z]+)\((.*)\)")
_KEY = re.compile(r"(?:(appId|id)=)?'([^']*)'")
_MEMBER = re.compile(r"[0-9a-f-]{36}|microsoft\.graph\.[a-z]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    Attributes:
        method: The method.
        path: The path's segments, in lower case but for those in braces.
        right: What the caller must have: to read, to write, or to be signed in as the user that is asked about.
        handler: Answers.
    """

    method: str
    path: tuple[str, ...]
    right: Right
    handler: Handler

    @property
    def words(self) -> tuple[str, str, str]:
        """What the operation is called in `parity/`."""
        return ("graph", self.method, "/".join(self.path))


def _route(method: str, path: str, right: Right, handler: Handler) -> Route:
    segments = tuple(part if part.startswith("{") else part.lower() for part in path.split("/"))
    return Route(method, segments, right, handler)


def _relations() -> Iterator[Route]:
    """Yield the routes that objects of every kind have."""
    for name, kind in (*SETS.items(), ("directoryObjects", None)):
        for relation in ("memberOf", "transitiveMemberOf"):
            yield _route("GET", f"{name}/{{key}}/{relation}", "read", objects.related(relation, kind))
            yield _route("GET", f"{name}/{{key}}/{relation}/{{member}}", "read", objects.related(relation, kind))
        yield _route("POST", f"{name}/{{key}}/getMemberGroups", "read", objects.member_groups(kind))
        yield _route("POST", f"{name}/{{key}}/getMemberObjects", "read", objects.member_groups(kind))
        yield _route("POST", f"{name}/{{key}}/checkMemberGroups", "read", objects.check_member_groups(kind))
    for name in ("applications", "servicePrincipals", "groups"):
        yield _route("GET", f"{name}/{{key}}/owners", "read", objects.related("owners", SETS[name]))
        yield _route("POST", f"{name}/{{key}}/owners/$ref", "write", groups.add_owner)
        yield _route("DELETE", f"{name}/{{key}}/owners/{{member}}/$ref", "write", groups.remove_owner)
    for relation in ("members", "transitiveMembers"):
        yield _route("GET", f"groups/{{key}}/{relation}", "read", objects.related(relation, "group"))
        yield _route("GET", f"groups/{{key}}/{relation}/{{member}}", "read", objects.related(relation, "group"))
    for relation in ("memberOf", "transitiveMemberOf"):
        yield _route("GET", f"me/{relation}", "self", objects.related(relation, "user", of_me=True))
    yield _route("POST", "me/getMemberGroups", "self", objects.member_groups("user", of_me=True))
    yield _route("POST", "me/checkMemberGroups", "self", objects.check_member_groups("user", of_me=True))


_FEDERATION: tuple[tuple[str, str, Right, Handler], ...] = (
    ("GET", "", "read", federation.list_credentials),
    ("POST", "", "write", federation.create_credential),
    ("GET", "/{name}", "read", federation.get_credential),
    ("PATCH", "/{name}", "write", federation.update_credential),
    ("DELETE", "/{name}", "write", federation.delete_credential),
)

ROUTES: tuple[Route, ...] = (
    _route("GET", "applications", "read", apps.list_applications),
    _route("GET", "applications/$count", "read", apps.count_applications),
    _route("POST", "applications", "write", apps.create_application),
    _route("GET", "applications/{key}", "read", apps.get_application),
    _route("PATCH", "applications/{key}", "write", apps.update_application),
    _route("DELETE", "applications/{key}", "write", apps.delete_application),
    _route("POST", "applications/{key}/addPassword", "write", credentials.add_application_password),
    _route("POST", "applications/{key}/removePassword", "write", credentials.remove_application_password),
    *(
        _route(method, f"applications/{{key}}/federatedIdentityCredentials{rest}", right, handler)
        for method, rest, right, handler in _FEDERATION
    ),
    _route("POST", "applications/{key}/addKey", "self", credentials.add_key),
    _route("POST", "applications/{key}/removeKey", "self", credentials.remove_key),
    _route("GET", "servicePrincipals", "read", principals.list_service_principals),
    _route("GET", "servicePrincipals/$count", "read", principals.count_service_principals),
    _route("POST", "servicePrincipals", "write", principals.create_service_principal),
    _route("GET", "servicePrincipals/{key}", "read", principals.get_service_principal),
    _route("PATCH", "servicePrincipals/{key}", "write", principals.update_service_principal),
    _route("DELETE", "servicePrincipals/{key}", "write", principals.delete_service_principal),
    _route("POST", "servicePrincipals/{key}/addPassword", "write", credentials.add_service_principal_password),
    _route("POST", "servicePrincipals/{key}/removePassword", "write", credentials.remove_service_principal_password),
    _route("GET", "users", "read", users.list_users),
    _route("GET", "users/$count", "read", users.count_users),
    _route("POST", "users", "write", users.create_user),
    _route("GET", "users/{key}", "read", users.get_user),
    _route("PATCH", "users/{key}", "write", users.update_user),
    _route("DELETE", "users/{key}", "write", users.delete_user),
    _route("POST", "users/{key}/revokeSignInSessions", "write", users.revoke_sessions),
    _route("GET", "me", "self", users.get_me),
    _route("POST", "me/revokeSignInSessions", "self", users.revoke_my_sessions),
    _route("GET", "me/ownedObjects", "self", objects.owned_objects),
    _route("POST", "invitations", "write", users.invite_guest),
    _route("GET", "groups", "read", groups.list_groups),
    _route("GET", "groups/$count", "read", groups.count_groups),
    _route("POST", "groups", "write", groups.create_group),
    _route("GET", "groups/{key}", "read", groups.get_group),
    _route("PATCH", "groups/{key}", "write", groups.update_group),
    _route("DELETE", "groups/{key}", "write", groups.delete_group),
    _route("POST", "groups/{key}/members/$ref", "write", groups.add_member),
    _route("DELETE", "groups/{key}/members/{member}/$ref", "write", groups.remove_member),
    _route("POST", "directoryObjects/getByIds", "read", objects.get_by_ids),
    _route("GET", "directoryObjects/{key}", "read", objects.get_object),
    _route("DELETE", "directoryObjects/{key}", "write", objects.delete_object),
    _route("GET", "organization", "read", organization.list_organization),
    _route("GET", "organization/{key}", "read", organization.get_organization),
    _route("GET", "domains", "read", organization.list_domains),
    *_relations(),
)


def segments_of(raw_path: str) -> list[str]:
    """Return the segments of a path below the version, with a key in brackets as a segment of its own."""
    found: list[str] = []
    for raw in raw_path.split("/"):
        segment = unquote(raw)
        match = _BRACKETS.fullmatch(segment)
        key = _KEY.fullmatch(match[2]) if match else None
        if match and key:
            found += [match[1], f"appId={key[2]}" if key[1] == "appId" else key[2]]
        elif segment:
            found.append(
                segment.removeprefix("microsoft.graph.") if found and not _MEMBER.fullmatch(segment) else segment
            )
    return found


def find(method: str, segments: list[str]) -> tuple[Route, str, str]:
    """Return the route of a request, its key and its second key.

    Raises:
        ServiceError: 400 for a path that no route has, 405 for a method that none has for it.
    """
    fitting = [(route, keys) for route in ROUTES if (keys := _keys(route.path, segments)) is not None]
    fitting.sort(key=lambda one: len(one[1]))  # a fixed word before a key
    for route, keys in fitting:
        if route.method == method:
            return route, keys.get("{key}", ""), keys.get("{member}", keys.get("{name}", ""))
    if fitting:
        raise wrong_method()
    raise unknown_segment(segments[0] if len(segments) < 2 else segments[-1])


def _keys(path: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(path) != len(segments):
        return None
    keys = {}
    for part, segment in zip(path, segments, strict=True):
        if part.startswith("{"):
            if part == "{member}" and not _MEMBER.fullmatch(segment):
                return None
            keys[part] = segment
        elif part != segment.lower():
            return None
    return keys
