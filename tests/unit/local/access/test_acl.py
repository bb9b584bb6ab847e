"""Access control lists: text, inheritance and the check of one path."""

from __future__ import annotations

import itertools

import pytest

from lakeport_local.access.acl import (
    Acl,
    check,
    inherited,
    merged,
    parse_acl,
    parse_entries,
    parse_mode,
    plain_acl,
    without,
)

OWNER, NAMED, MEMBER, STRANGER = "11", "22", "33", "44"
TEAM, OTHERS = "aa", "bb"
LIST = parse_acl(f"user::rwx,user:{NAMED}:rw-,group::r--,group:{OTHERS}:-wx,mask::r-x,other::--x")


@pytest.mark.parametrize(
    ("who", "groups", "granted"),
    [
        pytest.param(OWNER, {TEAM}, "rwx", id="the owner's bits are not masked"),
        pytest.param(NAMED, {TEAM, OTHERS}, "r--", id="a named user's are, and groups do not add to them"),
        pytest.param(MEMBER, {TEAM}, "r--", id="the owning group"),
        pytest.param(MEMBER, {OTHERS}, "--x", id="a named group under the mask"),
        pytest.param(MEMBER, {TEAM, OTHERS}, "r-x", id="groups add up"),
        pytest.param(STRANGER, set(), "--x", id="everybody else"),
    ],
)
def test_the_first_class_that_matches_decides(who: str, groups: set[str], granted: str) -> None:
    for wanted in range(8):
        verdict = check(LIST, OWNER, TEAM, object_id=who, groups=groups, wanted=wanted)
        allowed = sum(bit for bit, letter in zip((4, 2, 1), granted, strict=True) if letter != "-")
        assert verdict.allowed == (wanted & allowed == wanted), verdict.rule


def test_owner_with_fewer_rights_than_everybody_is_not_everybody() -> None:
    acl = parse_acl("user::---,group::---,other::rwx")
    assert not check(acl, OWNER, TEAM, object_id=OWNER, groups=set(), wanted=4).allowed
    assert not check(acl, OWNER, TEAM, object_id=MEMBER, groups={TEAM}, wanted=4).allowed
    assert check(acl, OWNER, TEAM, object_id=STRANGER, groups=set(), wanted=4).allowed


@pytest.mark.parametrize(
    "text",
    [
        "user::rwx",
        "user::rwx,group::r-x,other::---,other::---",
        "user::rwz,group::r-x,other::---",
        "user::rwx,group::r-x,other:22:---",
        "default:user::rwx,default:group::r-x,default:other::---",
        "user::rwx,group::r-x,other::---,default:user::rwx",
        "user::rwx,group::r-x,other::---," + ",".join(f"user:{number}:r--" for number in range(30)),
        "",
    ],
)
def test_a_list_that_is_malformed_incomplete_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_acl(text)


def test_permissions_are_read_and_printed_alike_for_every_mode() -> None:
    for mode in (*range(0o1000), *range(0o1000, 0o2000, 7)):
        acl = plain_acl(mode)
        assert parse_mode(acl.permissions) == mode
        assert parse_mode(f"{mode:04o}") == mode
        assert parse_acl(acl.text, is_sticky=acl.is_sticky) == acl


def test_a_mode_writes_the_groups_bits_into_the_mask() -> None:
    changed = LIST.with_mode(0o640)
    assert changed.permissions == "rw-r-----+"
    assert "group::r--" in changed.text
    assert "mask::r--" in changed.text


def test_a_child_inherits_default_entries_without_the_umask_else_its_mode_under_it() -> None:
    parent = parse_acl(
        "user::rwx,group::r-x,other::---,default:user::rwx,default:user:22:rwx,default:group::r-x,default:other::r-x"
    )
    file = inherited(parent, is_directory=False)
    assert file.text == "user::rw-,user:22:rwx,group::r-x,mask::rw-,other::r--"
    directory = inherited(parent, is_directory=True)
    assert directory.default == parent.default
    assert inherited(plain_acl(0o777), is_directory=False).permissions == "rw-r-----"
    assert inherited(plain_acl(0o777), is_directory=True, mode=0o777, umask=0o022).permissions == "rwxr-xr-x"


def test_entries_added_and_removed_recompute_the_mask() -> None:
    plain = plain_acl(0o750).access
    added, _ = parse_entries("user:22:rwx,group:aa:r--")
    grown = merged(plain, added)
    assert Acl(grown).text == "user::rwx,user:22:rwx,group::r-x,group:aa:r--,mask::rwx,other::---"
    gone, _ = parse_entries("user:22,group:aa", needs_bits=False)
    assert Acl(without(grown, gone)).text == "user::rwx,group::r-x,mask::r-x,other::---"
    base, _ = parse_entries("user:", needs_bits=False)
    with pytest.raises(ValueError, match="user"):
        without(grown, base)


def test_no_stranger_gains_by_an_entry_for_somebody_else() -> None:
    for bits in itertools.product("r-", "w-", "x-"):
        acl = parse_acl(f"user::rwx,user:{NAMED}:{''.join(bits)},group::---,other::---")
        assert not check(acl, OWNER, TEAM, object_id=STRANGER, groups={OTHERS}, wanted=1).allowed
