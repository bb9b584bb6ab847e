"""Access control lists as the lake writes them, and what they allow.

Source: Data Lake Storage, "Access control lists (ACLs)", evaluation algorithm; storage.md 5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakeport.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

KINDS = ("user", "group", "mask", "other")
WORDS = {"read": "r-x", "write": "rwx", "pass": "--x", "none": "---"}
_BITS = re.compile(r"[r-][w-][x-]|(?=[rwx])r?w?x?|[0-7]")


@dataclass(frozen=True, order=True)
class Ace:
    """One entry of a list.

    Attributes:
        kind: `user`, `group`, `mask` or `other`.
        who: An object id; empty for the owner, the owning group, the mask and everybody else.
        can: Such as `r-x`.
        is_default: What new children begin with.
    """

    kind: str
    who: str
    can: str
    is_default: bool = False

    def __str__(self) -> str:
        return f"{'default:' if self.is_default else ''}{self.kind}:{self.who}:{self.can}"

    @property
    def key(self) -> tuple[str, str, bool]:
        """What there can be only one entry of."""
        return self.kind, self.who, self.is_default


def parse(text: str) -> tuple[Ace, ...]:
    """Return a list's entries.

    Example:
        >>> [str(one) for one in parse("user::rwx,default:group:G:r-x")]
        ['user::rwx', 'default:group:g:r-x']
    """
    found = []
    for part in filter(None, text.split(",")):
        kind, who, can = part.removeprefix("default:").split(":")
        found.append(Ace(kind, who.lower(), can, part.startswith("default:")))
    return tuple(found)


def bits(said: str) -> str:
    """Return rights as lists write them, from a word, letters or an octal digit.

    Raises:
        Misused: It says no rights.

    Example:
        >>> bits("rx"), bits("write"), bits("5"), bits("-w-")
        ('r-x', 'rwx', 'r-x', '-w-')
    """
    if said in WORDS:
        return WORDS[said]
    if not _BITS.fullmatch(said):
        raise Misused(f"{said!r} says no rights", hint="Write read, write, pass, none, or such as r-x")
    if said.isdigit():
        return "".join(letter if int(said) & value else "-" for letter, value in zip("rwx", (4, 2, 1), strict=True))
    return "".join(letter if letter in said else "-" for letter in "rwx")


def together(one: str, other: str) -> str:
    """Return the rights that either holds.

    Example:
        >>> together("r--", "--x")
        'r-x'
    """
    return "".join(letter if letter in one + other else "-" for letter in "rwx")


def text(entries: Iterable[Ace]) -> str:
    """Return a list as the lake reads it."""
    return ",".join(str(one) for one in entries)


def changed(entries: Iterable[Ace], more: Iterable[Ace]) -> tuple[Ace, ...]:
    """Return a list with entries put in, each in place of the one of its key; a default list needs its three basics."""
    found = {one.key: one for one in entries}
    found.update({one.key: one for one in more})
    if any(is_default for _, _, is_default in found):
        for kind in ("user", "group", "other"):
            basic = found.get((kind, "", False), Ace(kind, "", "---"))
            found.setdefault((kind, "", True), replace(basic, is_default=True))
    return tuple(one for one in found.values() if one.kind != "mask")  # the lake works masks out again


def masked(before: Iterable[Ace], after: Iterable[Ace], more: Iterable[Ace]) -> tuple[Ace, ...]:
    """Return a list whose masks let through what is put in, and of the other entries nothing that they cut before.

    A list without its mask is given one by the lake that lets everything through: whoever was cut would gain.

    Args:
        before: The list that there is.
        after: The list that is wished, without masks.
        more: What was put in.

    Example:
        >>> old = parse("user::rwx,user:a:rwx,group::r--,mask::r--,other::---")
        >>> text(masked(old, changed(old, parse("user:b:r-x")), parse("user:b:r-x"))).split("mask::")[1]
        'r-x'
    """
    found = [one for one in after if one.kind != "mask"]
    for is_default in (False, True):
        old = next((one for one in before if one.key == ("mask", "", is_default)), None)
        if old is not None and any(one.is_default is is_default and one.kind == "user" for one in found):
            can = old.can
            for one in more:
                if one.is_default is is_default and (one.who or one.kind == "group"):
                    can = together(can, one.can)
            found.append(replace(old, can=can))
    return tuple(found)


def given(before: Iterable[Ace], more: Iterable[Ace]) -> tuple[Ace, ...]:
    """Return a list with entries put in, and masks that let them through; a mask that is put in stays as it is said.

    Example:
        >>> text(given(parse("user::rwx,group::r-x,other::---"), parse("user::r-x")))
        'user::r-x,group::r-x,other::---'
    """
    before, more = tuple(before), tuple(more)
    if any(one.kind == "mask" for one in more):
        keys = {one.key for one in more}
        return (*(one for one in before if one.key not in keys), *more)
    return masked(before, changed(before, more), more)


@dataclass(frozen=True)
class Listed:
    """A path with its list.

    Attributes:
        is_sticky: Only owners delete and rename what is in it.
    """

    path: str
    owner: str
    group: str
    entries: tuple[Ace, ...]
    is_sticky: bool = False

    def entry(self, kind: str, who: str, *, is_default: bool = False) -> Ace | None:
        """Return the entry of somebody, if there is one."""
        key = (kind, who.lower(), is_default)
        return next((one for one in self.entries if one.key == key), None)


@dataclass(frozen=True)
class Verdict:
    """What a list says.

    Attributes:
        rule: The entry that decided, with the mask where that took something away.
    """

    allowed: bool
    rule: str


def held(listed: Listed, who: str, groups: Collection[str]) -> str:
    """Return all that a list gives somebody.

    Example:
        >>> held(Listed("a", "o", "g", parse("user::rwx,group::r-x,other::--x")), "ada", {"g"})
        'r-x'
    """
    return "".join(each if judge(listed, each, who, groups).allowed else "-" for each in "rwx")


def judge(listed: Listed, needed: str, who: str, groups: Collection[str]) -> Verdict:
    """Tell if a list lets somebody do something.

    Args:
        listed: The path.
        needed: Such as `x` or `rx`.
        who: An object id, lower case.
        groups: The groups that it is in, lower case.

    Example:
        >>> folder = Listed("a", "o", "g", parse("user::rwx,user:ada:r-x,group::r--,mask::r--,other::---"))
        >>> judge(folder, "rx", "ada", ()).rule
        'user:ada:r-x under mask r--'
    """
    own = {one.key[:2]: one for one in listed.entries if not one.is_default}
    everybody = own.get(("other", ""), Ace("other", "", "---"))
    if who == listed.owner.lower():
        entry = own.get(("user", ""), everybody)
        return Verdict(_holds(entry.can, needed), f"owner, {entry}")
    mask = own.get(("mask", ""))
    named = own.get(("user", who))
    if named is not None:
        return _masked(named, mask, needed)
    mine = [one for one in own.values() if one.kind == "group" and _is_mine(one, listed, groups)]
    for one in mine:
        verdict = _masked(one, mask, needed)
        if verdict.allowed:
            return verdict
    if mine:
        return _masked(mine[0], mask, needed)
    return Verdict(_holds(everybody.can, needed), f"everybody else, {everybody}")


def _is_mine(entry: Ace, listed: Listed, groups: Collection[str]) -> bool:
    return (entry.who or listed.group.lower()) in groups


def _masked(entry: Ace, mask: Ace | None, needed: str) -> Verdict:
    can = entry.can
    if mask is not None:
        can = "".join(right if right in mask.can else "-" for right in entry.can)
    suffix = f" under mask {mask.can}" if mask is not None and can != entry.can else ""
    return Verdict(_holds(can, needed), f"{entry}{suffix}")


def _holds(can: str, needed: str) -> bool:
    return all(right in can for right in needed)
