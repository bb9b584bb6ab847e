"""Who may do what: the decision against a second, simpler reading of the same roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeport_local.access import Access, Action, DecisionLog, Principal, Target
from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DrawFn

TENANT = "10000000-0000-4000-8000-000000000000"
ME, OTHER = "20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-000000000002"
GROUPS = [f"30000000-0000-4000-8000-00000000000{number}" for number in range(3)]
NAMES = ["accounts", "accounts2", "shares"]
WORDS = ["read", "write", "delete", "listKeys/action"]
SCOPES = [
    "/",
    "/subscriptions/s1",
    "/subscriptions/S1",
    "/subscriptions/s10",
    "/subscriptions/s1/resourceGroups/rg",
    "/subscriptions/s1/resourceGroups/rg2",
    "/subscriptions/s1/resourceGroups/rg/providers/Test.Things/accounts/a",
    "/subscriptions/s1/resourceGroups/rg/providers/Test.Things/accounts/a/shares/s",
    "/subscriptions/s1/resourceGroups/RG/providers/test.things/Accounts/A",
]


@dataclass(frozen=True)
class Case:
    """Roles, who has them where, and what is asked."""

    roles: list[dict[str, list[str]]]
    assignments: list[tuple[int, str, str]]
    groups: frozenset[str]
    action: str
    is_data: bool
    scope: str


def permits(role: dict[str, list[str]], action: str, *, is_data: bool) -> bool:
    """Read a role by splitting patterns at their stars."""
    yes, no = ("dataActions", "notDataActions") if is_data else ("actions", "notActions")
    return any(covers(one, action) for one in role[yes]) and not any(covers(one, action) for one in role[no])


def covers(pattern: str, action: str) -> bool:
    first, *rest = pattern.lower().split("*")
    left = action.lower()
    if not rest:
        return left == first
    if not left.startswith(first) or len(left) < len(first) + len(rest[-1]) or not left.endswith(rest[-1]):
        return False
    left = left[len(first) : len(left) - len(rest[-1])]
    for part in filter(None, rest[:-1]):
        _, found, left = left.partition(part)
        if not found:
            return False
    return True


def lies_in(scope: str, above: str) -> bool:
    parts, top = ([part for part in text.lower().split("/") if part] for text in (scope, above))
    return parts[: len(top)] == top


def expected(case: Case) -> bool:
    return any(
        who.lower() in {ME, *case.groups}
        and lies_in(case.scope, where)
        and permits(case.roles[number], case.action, is_data=case.is_data)
        for number, who, where in case.assignments
    )


@st.composite
def actions(draw: DrawFn) -> str:
    types = "/".join(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3)))
    return f"Test.Things/{types}/{draw(st.sampled_from(WORDS))}"


@st.composite
def patterns(draw: DrawFn) -> str:
    """An action with pieces of it replaced by stars, in any case."""
    text = draw(actions())
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text)))
        text = f"{text[:start]}*{text[draw(st.integers(start, len(text))) :]}"
    return draw(st.sampled_from([text, text.upper(), "*", "*/read", text]))


@st.composite
def cases(draw: DrawFn) -> Case:
    members = ("actions", "notActions", "dataActions", "notDataActions")
    role = st.fixed_dictionaries({name: st.lists(patterns(), max_size=3) for name in members})
    roles = draw(st.lists(role, min_size=1, max_size=4))
    who = st.sampled_from([ME, ME.upper(), OTHER, *GROUPS])
    given_ = st.tuples(st.integers(0, len(roles) - 1), who, st.sampled_from(SCOPES))
    return Case(
        roles,
        draw(st.lists(given_, max_size=5)),
        frozenset(draw(st.sets(st.sampled_from(GROUPS)))),
        draw(actions()),
        draw(st.booleans()),
        draw(st.sampled_from(SCOPES[1:])),
    )


def decided(store: Store, case: Case) -> bool:
    resources = Resources(store)
    kind = "Microsoft.Authorization"
    for number, role in enumerate(case.roles):
        guid = str(UUID(int=number + 1))
        resources.put(
            Resource(
                f"/providers/{kind}/roleDefinitions/{guid}",
                f"{kind}/roleDefinitions",
                guid,
                properties={"roleName": f"role {number}", "permissions": [role]},
                internal={"guid": guid, "tenant_id": TENANT},
            )
        )
    for number, (role_number, who, where) in enumerate(case.assignments):
        guid = str(UUID(int=1000 + number))
        resources.put(
            Resource(
                f"{where.rstrip('/')}/providers/{kind}/roleAssignments/{guid}",
                f"{kind}/roleAssignments",
                guid,
                properties={
                    "roleDefinitionId": f"/providers/{kind}/roleDefinitions/{UUID(int=role_number + 1)}",
                    "principalId": who,
                    "scope": where,
                },
            )
        )
    me = Principal(TENANT, ME, "client", "Application", "me", groups=case.groups)
    action = Action(case.action, is_data=case.is_data)
    found = Access(resources, DecisionLog()).decide(me, action, Target(case.scope, TENANT))
    stranger = Access(resources, DecisionLog()).decide(me, action, Target(case.scope, "another tenant"))
    for one in ("/providers", "/subscriptions"):
        resources.delete(one)
    assert not stranger.allowed, "no role reaches into another tenant"
    return found.allowed


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """One store for all cases, empty before each: a new one takes longer than a decision."""
    made = Store(None)
    yield made
    made.close()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_decisions_agree_with_a_simple_reading_of_the_roles(store: Store, case: Case) -> None:
    assert decided(store, case) is expected(case)


def test_the_simple_reading_knows_what_stars_mean() -> None:
    assert covers("Test.Things/*/read", "test.things/a/b/READ")
    assert not covers("Test.Things/*/read", "Test.Things/read")
    assert covers("*a*a*", "aa")
    assert not covers("*a*a*", "a")
    assert covers("a**b", "aXb")
