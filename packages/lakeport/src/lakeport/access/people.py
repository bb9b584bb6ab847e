"""Groups and their members, as Microsoft Graph keeps them.

Source: Microsoft Graph REST reference v1.0, group, user and directoryObject; identity.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lakeport import identity
from lakeport.errors import (
    Ambiguous,
    BadProfile,
    Forbidden,
    LakeportError,
    NotFound,
    NotSignedIn,
    WrongIdKind,
    class_of,
)
from lakeport.identity import asking
from lakeport.identity.directory import look_up
from lakeport.types import is_guid

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

Document = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Person:
    """A user, guest, service principal or group."""

    object_id: str
    name: str
    kind: str = ""


class People:
    """The directory of a profile's tenant."""

    def __init__(self, profile: Profile, credential: TokenCredential | None = None) -> None:
        self._profile = profile
        self._given = credential

    @cached_property
    def _credential(self) -> TokenCredential:
        return self._given or identity.credential(self._profile)  # a key or SAS opens no directory: asking it says so

    def group(self, name: str) -> Person | None:
        """Return the group of a name, or `None`.

        Raises:
            LakeportError: There are several.
        """
        found = self._all(f"groups?$filter={quote(f'displayName eq {_text(name)}')}")
        if len(found) > 1:
            raise LakeportError(
                f"the directory has {len(found)} groups named {name!r}", hint="Rename or remove all but one"
            )
        return _person(found[0], "group") if found else None

    def make_group(self, name: str, description: str) -> Person:
        """Make a security group."""
        nick = "".join(letter for letter in name if letter.isalnum() or letter in "-_")[:60]
        body = {"displayName": name, "description": description, "mailEnabled": False, "mailNickname": nick}
        return _person(self._ask("POST", "groups", {**body, "securityEnabled": True}) or {}, "group")

    def members(self, group_id: str, *, nested: bool = False) -> list[Person]:
        """Return who is in a group, groups in it followed when asked."""
        relation = "transitiveMembers" if nested else "members"
        return [_person(one) for one in self._all(f"groups/{group_id}/{relation}")]

    def add(self, group_id: str, object_id: str) -> None:
        """Put somebody into a group."""
        reference = f"{self._profile.cloud.graph}/v1.0/directoryObjects/{object_id}"
        self._ask("POST", f"groups/{group_id}/members/$ref", {"@odata.id": reference})

    def remove(self, group_id: str, object_id: str) -> None:
        """Take somebody out of a group."""
        self._ask("DELETE", f"groups/{group_id}/members/{object_id}/$ref")

    def groups_of(self, person: Person) -> list[Person]:
        """Return the groups that somebody is in, directly or through others."""
        found = [_person(one) for one in self._all(f"directoryObjects/{person.object_id}/transitiveMemberOf")]
        return [one for one in found if one.kind in {"group", ""}]

    def find(self, named: str) -> Person:
        """Return who is meant by an object id, client id, sign-in name, address (a guest's too) or display name.

        An application is known by its service principal, whose object id lists and roles name.

        Raises:
            NotFound: The directory has nobody of that id or name.
            Ambiguous: It has several; the hint names them.
            WrongIdKind: It is the object id of an application; the hint names its service principal's.
        """
        found = [self._of_id(named)] if is_guid(named) else self._called(named)
        people = [one for one in found if one is not None]
        if not people:
            raise NotFound(f"the directory of profile {self._profile.name!r} has nobody called {named!r}")
        if len(people) > 1:
            said = "; ".join(f"{one.kind} {one.object_id} ({one.name})" for one in people)
            raise Ambiguous(f"{len(people)} are called {named!r}", hint=f"Give the object id of one: {said}")
        return people[0]

    def _of_id(self, named: str) -> Person | None:
        entry = look_up(self._profile.cloud, self._credential, named)
        if entry is None:
            return self._named([named]).get(named.lower())
        if entry.asked_by == "application object id":
            what = f"{named} is the object id of the application {entry.name!r}, which no list and no role knows"
            raise WrongIdKind(what, hint=f"Its service principal's is {entry.object_id}")
        return Person(str(entry.object_id), entry.name)

    def _called(self, named: str) -> list[Person]:
        if "@" in named:
            found = self._ask("GET", f"users/{quote(named)}")
            found_by_mail = [] if found else self._all(f"users?$filter={quote(f'mail eq {_text(named)}')}")
            by_address = [_person(one, "user") for one in ([found] if found else found_by_mail)]
            if by_address:
                return by_address
        condition = f"$filter={quote(f'displayName eq {_text(named)}')}"
        kinds = {"groups": "group", "servicePrincipals": "servicePrincipal", "users": "user"}
        return [_person(one, kind) for among, kind in kinds.items() for one in self._all(f"{among}?{condition}")]

    def names(self, object_ids: list[str]) -> dict[str, Person]:
        """Return people by object id; those of other tenants and deleted ones are left out, and all when it may not be asked."""
        try:
            return self._named(object_ids)
        except (Forbidden, BadProfile, NotSignedIn):
            return {}

    def _named(self, object_ids: list[str]) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for at in range(0, len(object_ids), 1000):
            answer = self._ask("POST", "directoryObjects/getByIds", {"ids": object_ids[at : at + 1000]}) or {}
            found |= {str(one["id"]).lower(): _person(one) for one in answer.get("value", [])}
        return found

    def _all(self, path: str) -> list[Document]:
        found: list[Document] = []
        url = f"{self._profile.cloud.graph}/v1.0/{path}"
        while url:
            answer = self._ask("GET", url) or {}
            found += answer.get("value", [])
            url = str(answer.get("@odata.nextLink", ""))
        return found

    def _ask(self, method: str, path: str, body: Document | None = None) -> Document | None:
        graph = self._profile.cloud.graph
        url = path if path.startswith("https://") else f"{graph}/v1.0/{path}"
        scope = f"{graph}/.default"
        answer = asking.send(self._profile.cloud, method, url, credential=self._credential, scope=scope, body=body)
        if answer.status_code == 404 and method == "GET":
            return None
        if answer.status_code >= 400:
            raise _refusal(answer.status_code, answer.text(), path.partition("?")[0], self._profile.name)
        return answer.json() if answer.status_code in {200, 201} else None


def _refusal(status: int, text: str, path: str, profile: str) -> LakeportError:
    import json  # noqa: PLC0415  (a refusal only)

    try:
        said = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        said = {}
    code, message = str(said.get("code", "")), str(said.get("message", "")) or f"the directory answered {status}"
    hint = f"Profile {profile!r} needs Group.ReadWrite.All in its tenant to keep groups" if status == 403 else ""
    return class_of("", status)(f"{path}: {message}", code=code, status=status, hint=hint)


def _person(found: Document, kind: str = "") -> Person:
    name = found.get("userPrincipalName") or found.get("displayName") or found.get("id") or ""
    return Person(
        str(found.get("id", "")).lower(), str(name), kind or str(found.get("@odata.type", "")).rpartition(".")[2]
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
