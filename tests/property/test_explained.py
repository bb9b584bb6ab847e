"""What `lakeport acl explain` says against what a lake answers, cell by cell; each remedy it names is tried.

The client's reading of the rules is one, the service's another: neither knows of the other.
"""

from __future__ import annotations

import random
from contextlib import contextmanager, suppress
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import pytest
from tests.property.lake import ACCOUNT, GROUP, SUBSCRIPTION, TENANT, object_id
from tests.property.operations import OPERATIONS as ASKED

from lakeport.access import posix
from lakeport.access.deciding import Facts, decide
from lakeport.access.operations import OPERATIONS, TREE
from lakeport.access.people import Person
from lakeport.access.roles import BUILT_IN, Holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.lake import Answer, LakeInProcess
    from tests.property.operations import Operation

    from lakeport.access.deciding import Lack
    from lakeport.access.operations import Operation as Explained
    from lakeport.access.posix import Listed

CONTAINER = f"{ACCOUNT}/blobServices/default/containers/data"
PEOPLE = [object_id(number) for number in range(1, 7)]
TEAM, INNER, GUESTS = (object_id(number) for number in (90, 91, 92))
GROUPS = {PEOPLE[2]: {TEAM}, PEOPLE[3]: {INNER, TEAM}, PEOPLE[4]: {GUESTS}}
PARENTS = ("", "a", "a/b")
# What is asked of the service, by what is explained: the operation's name, and the path that it is explained for.
SAME = {
    "read a file": ("read", "{p}/f"),
    "append": ("write", "{p}/f"),
    "overwrite": ("overwrite", "{p}/f"),
    "list": ("list", "{p}/s"),
    "new file": ("create", "{p}"),
    "delete a file": ("delete", "{p}/f"),
    "delete an empty directory": ("delete", "{p}/s/t"),
    "delete a tree": ("delete-tree", "{p}/s"),
    "rename": ("rename", "{p}/f"),
    "set permissions": ("permissions", "{p}/f"),
    "give away": ("ownership", "{p}/s"),
}


def at(text: str, parent: str) -> str:
    return text.replace("{p}", parent).strip("/")


def patch(lake: LakeInProcess, path: str, headers: dict[str, str]) -> None:
    answer = lake.ask("PATCH", f"/data/{path}", "action=setAccessControl", headers=headers)
    assert answer.status == 200, (path, headers, answer.code)


def listed(lake: LakeInProcess, path: str) -> Listed:
    """Return a path's list as the client reads it."""
    said = lake.ask("HEAD", f"/data/{path}", "action=getAccessControl").headers
    is_sticky = said["x-ms-permissions"].rstrip("+")[-1] in "tT"
    return posix.Listed(path, said["x-ms-owner"], said["x-ms-group"], posix.parse(said["x-ms-acl"]), is_sticky)


@pytest.fixture
def populated(lake: LakeInProcess) -> LakeInProcess:
    for number in (*range(1, 7), *range(10, 30)):
        lake.add_app(number)
    for group, members in ((TEAM, [PEOPLE[2], INNER]), (INNER, [PEOPLE[3]]), (GUESTS, [PEOPLE[4]])):
        lake.directory.add_group(TENANT, name=group, object_id=group, members=members)
    lake.ask("PUT", "/data", "resource=filesystem")
    for parent in PARENTS:
        for name in ("f", "s/g"):
            assert lake.ask("PUT", f"/data/{at('{p}/' + name, parent)}", "resource=file").status == 201
        lake.ask("PUT", f"/data/{at('{p}/s/t', parent)}", "resource=directory")
    return lake


def scramble(lake: LakeInProcess, chance: random.Random) -> None:
    """Give every path a random list, owner and sticky bit."""
    paths = ["", "a", "a/b", *(at(f"{{p}}/{name}", parent) for parent in PARENTS for name in ("f", "s", "s/t"))]
    for path in paths:
        some = ["rwx", "rwx", "rwx", "-wx", "r-x", "--x", "---"]
        entries = [f"{who}::{chance.choice(some)}" for who in ("user", "group", "other")]
        named = [f"user:{PEOPLE[1]}", f"user:{PEOPLE[4]}", f"group:{TEAM}", f"group:{INNER}"]
        chosen = [f"{one}:{chance.choice(some)}" for one in named if chance.random() < 0.5]
        if chosen or chance.random() < 0.3:
            entries.append(f"mask::{chance.choice(['rwx', 'rwx', 'r-x', '--x'])}")
        is_sticky = not path.endswith("f") and chance.random() < 0.3
        patch(lake, path, {"x-ms-permissions": "1777" if is_sticky else "0777"})
        patch(lake, path, {"x-ms-acl": ",".join(entries + chosen)})
        owner, group = chance.choice([PEOPLE[0], PEOPLE[0], PEOPLE[5]]), chance.choice([TEAM, INNER, GUESTS])
        patch(lake, path, {"x-ms-owner": owner, "x-ms-group": group})


@contextmanager
def undone(lake: LakeInProcess) -> Iterator[None]:
    """Whatever is done inside has not been."""

    class Undo(Exception):
        pass

    with suppress(Undo), lake.store.transaction():
        yield
        raise Undo


def ask(lake: LakeInProcess, who: str, asked: Operation, parent: str) -> Answer:
    found = lake.directory.principal(TENANT, who)
    assert found is not None
    path, query = at(asked.path, parent), at(asked.query, parent)
    return lake.ask(
        asked.method,
        f"/data/{path}" if path != "-" else "/data",
        "" if query == "-" else query.replace("directory=/", "directory="),
        body=asked.body,
        headers=[(name, value.replace("{p}/", f"{parent}/" if parent else "")) for name, value in asked.headers],
        token=lake.token(found),
    )


def holders(lake: LakeInProcess) -> dict[str, Holding]:
    """Give principals of their own each data role at each scope, and return them."""
    found = {}
    scopes = (CONTAINER, ACCOUNT, GROUP, SUBSCRIPTION)
    for number, ((name, actions, _), scope) in enumerate(product(BUILT_IN.values(), scopes), start=10):
        lake.give_role(name, object_id(number), scope)
        found[object_id(number)] = Holding(object_id(number), name, scope, actions)
    return found


def facts(lake: LakeInProcess, who: str, path: str, held: dict[str, Holding]) -> Facts:
    groups = {one: Person(one, one, "group") for one in GROUPS.get(who, ())}
    holdings = (held[who],) if who in held else ()
    return Facts(
        Person(who, who), path, groups, holdings, cache(lambda path: listed(lake, path)), lambda: [f"{path}/t"]
    )


def mend(lake: LakeInProcess, who: str, lacks: tuple[Lack, ...]) -> None:
    """Do what was said to be lacking, and nothing more."""
    for one in lacks:
        if one.entry is not None:
            wished = posix.given(listed(lake, one.path).entries, (one.entry,))
            patch(lake, one.path, {"x-ms-acl": posix.text(wished)})
        elif one.kind == "owner":
            patch(lake, one.path, {"x-ms-owner": who})
        else:
            lake.give_role(one.role, who, CONTAINER)


def pairs() -> Iterator[tuple[Operation, Explained, str, str]]:
    known = {**OPERATIONS, TREE.name: TREE}
    for asked, parent in product(ASKED, PARENTS):
        if asked.name in SAME:
            name, where = SAME[asked.name]
            yield asked, known[name], parent, at(where, parent)


@pytest.mark.timeout(360)
def test_what_is_explained_is_what_the_lake_answers_and_what_is_lacking_is_enough(populated: LakeInProcess) -> None:
    lake, chance = populated, random.Random(50207)
    held = holders(lake)
    counts = {"cells": 0, "refused": 0, "mended": 0, "without one of the remedies": 0}
    for world in range(9):
        scramble(lake, chance)
        for (asked, explained, parent, path), who in product(pairs(), [*PEOPLE, *(held if world == 0 else ())]):
            with undone(lake):
                answer = ask(lake, who, asked, parent)
            said = decide(facts(lake, who, path, held), explained)
            told = (asked.name, parent, who, answer.status, answer.code, said)
            assert said.allowed is (answer.status < 300), told
            assert said.is_certain
            counts["cells"] += 1
            if said.allowed:
                assert said.lacks == ()
                continue
            counts["refused"] += 1
            if chance.random() < 0.12:
                with undone(lake):
                    mend(lake, who, said.lacks)
                    assert ask(lake, who, asked, parent).status < 300, told
                counts["mended"] += 1
                left = chance.randrange(len(said.lacks))
                with undone(lake):  # nothing that is named is too much
                    mend(lake, who, tuple(one for number, one in enumerate(said.lacks) if number != left))
                    assert ask(lake, who, asked, parent).status == 403, told
                counts["without one of the remedies"] += 1
    print(f"\n{counts}")
    assert counts["cells"] > 2000
    assert 0.2 < counts["refused"] / counts["cells"] < 0.9
