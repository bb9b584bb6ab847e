"""What a file system should do, in memory and without a thought for speed: the other side of the state machine.

Each method returns the codes with which the service may refuse; none means that it must do it, and the model has.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

WHOLE = {"user": "rwx", "group": "rwx", "other": "rwx"}


@dataclass
class Lease:
    id: str
    seconds: int  # negative: for ever
    ends: float | None  # None: never
    breaks: float | None = None

    def state(self, now: float) -> str:
        if self.breaks is not None:
            return "breaking" if now < self.breaks else "broken"
        return "leased" if self.ends is None or now < self.ends else "expired"


@dataclass
class Node:
    data: bytes | None  # None: a directory
    access: dict[str, str]  # "user", "user:ID", "group", "mask", "other" -> letters
    default: dict[str, str] = field(default_factory=dict)
    is_sticky: bool = False
    children: dict[str, Node] = field(default_factory=dict)
    segments: dict[int, bytes] = field(default_factory=dict)
    lease: Lease | None = None
    ends: float | None = None

    @property
    def is_directory(self) -> bool:
        return self.data is None


def both(one: str, other: str) -> str:
    return "".join(letter for letter in one if letter in other)


def any_of(*letters: str) -> str:
    return "".join(letter for letter in "rwx" if any(letter in one for one in letters))


def with_mask(entries: dict[str, str]) -> dict[str, str]:
    """A list whose mask is what its named entries and group grant, where it has named entries and no mask."""
    if "mask" in entries or not any(":" in name for name in entries):
        return entries
    named = [letters for name, letters in entries.items() if ":" in name]
    return {**entries, "mask": any_of(entries["group"], *named)}


class Model:
    """A tree of nodes and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.root = Node(None, {"user": "rwx", "group": "rx", "other": ""})

    # Finding

    def find(self, path: str) -> Node | None:
        node: Node | None = self.root
        for name in path.split("/") if path else ():
            node = None if node is None else node.children.get(name)
        return node

    def parent(self, path: str) -> Node | None:
        return self.find(path.rpartition("/")[0])

    def walk(self, node: Node, prefix: str = "", *, recursive: bool = True) -> list[tuple[str, Node]]:
        found = []
        for name in sorted(node.children, key=str.encode):
            full, child = f"{prefix}/{name}" if prefix else name, node.children[name]
            found += [(full, child), *(self.walk(child, full) if recursive else [])]
        return found

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for full, node in self.walk(self.root):
            if node.ends is not None and node.ends <= self.now:
                parent = self.parent(full)
                assert parent is not None
                del parent.children[full.rpartition("/")[2]]

    # Leases

    def lease_error(self, node: Node | None, given: str | None) -> set[str]:
        state = "available" if node is None or node.lease is None else node.lease.state(self.now)
        if given is None:
            return {"LeaseIdMissing"} if state in {"leased", "breaking"} else set()
        if node is None:
            return {"LeaseNotPresentWithBlobOperation"}
        if node.lease is None:
            return {"LeaseNotPresentWithBlobOperation"}
        if node.lease.id != given:
            return {"LeaseIdMismatchWithBlobOperation"}
        return set() if state in {"leased", "breaking"} else {"LeaseLost"}

    def operate_lease(self, path: str, action: str, given: str, proposed: str, seconds: int) -> set[str]:
        node = self.find(path)
        if node is None:
            return {"PathNotFound"}
        lease = node.lease
        state = "available" if lease is None else lease.state(self.now)
        ends = None if seconds < 0 else self.now + seconds
        if action == "acquire":
            if state == "breaking":
                return {"LeaseIsBreakingAndCannotBeAcquired"}
            if state == "leased" and lease is not None and lease.id != proposed:
                return {"LeaseAlreadyPresent"}
            node.lease = Lease(proposed, seconds, ends)
            return set()
        if lease is None:
            return {"LeaseNotPresentWithLeaseOperation"}
        if action == "break":
            left = 0.0
            if state in {"leased", "breaking"}:
                until = lease.ends if lease.breaks is None else lease.breaks
                left = min(float(seconds), (until or 1e12) - self.now) if until is not None else float(seconds)
            node.lease = replace(lease, breaks=self.now + left)
            return set()
        if action == "change":
            if state in {"broken", "expired"}:
                return {"LeaseNotPresentWithLeaseOperation"}
            if state == "breaking":
                return {"LeaseIsBreakingAndCannotBeChanged"}
            if lease.id not in {given, proposed}:
                return {"LeaseIdMismatchWithLeaseOperation"}
            node.lease = replace(lease, id=proposed)
            return set()
        if lease.id != given:
            return {"LeaseIdMismatchWithLeaseOperation"}
        if action == "renew":
            if lease.breaks is not None:
                return {"LeaseIsBrokenAndCannotBeRenewed"}
            node.lease = replace(lease, ends=None if lease.seconds < 0 else self.now + lease.seconds)
        else:
            node.lease = None
        return set()

    # Making

    def blocked(self, path: str) -> bool:
        parts = path.split("/")
        above = [self.find("/".join(parts[:level])) for level in range(1, len(parts))]
        return any(node is not None and not node.is_directory for node in above)

    def inherited(self, parent: Node, mode: dict[str, str], umask: dict[str, str], *, is_directory: bool) -> Node:
        data = None if is_directory else b""
        if not parent.default:
            cut = {whom: "".join(one for one in mode[whom] if one not in umask[whom]) for whom in mode}
            return Node(data, cut)
        most = {"user": mode["user"], "other": mode["other"]}
        most["mask" if "mask" in parent.default else "group"] = mode["group"]
        access = {whom: both(letters, most.get(whom, "rwx")) for whom, letters in parent.default.items()}
        return Node(data, access, dict(parent.default) if is_directory else {})

    def create(
        self,
        path: str,
        *,
        is_directory: bool,
        only_new: bool,
        given: str | None,
        mode: dict[str, str],
        ends: float | None,
    ) -> set[str]:
        old = self.find(path)
        wrong = set()
        if self.blocked(path) or (old is not None and old.is_directory != is_directory):
            wrong.add("PathConflict")
        if old is not None and only_new:
            wrong.add("PathAlreadyExists")
        wrong |= self.lease_error(old, given)
        if wrong:
            return wrong
        if old is not None and is_directory:
            return set()
        umask = {"user": "", "group": "w", "other": "rwx"}
        node, parts = self.root, path.split("/")
        for name in parts[:-1]:
            if name not in node.children:
                node.children[name] = self.inherited(node, WHOLE, umask, is_directory=True)
            node = node.children[name]
        made = self.inherited(node, mode, umask, is_directory=is_directory)
        made.lease = None if old is None else old.lease
        made.ends = ends
        node.children[parts[-1]] = made
        return set()

    # Writing

    def file_error(self, path: str, given: str | None) -> set[str]:
        node = self.find(path)
        if node is None:
            return {"PathNotFound"}
        return {"PathConflict"} if node.is_directory else self.lease_error(node, given)

    def append(self, path: str, position: int, data: bytes, *, flush: bool, given: str | None) -> set[str]:
        node = self.find(path)
        wrong = self.file_error(path, given) | (set() if data else {"InvalidHeaderValue"})
        if wrong or node is None:
            return wrong
        before = dict(node.segments)
        node.segments[position] = data
        if flush and (wrong := self.flush(path, position + len(data), retain=False, given=given)):
            node.segments = before
        return wrong

    def flush(self, path: str, position: int, *, retain: bool, given: str | None) -> set[str]:
        node = self.find(path)
        if (wrong := self.file_error(path, given)) or node is None or node.data is None:
            return wrong
        data = node.data
        for at in sorted(node.segments):
            if at >= len(node.data) and len(data) < position:
                if at != len(data):
                    return {"InvalidFlushPosition"}
                data += node.segments[at]
        if len(data) != position:
            return {"InvalidFlushPosition"}
        node.data = data
        node.segments = {at: part for at, part in node.segments.items() if retain and at >= position}
        return set()

    # Moving and removing

    def delete(self, path: str, *, recursive: bool, given: str | None) -> set[str]:
        node, parent = self.find(path), self.parent(path)
        if node is None or parent is None:
            return {"PathNotFound"}
        wrong = self.lease_error(node, given) | ({"DirectoryNotEmpty"} if node.children and not recursive else set())
        if recursive:
            wrong = wrong.union(*(self.lease_error(one, None) for _, one in self.walk(node)))
        if not wrong:
            del parent.children[path.rpartition("/")[2]]
        return wrong

    def rename(
        self, source: str, target: str, *, only_new: bool, given: str | None, given_source: str | None
    ) -> set[str]:
        node, old = self.find(source), self.find(target)
        if node is None:
            return {"SourcePathNotFound"}
        wrong = self.lease_error(node, given_source) | self.lease_error(old, given)
        if f"{target}/".startswith(f"{source}/"):
            wrong.add("InvalidRenameSourcePath")
        if old is not None and only_new:
            wrong.add("PathAlreadyExists")
        if old is not None and old.is_directory != node.is_directory:
            wrong.add("InvalidSourceOrDestinationResourceType")
        if old is not None and old.children:
            target = f"{target}/{source.rpartition('/')[2]}"
            wrong |= {"PathAlreadyExists"} if self.find(target) is not None else set()
        parent = self.parent(target)
        if parent is None:
            wrong.add("RenameDestinationParentPathNotFound")
        elif not parent.is_directory:
            wrong.add("PathConflict")
        if self.blocked(target):
            wrong |= {"PathConflict", "RenameDestinationParentPathNotFound"}
        if wrong or parent is None:
            return wrong
        above = self.parent(source)
        assert above is not None
        del above.children[source.rpartition("/")[2]]
        node.lease = None
        parent.children[target.rpartition("/")[2]] = node
        return set()

    # Lists

    def set_acl(self, path: str, access: dict[str, str], default: dict[str, str], *, given: str | None) -> set[str]:
        node = self.find(path)
        if node is None:
            return {"PathNotFound"}
        wrong = self.lease_error(node, given) | ({"InvalidHeaderValue"} if default and not node.is_directory else set())
        if not wrong:
            node.access = with_mask(access)
            node.default = with_mask(default) if default else {}
        return wrong

    def set_mode(self, path: str, mode: dict[str, str], *, given: str | None) -> set[str]:
        node = self.find(path)
        if node is None:
            return {"PathNotFound"}
        if wrong := self.lease_error(node, given):
            return wrong
        group = "mask" if "mask" in node.access else "group"
        node.access = {**node.access, "user": mode["user"], group: mode["group"], "other": mode["other"]}
        return set()

    def change_tree(self, path: str, access: dict[str, str], default: dict[str, str], how: str) -> set[str]:
        node = self.find(path)
        if node is None:
            return {"PathNotFound"}
        for _, one in [("", node), *self.walk(node)]:
            base = {who: one.access[who] for who in WHOLE}
            one.access = changed(one.access, access, how, base)
            one.default = changed(one.default, default, how, base) if one.is_directory else {}
        return set()


def changed(old: dict[str, str], by: dict[str, str], how: str, base: dict[str, str]) -> dict[str, str]:
    """A list after one step of a recursive change; a default list begins as a copy of the base entries."""
    if how == "set":
        return with_mask(by) if by else {}
    if not by:
        return old
    left = {**(old or base), **by} if how == "modify" else {who: old[who] for who in old if who not in by}
    had_mask = how == "remove" and "mask" in left
    if "mask" not in by:
        left.pop("mask", None)
    done = with_mask(left)
    return {**done, "mask": done["group"]} if had_mask and "mask" not in done else done
