"""Whether somebody may do something at a path, by which rules, and the least that would have to be granted: pure.

Source: Data Lake Storage, "Access control model": roles first, then the lists from the root down; storage.md 5.1 to 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lakeport.access import posix
from lakeport.access.files import above
from lakeport.access.operations import BLOBS
from lakeport.access.posix import Ace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.access.operations import Demand, Operation
    from lakeport.access.people import Person
    from lakeport.access.posix import Listed
    from lakeport.access.roles import Holding


@dataclass(frozen=True)
class Gate:
    """One rule that was asked.

    Attributes:
        place: The folder or scope.
        rule: What it says.
        allows: What came of it.
        is_role: It is a role, not a list: when it does not allow, lists are asked.
    """

    place: str
    rule: str
    allows: bool
    is_role: bool = False


@dataclass(frozen=True)
class Lack:
    """One thing that would have to be granted.

    Attributes:
        kind: An entry of a list, being the owner, or a role.
        path: Where, for an entry or an owner.
        entry: The entry as it would have to be, with what is held already.
        role: The role's name.
    """

    kind: Literal["entry", "owner", "role"]
    path: str = ""
    entry: Ace | None = None
    role: str = ""


@dataclass(frozen=True)
class Answer:
    """Whether somebody may, and every rule that was asked on the way.

    Attributes:
        lacks: What together would let it pass: the least that does.
        is_certain: Nothing that could not be seen might allow what is refused.
    """

    allowed: bool
    gates: tuple[Gate, ...]
    lacks: tuple[Lack, ...] = ()
    is_certain: bool = True

    @property
    def deciding(self) -> Gate | None:
        """The rule that decided: the last that allowed, or the first list that refused."""
        if self.allowed:
            return self.gates[-1] if self.gates else None
        return next((one for one in self.gates if not one.allows and not one.is_role), None)


@dataclass(frozen=True)
class Facts:
    """All that is known of somebody and a path.

    Attributes:
        groups: The groups they are in, nested ones too, by object id.
        holdings: The roles that reach the path.
        listed: Gives the list of a path.
        below: Gives the directories below the path.
        unseen: What could not be looked at.
    """

    who: Person
    path: str
    groups: dict[str, Person]
    holdings: tuple[Holding, ...]
    listed: Callable[[str], Listed]
    below: Callable[[], list[str]] = list
    unseen: tuple[str, ...] = ()
    _judged: dict[tuple[str, str], posix.Verdict] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """Their groups' ids, and their own where they are a group: then a member is asked about."""
        return {*self.groups, *([self.who.object_id] if self.who.kind == "group" else [])}

    def judge(self, path: str, bits: str) -> posix.Verdict:
        """Say what the list of a path says."""
        if (path, bits) not in self._judged:
            self._judged[path, bits] = posix.judge(self.listed(path), bits, self.who.object_id, self.ids)
        return self._judged[path, bits]

    def owns(self, path: str) -> bool:
        """Tell if they own a path."""
        return self.who.object_id == self.listed(path).owner

    def spoken(self, rule: str) -> str:
        """Return a rule with names in place of ids."""
        for one in (*self.groups.values(), self.who):
            rule = rule.replace(one.object_id, repr(one.name)) if one.object_id else rule
        return rule


def decide(facts: Facts, operation: Operation) -> Answer:
    """Tell if somebody may do something at a path.

    Network rules, deny assignments and account keys are not asked.
    """
    gates: list[Gate] = []
    lacks: list[Lack] = []
    doubt = bool(facts.unseen)
    for demand in operation.demands:
        found = list(_by_roles(facts, demand.action))
        allowing = next((one for one in found if one.allows), None)
        gates += [allowing] if allowing else found
        if allowing is not None:
            continue
        doubt = doubt or any(one.is_conditional and one.has(demand.action) for one in facts.holdings)
        asked, lacking = _by_lists(facts, demand)
        gates += asked
        lacks += lacking
    gates = list(dict.fromkeys(gates))
    least = tuple(dict.fromkeys(_as_owner(facts, operation, list(_joined(lacks)))))
    return Answer(not lacks, tuple(gates), least, not (lacks and doubt))


def _by_roles(facts: Facts, action: str) -> Iterator[Gate]:
    for one in facts.holdings:
        through = f" by group {facts.groups[one.principal_id].name!r}" if one.principal_id in facts.groups else ""
        has = one.has(action)
        if one.is_conditional and has:
            yield Gate(
                one.scope,
                f"{one.role}{through} under a condition, which is not judged here",
                allows=False,
                is_role=True,
            )
        elif one.has_data:
            yield Gate(one.scope, f"{one.role}{through}", allows=has, is_role=True)


def _by_lists(facts: Facts, demand: Demand) -> tuple[list[Gate], list[Lack]]:
    if demand.by_role_only:
        what = demand.action.removeprefix(f"{BLOBS}/").partition("/")[0]
        gate = Gate(f"/{facts.path}", f"only a role gives {what}", allows=False)
        return [gate], [Lack("role", role="Storage Blob Data Owner")]
    gates, lacks = [], []
    is_open = demand.is_owners and any(one.has(f"{BLOBS}/read") and not one.is_conditional for one in facts.holdings)
    for path, bits in () if is_open else _needs(facts, demand):
        verdict = facts.judge(path, bits)
        gates.append(
            Gate(
                f"/{path}",
                f"{facts.spoken(verdict.rule)} {'has' if verdict.allowed else 'lacks'} {bits}",
                verdict.allowed,
            )
        )
        if not verdict.allowed:
            lacks.append(Lack("entry", path, _entry(facts, path, bits)))
    for gate, lack in _by_owners(facts, demand):
        gates.append(gate)
        lacks += [lack] if lack else []
    return gates, lacks


def _needs(facts: Facts, demand: Demand) -> Iterator[tuple[str, str]]:
    """Yield what lists must give, from the root down."""
    wanted: dict[str, str] = {}
    parent = facts.path.rpartition("/")[0]
    for place, bits in demand.needs:
        at = {"item": [facts.path], "parent": [parent]}.get(place) or facts.below()
        for path in at:
            for one in above(path):
                wanted[one] = wanted.get(one, "") + "x"
            wanted[path] = wanted.get(path, "") + bits
    for path in sorted(wanted, key=lambda each: (each.count("/") if each else -1, each)):
        bits = "".join(letter for letter in "rwx" if letter in wanted[path])
        if bits:
            yield path, bits


def _by_owners(facts: Facts, demand: Demand) -> Iterator[tuple[Gate, Lack | None]]:
    """Ask what only owners may: to change a list, and to take something out of a sticky directory."""
    if demand.is_owners:
        owns = facts.owns(facts.path)
        rule = "owner" if owns else "only the owner may"
        yield Gate(f"/{facts.path}", rule, owns), None if owns else Lack("owner", facts.path)
    parent = facts.path.rpartition("/")[0]
    if demand.leaves and facts.listed(parent).is_sticky:
        owns = facts.owns(parent) or facts.owns(facts.path)
        rule = "sticky: only who owns it or the path takes the path out"
        yield Gate(f"/{parent}", rule, owns), None if owns else Lack("owner", facts.path)


def _entry(facts: Facts, path: str, bits: str) -> Ace:
    """Return the entry that gives the missing: what is held already stays, for the first fitting entry decides alone."""
    listed = facts.listed(path)
    has = posix.held(listed, facts.who.object_id, facts.ids)
    wished = posix.together(has, bits)
    if facts.who.object_id == listed.owner:
        return Ace("user", "", wished)
    if facts.who.kind == "group":
        own = listed.entry("group", facts.who.object_id)
        return Ace("group", facts.who.object_id, posix.together(own.can if own else "---", bits))
    return Ace("user", facts.who.object_id, wished)


def _joined(lacks: list[Lack]) -> Iterator[Lack]:
    """Make one entry of those that several demands miss at a path."""
    entries: dict[str, Ace] = {}
    for one in lacks:
        if one.entry is not None:
            before = entries.get(one.path, one.entry)
            entries[one.path] = Ace(one.entry.kind, one.entry.who, posix.together(before.can, one.entry.can))
    for one in lacks:
        yield Lack("entry", one.path, entries[one.path]) if one.entry is not None else one


def _as_owner(facts: Facts, operation: Operation, lacks: list[Lack]) -> Iterator[Lack]:
    """Yield what is lacking, where whoever becomes a path's owner is judged by the owner's entry from then on."""
    owned = {one.path for one in lacks if one.kind == "owner"}
    yield from (one for one in lacks if one.kind != "entry" or one.path not in owned)
    needed = [one for demand in operation.demands for one in _needs(facts, demand)]
    for path in owned:
        bits = "".join(wanted for where, wanted in needed if where == path)
        own = facts.listed(path).entry("user", "")
        can = own.can if own else "---"
        if any(letter not in can for letter in bits):
            yield Lack("entry", path, Ace("user", "", posix.together(can, bits)))
