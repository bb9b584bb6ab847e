"""Decisions about data: what is remembered of them, roles before lists, signatures within their signer's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakeport_local.access import Access, DecisionLog, Principal, SharedAccess, SharedKey, Step, Target
from lakeport_local.access.acl import EXECUTE, READ, Acl, parse_acl
from lakeport_local.access.grants import Grant
from lakeport_local.access.roles import ASSIGNMENTS, BUILT_IN_ROLES
from lakeport_local.access.steps import Followed, follow
from lakeport_local.access.storage import DELETE
from lakeport_local.access.storage import READ as READ_DATA
from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/lake1"
ADA = Principal("t", "ada", "app", "User", "ada", groups=frozenset({"team"}))


@pytest.fixture
def resources() -> Iterator[Resources]:
    store = Store(None)
    yield Resources(store)
    store.close()


def steps() -> Iterator[Step]:
    yield Step("/", parse_acl("user::rwx,group::--x,other::---"), "root", "team", EXECUTE)
    yield Step("/f", parse_acl("user::rw-,user:ada:r--,group::---,other::---"), "root", "team", READ)


def give(resources: Resources, role: str, principal: str) -> None:
    definition = next(one.id for one in BUILT_IN_ROLES.values() if one.name == role)
    properties = {"roleDefinitionId": definition, "principalId": principal, "scope": ACCOUNT}
    resources.put(Resource(f"{ACCOUNT}/providers/{ASSIGNMENTS}/{role}", ASSIGNMENTS, role, properties=properties))


def test_lists_are_asked_only_when_no_role_allows(resources: Resources) -> None:
    access = Access(resources, DecisionLog())
    asked: list[str] = []

    def watched() -> Iterator[Step]:
        asked.append("steps")
        yield from steps()

    target = Target(ACCOUNT, "t", "f", watched)
    assert access.decide(ADA, READ_DATA, target).allowed
    assert asked == ["steps"]
    give(resources, "Storage Blob Data Reader", "team")
    assert access.decide(ADA, READ_DATA, target).allowed
    assert asked == ["steps"]


def test_what_is_remembered_lets_go_of_the_request(resources: Resources) -> None:
    log = DecisionLog()
    for caller in (SharedKey(ACCOUNT), ADA):
        Access(resources, log).decide(caller, READ_DATA, Target(ACCOUNT, "t", "f", steps), request_id="r")
    assert [decision.target.steps for decision in log.of("r")] == [None, None]


def test_a_signature_permits_its_letters_within_its_signers_rights(resources: Resources) -> None:
    access, target = Access(resources, DecisionLog()), Target(ACCOUNT, "t", "f")
    give(resources, "Storage Blob Data Reader", "ada")
    plain = SharedAccess(ACCOUNT, frozenset("rd"))
    delegated = SharedAccess(ACCOUNT, frozenset("rd"), ADA)
    assert [access.decide(plain, action, target).allowed for action in (READ_DATA, DELETE)] == [True, True]
    assert [access.decide(delegated, action, target).allowed for action in (READ_DATA, DELETE)] == [True, False]
    assert not access.decide(SharedAccess(ACCOUNT, frozenset("w")), READ_DATA, target).allowed
    acting = SharedAccess(ACCOUNT, frozenset("r"), ADA, owner="somebody else")
    assert not access.decide(acting, READ_DATA, target).allowed


def test_a_signature_for_a_subject_asks_the_lists_for_it(resources: Resources) -> None:
    access, target = Access(resources, DecisionLog()), Target(ACCOUNT, "t", "f", steps)
    for subject, allowed in ((ADA, True), (Principal("t", "bob", "app", "User", "bob"), False)):
        caller = SharedAccess(ACCOUNT, frozenset("r"), None, subject, subject.object_id)
        assert access.decide(caller, READ_DATA, target).allowed is allowed


@pytest.mark.parametrize(
    ("rules", "client", "allowed"),
    [
        ({}, "1.2.3.4", True),
        ({"defaultAction": "Deny"}, "1.2.3.4", False),
        ({"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.0/24"}]}, "1.2.3.4", True),
        ({"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.0/24"}]}, "1.2.4.4", False),
        ({"defaultAction": "Deny", "ipRules": [{"value": "nonsense"}]}, "1.2.4.4", False),
        ({"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]}, "::ffff:1.2.3.4", True),
        ({"defaultAction": "Deny", "ipv6Rules": [{"value": "2001:db8::/64"}]}, "2001:db8::1", True),
        ({"defaultAction": "Deny", "ipv6Rules": [{"value": "2001:db8::/64"}]}, "2001:db9::1", False),
        ({"defaultAction": "Deny", "ipRules": [{"value": "0.0.0.0/0"}]}, "2001:db8::1", False),
    ],
)
def test_network_rules_admit_addresses(
    resources: Resources, rules: dict[str, object], client: str, *, allowed: bool
) -> None:
    account = Resource(ACCOUNT, "t", "lake1", properties={"networkAcls": rules}, internal={"tenant_id": "t"})
    assert Access(resources, DecisionLog()).admit(client, account).allowed is allowed


def test_a_tree_of_many_directories_is_judged_in_bounded_words() -> None:
    shut, opened = parse_acl("user::rwx,group::---,other::---"), parse_acl("user::rwx,group::---,other::rwx")

    def tree(*acls: Acl) -> Followed:
        return follow((Step(f"/{number}", acl, "root", "g", EXECUTE) for number, acl in enumerate(acls)), ADA)

    assert len(tree(*[opened] * 5000).reasons) == 50
    one_shut = tree(*[opened] * 4000, shut, opened)
    assert one_shut.way == (Grant("entry", "user:ada:--x", "/4000"),)
    assert one_shut.reasons[-1].startswith("/4000: ")
    assert tree(*[shut] * 60).way is None
    assert tree(shut, *[opened] * 2000).way is None
    assert len(tree(*[shut] * 50).way or ()) == 50
