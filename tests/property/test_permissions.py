"""Who may do what, cell by cell: every answer of the service against the documented rules written a second time.

Each refusal is then explained, and each way past it that the explanation names is tried: it must lead past.

Source: storage.md 4.6, 5.1 to 5.5.
"""

from __future__ import annotations

import os
import random
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest
from azure.storage.filedatalake import generate_file_system_sas
from tests.property.lake import ACCOUNT, AT, GROUP, KEY, SUBSCRIPTION, TENANT, LakeInProcess, object_id
from tests.property.operations import OPERATIONS, TEAM, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.lake import Answer

    from lakeport_local.access import Decision
    from lakeport_local.access.grants import Grant

CONTAINER = f"{ACCOUNT}/blobServices/default/containers/data"
ROLES = {
    "Storage Blob Data Reader": {"read"},
    "Storage Blob Data Contributor": {"read", "write", "delete", "move"},
    "Storage Blob Data Owner": {"read", "write", "delete", "move", "permissions", "ownership", "superuser"},
}
OWNER, NAMED, MEMBER, NESTED, GUEST, OTHER = (object_id(number) for number in range(1, 7))
INNER, GUESTS = (object_id(number) for number in (91, 92))
GROUPS = {MEMBER: {TEAM}, NESTED: {INNER, TEAM}, GUEST: {GUESTS}}
FILES, FOLDERS = ("f",), ("s", "s/t")
PARENTS = ("", "a", "a/b")
LETTERS = "racwdlmeop"
SHARE_OF_WAYS = float(os.environ.get("LAKEPORT_SHARE_OF_WAYS", "0.15"))
"""Of how many refusals the ways past are tried; 1 for all."""


def joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)


@dataclass
class Item:
    """What the second writing of the rules knows of a path."""

    owner: str
    group: str
    entries: dict[str, str]  # "user", "user:ID", "group", "group:ID", "mask", "other" -> letters
    is_sticky: bool = False


@dataclass
class World:
    """A tree with lists of its own, in the service and in the rules."""

    items: dict[str, Item] = field(default_factory=dict)

    def held(self, who: str, path: str) -> str:
        """Return what a principal holds on a path: that of the first class that they are in."""
        item = self.items[path]
        groups = {"group" if one == item.group else f"group:{one}" for one in GROUPS.get(who, ())}
        groups |= {f"group:{one}" for one in GROUPS.get(who, ())}
        cut = item.entries.get("mask", "rwx")
        classes = (
            [item.entries["user"]] if who == item.owner else [],
            [_and(item.entries[name], cut) for name in (f"user:{who}",) if name in item.entries],
            [_and(letters, cut) for name, letters in item.entries.items() if name in groups],
            [item.entries["other"]],
        )
        return "".join(sorted({letter for one in next(filter(None, classes)) for letter in one}))

    def lists_allow(self, who: str, asked: Operation, parent: str, *, way_is_open: bool) -> bool:
        """Say what the lists alone say."""
        needs = [(_at(where, parent), bits) for where, bits in asked.needs]
        above = {one for where, _ in needs for one in _ancestors(where)}
        needs += [(one, "x") for one in above]
        passes = way_is_open or all(set(bits) <= set(self.held(who, where)) for where, bits in needs)
        if asked.sticky is not None:
            child = _at(asked.sticky, parent)
            holder = child.rpartition("/")[0]
            if self.items[holder].is_sticky and who not in {self.items[holder].owner, self.items[child].owner}:
                return False
        if asked.owner is not None:
            where = _at(asked.owner, parent)
            if where not in self.items or self.items[where].owner != who:
                return False
            if asked.group is not None and self.items[where].group != asked.group:
                passes = passes and asked.group in GROUPS.get(who, ())
        return passes


def _and(one: str, other: str) -> str:
    return "".join(letter for letter in one if letter in other)


def _at(text: str, parent: str) -> str:
    return text.replace("{p}", parent).strip("/")


def _ancestors(path: str) -> list[str]:
    parts = path.split("/") if path else []
    return ["/".join(parts[:level]) for level in range(len(parts))]


def made_world(lake: LakeInProcess, chance: random.Random) -> World:
    """Give every path random lists, owners and sticky bits, in the service and in the rules."""
    world = World()
    paths = ["", "a", "a/b", "z", "z/y"]
    paths += [joined(parent, name) for parent in PARENTS for name in ("f", "s", "s/t", "s/g")]
    for path in paths:
        bits = ["rwx", "rwx", "rwx", "wx", "rx", "x", ""]
        entries = {who: chance.choice(bits) for who in ("user", "group", "other")}
        for name in (f"user:{NAMED}", f"user:{GUEST}", f"group:{TEAM}", f"group:{INNER}"):
            if chance.random() < 0.5:
                entries[name] = chance.choice(bits)
        if len(entries) > 3 or chance.random() < 0.3:
            entries["mask"] = chance.choice(["rwx", "rwx", "rx", "x"])
        owner, group = chance.choice([OWNER, OWNER, OTHER]), chance.choice([TEAM, INNER, GUESTS])
        world.items[path] = Item(owner, group, entries)
        is_file = path.rpartition("/")[2] in {"f", "g"}
        world.items[path].is_sticky = not is_file and chance.random() < 0.3
        patch(lake, path, {"x-ms-permissions": "1777" if world.items[path].is_sticky else "0777"})
        patch(lake, path, {"x-ms-acl": _text(entries)})
        patch(lake, path, {"x-ms-owner": owner, "x-ms-group": group})
    return world


def _text(entries: dict[str, str]) -> str:
    def bits(letters: str) -> str:
        return "".join(letter if letter in letters else "-" for letter in "rwx")

    return ",".join(f"{name}:{bits(one)}" if ":" in name else f"{name}::{bits(one)}" for name, one in entries.items())


def patch(lake: LakeInProcess, path: str, headers: dict[str, str]) -> None:
    answer = lake.ask("PATCH", f"/data/{path}", "action=setAccessControl", headers=headers)
    assert answer.status == 200, (path, headers, answer.code)


@contextmanager
def undone(lake: LakeInProcess) -> Iterator[None]:
    """Whatever is done inside has not been."""

    class Undo(Exception):
        pass

    with suppress(Undo), lake.store.transaction():
        yield
        raise Undo


class Asker:
    """One who asks, with their credential."""

    def __init__(
        self, lake: LakeInProcess, name: str, *, principal: str = "", rights: str = "", letters: str = ""
    ) -> None:
        self.lake, self.name, self.id, self.letters = lake, name, principal, letters
        self.rights = set(rights.split())
        found = lake.directory.principal(TENANT, principal) if principal else None
        self.token = None if found is None else lake.token(found)

    def ask(self, asked: Operation, parent: str, more_letters: str = "") -> Answer:
        path, query = (_at(text, parent) for text in (asked.path, asked.query))
        return self.lake.ask(
            asked.method,
            f"/data/{path}" if path != "-" else "/data",
            "" if query == "-" else query.replace("directory=/", "directory="),
            body=asked.body,
            headers=[(name, value.replace("{p}/", f"{parent}/" if parent else "")) for name, value in asked.headers],
            token=self.token,
            sas=None if self.token else self.sas(more_letters),
        )

    def sas(self, more: str) -> str:
        letters = "".join(sorted({*self.letters, *more}))
        return str(generate_file_system_sas("lake1", "data", KEY, letters, AT + timedelta(hours=1)))

    def may(self, world: World, asked: Operation, parent: str) -> bool:
        """Say what the rules say."""
        if self.letters:
            return all(set(one) & set(self.letters) for one in asked.letters)
        if asked.rights <= self.rights:
            return True
        way_is_open = asked.owner is not None and "read" in self.rights
        if {"move", "write"} == asked.rights and asked.rights & self.rights:
            raise AssertionError("no role here has one of both")
        return world.lists_allow(self.id, asked, parent, way_is_open=way_is_open)


@pytest.fixture
def populated(lake: LakeInProcess) -> LakeInProcess:
    for number in (*range(1, 7), *range(10, 40)):
        lake.add_app(number)
    for group, members in ((TEAM, [MEMBER, INNER]), (INNER, [NESTED]), (GUESTS, [GUEST])):
        lake.directory.add_group(TENANT, name=group, object_id=group, members=members)
    lake.ask("PUT", "/data", "resource=filesystem")
    for parent, name in product(PARENTS, ("f", "s/g")):
        assert lake.ask("PUT", f"/data/{joined(parent, name)}", "resource=file").status == 201
        lake.ask("PUT", f"/data/{joined(parent, 's/t')}", "resource=directory")
    lake.ask("PUT", "/data/z/y", "resource=directory")
    return lake


def by_lists(lake: LakeInProcess) -> list[Asker]:
    names = ("owner", "named user", "group member", "nested group member", "guest", "other")
    ids = (OWNER, NAMED, MEMBER, NESTED, GUEST, OTHER)
    return [Asker(lake, name, principal=one) for name, one in zip(names, ids, strict=True)]


def by_roles(lake: LakeInProcess) -> list[Asker]:
    found = []
    for number, (role, scope) in enumerate(product(ROLES, (CONTAINER, ACCOUNT, GROUP, SUBSCRIPTION)), start=10):
        lake.give_role(role, object_id(number), scope)
        name = f"{role} at {scope.rpartition('/')[2]}"
        found.append(Asker(lake, name, principal=object_id(number), rights=" ".join(ROLES[role])))
    return found


def by_letters(lake: LakeInProcess) -> list[Asker]:
    return [Asker(lake, f"signature with {letters}", letters=letters) for letters in (*LETTERS, "dc", "mw", LETTERS)]


def cells(lake: LakeInProcess, askers: list[Asker], world: World) -> Iterator[tuple[Asker, Operation, str, Answer]]:
    """Ask everything of everybody; yield refusals, judged."""
    for asker, asked, parent in product(askers, OPERATIONS, PARENTS):
        with undone(lake):
            answer = asker.ask(asked, parent)
        wanted = asker.may(world, asked, parent)
        told = (asker.name, asked.name, parent, answer.status, answer.code, wanted)
        assert (answer.status < 300) is wanted, (told, world.items)
        if not wanted:
            assert (answer.status, answer.code) == (403, "AuthorizationPermissionMismatch"), told
        yield asker, asked, parent, answer


def refusals(lake: LakeInProcess, answer: Answer) -> list[Decision]:
    return [one for one in lake.log.of(answer.request_id) if not one.allowed]


def grant(lake: LakeInProcess, one: Grant) -> str:
    """Make one change; return the assignment's id, or the letters for a signature."""
    path = one.where.lstrip("/")
    match one.kind:
        case "role":
            return lake.give_role(one.what, one.whom, one.where)
        case "ownership":
            patch(lake, path, {"x-ms-owner": one.whom})
        case "entry":
            who, _, bits = one.what.rpartition(":")
            text = lake.ask("HEAD", f"/data/{path}", "action=getAccessControl").headers["x-ms-acl"]
            entries = dict(part.rpartition(":")[::2] for part in text.split(","))
            entries.pop("mask:", None)
            bits = "".join(
                max(pair) for pair in zip(bits, entries.get(who, "---"), strict=True)
            )  # letters are past "-"
            patch(lake, path, {"x-ms-acl": ",".join(f"{name}:{one}" for name, one in {**entries, who: bits}.items())})
        case "letters":
            return one.what[0]
        case _:
            raise AssertionError(one)
    return ""


def every_way_leads_past(lake: LakeInProcess, asker: Asker, asked: Operation, parent: str, answer: Answer) -> int:
    found = refusals(lake, answer)
    told = (asker.name, asked.name, parent)
    assert found, told
    assert all(one.ways for one in found), (told, found)
    for number in range(max(len(one.ways) for one in found)):
        with undone(lake):
            changes = [change for one in found for change in one.ways[min(number, len(one.ways) - 1)]]
            made = [grant(lake, change) for change in dict.fromkeys(changes)]
            letters = "".join(one for one in made if len(one) == 1)
            again = asker.ask(asked, parent, letters)
            for one in made:
                if len(one) > 1:
                    lake.resources.delete(one)
        assert again.status < 300, (told, [change.text for change in changes], refusals(lake, again))
    return max(len(one.ways) for one in found)


@pytest.mark.timeout(600)
def test_every_cell_is_as_documented_and_every_refusal_says_how_to_pass(populated: LakeInProcess) -> None:
    lake, chance = populated, random.Random(20301)
    counts = {"cells": 0, "refused": 0, "ways tried": 0}
    for number in range(7):
        world = made_world(lake, chance)
        askers = by_lists(lake) + (by_roles(lake) + by_letters(lake) if number == 0 else [])
        for asker, asked, parent, answer in cells(lake, askers, world):
            counts["cells"] += 1
            if answer.status >= 300:
                counts["refused"] += 1
                if chance.random() > SHARE_OF_WAYS:
                    continue
                counts["ways tried"] += every_way_leads_past(lake, asker, asked, parent, answer)
    print(f"\n{counts}")
    assert counts["cells"] >= 5000
    assert 0.2 < counts["refused"] / counts["cells"] < 0.9
