"""POSIX access control lists as Data Lake Storage has them: values, their text, and the check of one path. Pure.

Source: storage.md 2.6 (text), 5.3 to 5.6 (rules).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

READ, WRITE, EXECUTE = 4, 2, 1
SUPERUSER = "$superuser"
MAX_ENTRIES = 32

EntryKind: TypeAlias = Literal["user", "group", "mask", "other"]
_ORDER: dict[str, int] = {"user": 0, "group": 1, "mask": 2, "other": 3}
_ENTRY = re.compile(r"(default:)?(user|group|mask|other)(?::([^:,\s]*))?(?::([r-][w-][x-]))?")
_SYMBOLIC = re.compile(r"([r-][w-][x-])([r-][w-][x-])([r-][w-])([xtT-])(\+?)")


def bits_of(text: str) -> int:
    """Read `rwx` text, each letter or `-`, as a number.

    Example:
        >>> bits_of("r-x")
        5
    """
    return sum(bit for bit, letter in zip((READ, WRITE, EXECUTE), text, strict=True) if letter != "-")


def text_of(bits: int) -> str:
    """Spell permission bits.

    Example:
        >>> text_of(5)
        'r-x'
    """
    return "".join(letter if bits & bit else "-" for bit, letter in zip((READ, WRITE, EXECUTE), "rwx", strict=True))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list.

    Attributes:
        kind: Whom it is for.
        qualifier: Object id of a named user or group; empty for the owner, the owning group, mask and other.
        bits: What it grants; for a mask, the most that named entries and groups grant.
    """

    kind: EntryKind
    qualifier: str
    bits: int

    @property
    def text(self) -> str:
        """The entry in the service's spelling."""
        return f"{self.kind}:{self.qualifier}:{text_of(self.bits)}"

    @property
    def order(self) -> tuple[int, bool, str]:
        """Sorts entries as the service prints them."""
        return (_ORDER[self.kind], bool(self.qualifier), self.qualifier)


def _find(entries: Iterable[Entry], kind: EntryKind) -> Entry | None:
    return next((entry for entry in entries if entry.kind == kind and not entry.qualifier), None)


def _bits(entries: Iterable[Entry], kind: EntryKind, otherwise: int = 0) -> int:
    found = _find(entries, kind)
    return otherwise if found is None else found.bits


@dataclass(frozen=True, slots=True)
class Acl:
    """What a path grants, and what its new children inherit.

    Attributes:
        access: Entries that are checked, in the order of the text.
        default: Entries that children inherit; directories only.
        is_sticky: Children are deleted and renamed only by their owner, the directory's owner or a super-user.
    """

    access: tuple[Entry, ...]
    default: tuple[Entry, ...] = ()
    is_sticky: bool = False

    @property
    def text(self) -> str:
        """The list as `x-ms-acl` spells it."""
        return ",".join([entry.text for entry in self.access] + [f"default:{entry.text}" for entry in self.default])

    @property
    def permissions(self) -> str:
        """The nine letters of `x-ms-permissions`, with `t` or `T` when sticky and `+` when there is more to know."""
        return _permissions(self)

    def with_mode(self, mode: int) -> Acl:
        """Return the list with other permissions; the group's bits go to the mask where there is one."""
        group: EntryKind = "mask" if _find(self.access, "mask") else "group"
        wanted = {"user": mask_of(mode, 6), group: mask_of(mode, 3), "other": mask_of(mode, 0)}
        access = tuple(
            replace(entry, bits=wanted.get(entry.kind, entry.bits)) if not entry.qualifier else entry
            for entry in self.access
        )
        return replace(self, access=access, is_sticky=bool(mode & 0o1000))


@lru_cache(maxsize=1024)
def _permissions(acl: Acl) -> str:
    mask = _find(acl.access, "mask")
    group = mask.bits if mask else _bits(acl.access, "group")
    letters = text_of(_bits(acl.access, "user")) + text_of(group) + text_of(_bits(acl.access, "other"))
    if acl.is_sticky:
        letters = letters[:-1] + ("t" if letters[-1] == "x" else "T")
    return letters + ("+" if len(acl.access) > 3 else "")


def mask_of(mode: int, shift: int) -> int:
    """Return the three bits of a mode that start at `shift`."""
    return (mode >> shift) & 7


def plain_acl(mode: int) -> Acl:
    """Return the list of three entries that a mode such as `0o750` stands for."""
    kinds: tuple[EntryKind, ...] = ("user", "group", "other")
    entries = tuple(Entry(kind, "", mask_of(mode, shift)) for kind, shift in zip(kinds, (6, 3, 0), strict=True))
    return Acl(entries, is_sticky=bool(mode & 0o1000))


def parse_mode(text: str) -> int:
    """Read `x-ms-permissions`: octal of three or four digits, or nine letters.

    Raises:
        ValueError: `text` is neither.

    Example:
        >>> oct(parse_mode("rwxr-x--T"))
        '0o1750'
    """
    if re.fullmatch(r"[01]?[0-7]{3}", text):
        return int(text, 8)
    match = _SYMBOLIC.fullmatch(text)
    if match is None:
        raise ValueError("permissions are four octal digits or nine letters")
    user, group, other, last, _ = match.groups()
    mode = bits_of(user) << 6 | bits_of(group) << 3 | bits_of(f"{other}{'x' if last in 'xt' else '-'}")
    return mode | (0o1000 if last in "tT" else 0)


def parse_umask(text: str) -> int:
    """Read `x-ms-umask`: octal alone.

    Raises:
        ValueError: `text` is not.

    Example:
        >>> oct(parse_umask("0027"))
        '0o27'
    """
    if not re.fullmatch(r"0?[0-7]{3}", text):
        raise ValueError("a umask is four octal digits")
    return int(text, 8)


def _parsed(part: str, *, needs_bits: bool) -> tuple[bool, Entry]:
    match = _ENTRY.fullmatch(part.strip())
    if match is None or (match[4] is None and needs_bits):
        raise ValueError(f"not an access control entry: {part[:80]!r}")
    is_default, kind, qualifier, bits = match.groups()
    if qualifier and kind in {"mask", "other"}:
        raise ValueError(f"{kind} takes no object id")
    entry = Entry(kind, (qualifier or "").lower(), bits_of(bits or "---"))  # type: ignore[arg-type]  # the pattern's own words
    return is_default is not None, entry


def parse_entries(text: str, *, needs_bits: bool = True) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Read ACL text into access and default entries, sorted.

    Args:
        text: Entries, comma separated.
        needs_bits: False for a removal, whose entries name no permissions.

    Raises:
        ValueError: An entry is malformed, given twice, or there are too many.
    """
    halves: tuple[list[Entry], list[Entry]] = ([], [])
    for part in text.split(","):
        is_default, entry = _parsed(part, needs_bits=needs_bits)
        halves[is_default].append(entry)
    for entries in halves:
        if len({(entry.kind, entry.qualifier) for entry in entries}) != len(entries):
            raise ValueError("an entry is given twice")
        if len(entries) > MAX_ENTRIES:
            raise ValueError(f"more than {MAX_ENTRIES} entries")
    access, default = (tuple(sorted(entries, key=lambda entry: entry.order)) for entries in halves)
    return access, default


def _complete(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Add the mask that named entries imply; refuse a list without its three base entries."""
    if not entries:
        return ()
    for kind in ("user", "group", "other"):
        if _find(entries, kind) is None:
            raise ValueError(f"the list has no {kind}:: entry")
    if _find(entries, "mask") or not any(entry.qualifier for entry in entries):
        return entries
    bits = 0
    for entry in entries:
        if entry.qualifier or entry.kind == "group":
            bits |= entry.bits
    if len(entries) >= MAX_ENTRIES:
        raise ValueError(f"more than {MAX_ENTRIES} entries with the mask")
    return tuple(sorted((*entries, Entry("mask", "", bits)), key=lambda entry: entry.order))


def parse_acl(text: str, *, is_sticky: bool = False) -> Acl:
    """Read a whole list as a set operation takes it.

    Raises:
        ValueError: It is malformed or lacks a base entry.

    Example:
        >>> parse_acl("user::rwx,user:6b:r-x,group::r--,other::---").text
        'user::rwx,user:6b:r-x,group::r--,mask::r-x,other::---'
    """
    access, default = parse_entries(text)
    if not access:
        raise ValueError("the list has no access entries")
    return Acl(_complete(access), _complete(default), is_sticky)


def merged(old: tuple[Entry, ...], changes: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return a list's entries with some added or changed; the mask is computed anew unless it is given.

    Raises:
        ValueError: The result lacks a base entry or is too long.
    """
    by_whom = {(entry.kind, entry.qualifier): entry for entry in old}
    by_whom |= {(entry.kind, entry.qualifier): entry for entry in changes}
    if _find(changes, "mask") is None:
        by_whom.pop(("mask", ""), None)
    if len(by_whom) > MAX_ENTRIES:
        raise ValueError(f"more than {MAX_ENTRIES} entries")
    return _complete(tuple(sorted(by_whom.values(), key=lambda entry: entry.order)))


def without(old: tuple[Entry, ...], removed: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return a list's entries without some named ones; the mask is computed anew and kept.

    Raises:
        ValueError: A base entry would go.
    """
    gone = {(entry.kind, entry.qualifier) for entry in removed}
    left = tuple(entry for entry in old if (entry.kind, entry.qualifier) not in gone)
    had_mask, loses_mask = _find(old, "mask"), ("mask", "") in gone
    left = tuple(entry for entry in left if entry.kind != "mask")
    if not left:
        return ()
    completed = _complete(left)
    if had_mask is None or loses_mask or _find(completed, "mask"):
        return completed
    return tuple(sorted((*completed, Entry("mask", "", _bits(left, "group"))), key=lambda entry: entry.order))


def inherited(parent: Acl, *, is_directory: bool, mode: int | None = None, umask: int = 0o027) -> Acl:
    """Return the list of a new path.

    Args:
        parent: The list of the directory it is made in.
        is_directory: Directories also inherit the default entries.
        mode: The permissions asked for; None for 0777 (directory) or 0666 (file).
        umask: Applied only when the parent has no default entries.

    Source: storage.md 5.6.
    """
    wanted = mode if mode is not None else 0o777 if is_directory else 0o666
    if not parent.default:
        return plain_acl(wanted & ~umask)
    group: EntryKind = "mask" if _find(parent.default, "mask") else "group"
    most = {"user": mask_of(wanted, 6), group: mask_of(wanted, 3), "other": mask_of(wanted, 0)}
    access = tuple(
        replace(entry, bits=entry.bits & most.get(entry.kind, 7)) if not entry.qualifier else entry
        for entry in parent.default
    )
    return Acl(access, parent.default if is_directory else (), bool(wanted & 0o1000))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one path's list says.

    Attributes:
        allowed: All wanted bits are granted.
        rule: Which entry decided.
    """

    allowed: bool
    rule: str


def check(acl: Acl, owner: str, group: str, *, object_id: str, groups: Collection[str], wanted: int) -> Verdict:
    """Ask one path's list whether a principal may.

    Args:
        acl: The list.
        owner: The owning user's object id.
        group: The owning group's object id.
        object_id: The principal.
        groups: Its groups, direct and transitive.
        wanted: Bits that must all be granted.

    Source: storage.md 5.4. The plain bits of `other` are not masked, as in POSIX.
    """
    if object_id == owner:
        return _verdict(_bits(acl.access, "user"), wanted, "user:: (owner)")
    mask = _bits(acl.access, "mask", otherwise=7)
    for entry in acl.access:
        if entry.kind == "user" and entry.qualifier == object_id.lower():
            return _verdict(entry.bits & mask, wanted, f"user:{entry.qualifier} under mask {text_of(mask)}")
    matched = [entry for entry in acl.access if entry.kind == "group" and (entry.qualifier or group).lower() in groups]
    if matched:
        bits = 0
        for entry in matched:
            bits |= entry.bits & mask
        names = ", ".join(f"group:{entry.qualifier}" for entry in matched)
        return _verdict(bits, wanted, f"{names} under mask {text_of(mask)}")
    return _verdict(_bits(acl.access, "other"), wanted, "other::")


def _verdict(granted: int, wanted: int, rule: str) -> Verdict:
    return Verdict(granted & wanted == wanted, f"{rule} grants {text_of(granted)}, {text_of(wanted)} is needed")
