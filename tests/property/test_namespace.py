"""Random operations on a file system, against the same operations on a model in memory.

10,000 steps; `LAKEPORT_STEPS` asks for more.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.property.lake import LakeInProcess
from tests.property.namespace_model import WHOLE, Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.lake import Answer
    from tests.property.namespace_model import Node

STEPS_EACH = 60
STEPS = int(os.environ.get("LAKEPORT_STEPS", "10000"))
IDS = tuple(f"{digit * 8}-0000-4000-8000-000000000000" for digit in "ab")
# Few draws a step: each costs as much as a request.
NAMES = ("a", "b", "a-b", "\u00e4")
PATHS = st.sampled_from(["/".join(parts) for length in (1, 2, 3) for parts in product(NAMES, repeat=length)])
PICKS = st.sampled_from([None, None, *range(12)])
GIVEN = st.sampled_from([None, None, None, None, None, *IDS])
BITS = ("rwx", "rw", "r", "x", "")
BASE = st.sampled_from([dict(zip(("user", "group", "other"), bits, strict=True)) for bits in product(BITS, repeat=3)])
_FEW = ("user", f"user:{IDS[0]}", f"group:{IDS[1]}", "mask")
NAMED = st.sampled_from([{}, *({who: bits} for who, bits in product(_FEW[1:3], BITS)), dict.fromkeys(_FEW[1:3], "rx")])
SOME = st.sampled_from([{}, *({one: "rw", other: "x"} for one, other in product(_FEW, repeat=2))])
DATA = st.sampled_from([b"", b"1", b"23", b"456", b"7890", b"12345678"])
_ORDER = ("user", "group", "mask", "other")


def spelled(entries: dict[str, str], prefix: str = "", *, with_bits: bool = True) -> list[str]:
    """Entries as the service prints them."""

    def order(name: str) -> tuple[int, str]:
        kind, _, qualifier = name.partition(":")
        return (_ORDER.index(kind), qualifier)

    found = []
    for name in sorted(entries, key=order):
        kind, _, qualifier = name.partition(":")
        bits = "".join(letter if letter in entries[name] else "-" for letter in "rwx")
        found.append(f"{prefix}{kind}:{qualifier}" + (f":{bits}" if with_bits else ""))
    return found


def octal(mode: dict[str, str]) -> str:
    return "0" + "".join(
        str(sum({"r": 4, "w": 2, "x": 1}[one] for one in mode[who])) for who in ("user", "group", "other")
    )


def nine_letters(node: Node) -> str:
    shown = [node.access["user"], node.access.get("mask", node.access["group"]), node.access["other"]]
    letters = "".join(letter if letter in one else "-" for one in shown for letter in "rwx")
    return letters + ("+" if len(node.access) > 3 else "")


def parts(path: str) -> list[bytes]:
    return [part.encode() for part in path.split("/") if part]


class NamespaceMachine(RuleBasedStateMachine):
    """The dfs API on one side, the model on the other; what the model refuses is refused with one of its codes."""

    world: LakeInProcess
    made = 0
    outcomes: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        NamespaceMachine.made += 1
        self.name = f"fs-{NamespaceMachine.made}"
        self.model = Model()
        assert self.ask("PUT", "", "resource=filesystem").status == 201

    def ask(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str | None) -> Answer:
        given = {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items() if value is not None}
        if "x-ms-none-match" in given:
            given["if-none-match"] = given.pop("x-ms-none-match")
        raw = f"/{self.name}/{quote(path)}" if path else f"/{self.name}"
        return self.world.ask(method, raw, query, body=body, headers=given)

    def at(self, path: str, pick: int | None) -> str:
        """Return one of the paths there are, or the path drawn."""
        there = [full for full, _ in self.model.walk(self.model.root)]
        return path if pick is None or not there else there[pick % len(there)]

    @initialize()
    def begin(self) -> None:
        """A little tree to begin with."""
        for path in ("a/b", "a/a-b", "b"):
            self.create(path, is_directory=path == "a/b", only_new=True, given=None, mode=WHOLE, lives=None)

    def judge(self, answer: Answer, wanted: set[str]) -> None:
        NamespaceMachine.outcomes[answer.code] += 1
        if wanted:
            assert answer.code in wanted, (answer.status, answer.code, wanted)
        else:
            assert not answer.code, (answer.status, answer.code)

    @rule(
        path=PATHS,
        is_directory=st.booleans(),
        only_new=st.booleans(),
        given=GIVEN,
        mode=BASE,
        lives=st.sampled_from([None, None, 40]),
    )
    def create(
        self,
        path: str,
        *,
        is_directory: bool,
        only_new: bool,
        given: str | None,
        mode: dict[str, str],
        lives: int | None,
    ) -> None:
        lives = None if is_directory else lives
        answer = self.ask(
            "PUT",
            path,
            f"resource={'directory' if is_directory else 'file'}",
            none_match="*" if only_new else None,
            lease_id=given,
            permissions=octal(mode),
            expiry_option=None if lives is None else "RelativeToNow",
            expiry_time=None if lives is None else str(lives * 1000),
        )
        ends = None if lives is None else self.model.now + lives
        wanted = self.model.create(
            path, is_directory=is_directory, only_new=only_new, given=given, mode=mode, ends=ends
        )
        self.judge(answer, wanted)

    @rule(pick=PICKS, path=PATHS, position=st.integers(0, 12), data=DATA, flush=st.booleans(), given=GIVEN)
    def append(
        self, path: str, pick: int | None, position: int, data: bytes, *, flush: bool, given: str | None
    ) -> None:
        path = self.at(path, pick)
        query = f"action=append&position={position}&flush={str(flush).lower()}"
        answer = self.ask("PATCH", path, query, data, lease_id=given)
        self.judge(answer, self.model.append(path, position, data, flush=flush, given=given))

    @rule(pick=PICKS, path=PATHS, data=DATA)
    def extend(self, path: str, pick: int | None, data: bytes) -> None:
        """Append at the end, as most do."""
        path = self.at(path, pick)
        node = self.model.find(path)
        at = 0 if node is None or node.data is None else len(node.data)
        answer = self.ask("PATCH", path, f"action=append&position={at}&flush=true", data)
        self.judge(answer, self.model.append(path, at, data, flush=True, given=None))

    @rule(pick=PICKS, path=PATHS, position=st.integers(0, 12), retain=st.booleans(), given=GIVEN)
    def flush(self, path: str, pick: int | None, position: int, *, retain: bool, given: str | None) -> None:
        path = self.at(path, pick)
        query = f"action=flush&position={position}&retainUncommittedData={str(retain).lower()}"
        answer = self.ask("PATCH", path, query, lease_id=given)
        self.judge(answer, self.model.flush(path, position, retain=retain, given=given))

    @rule(pick=PICKS, path=PATHS, recursive=st.booleans(), given=GIVEN)
    def delete(self, path: str, pick: int | None, *, recursive: bool, given: str | None) -> None:
        path = self.at(path, pick)
        answer = self.ask("DELETE", path, f"recursive={str(recursive).lower()}", lease_id=given)
        self.judge(answer, self.model.delete(path, recursive=recursive, given=given))

    @rule(
        pick=PICKS,
        source=PATHS,
        to=PATHS,
        mode=st.sampled_from(["", "mode=legacy", "mode=posix"]),
        only_new=st.booleans(),
        given=GIVEN,
        given_source=GIVEN,
    )
    def rename(
        self,
        source: str,
        pick: int | None,
        to: str,
        mode: str,
        *,
        only_new: bool,
        given: str | None,
        given_source: str | None,
    ) -> None:
        source = self.at(source, pick)
        answer = self.ask(
            "PUT",
            to,
            mode,
            rename_source=f"/{self.name}/{quote(source)}",
            none_match="*" if only_new else None,
            lease_id=given,
            source_lease_id=given_source,
        )
        wanted = self.model.rename(source, to, only_new=only_new, given=given, given_source=given_source)
        self.judge(answer, wanted)

    @rule(
        pick=PICKS,
        path=PATHS,
        action=st.sampled_from(["acquire", "acquire", "renew", "change", "release", "break"]),
        given=st.sampled_from(IDS),
        proposed=st.sampled_from(IDS),
        seconds=st.sampled_from([-1, 15, 30, 60]),
    )
    def lease(self, path: str, pick: int | None, action: str, given: str, proposed: str, seconds: int) -> None:
        path = self.at(path, pick)
        period = max(seconds, 0)
        answer = self.ask(
            "POST",
            path,
            lease_action=action,
            lease_id=None if action in {"acquire", "break"} else given,
            proposed_lease_id=proposed if action in {"acquire", "change"} else None,
            lease_duration=str(seconds) if action == "acquire" else None,
            lease_break_period=str(period) if action == "break" else None,
        )
        length = period if action == "break" else seconds
        self.judge(answer, self.model.operate_lease(path, action, given, proposed, length))

    @rule(pick=PICKS, path=PATHS, access=BASE, named=NAMED, defaults=st.booleans(), given=GIVEN)
    def set_list(
        self,
        path: str,
        pick: int | None,
        access: dict[str, str],
        named: dict[str, str],
        *,
        defaults: bool,
        given: str | None,
    ) -> None:
        path = self.at(path, pick)
        entries = {**access, **named}
        text = ",".join(spelled(entries) + (spelled(entries, "default:") if defaults else []))
        answer = self.ask("PATCH", path, "action=setAccessControl", acl=text, lease_id=given)
        self.judge(answer, self.model.set_acl(path, entries, entries if defaults else {}, given=given))

    @rule(pick=PICKS, path=PATHS, mode=BASE, given=GIVEN)
    def set_mode(self, path: str, pick: int | None, mode: dict[str, str], given: str | None) -> None:
        path = self.at(path, pick)
        answer = self.ask("PATCH", path, "action=setAccessControl", permissions=octal(mode), lease_id=given)
        self.judge(answer, self.model.set_mode(path, mode, given=given))

    @rule(
        pick=PICKS,
        path=PATHS,
        how=st.sampled_from(["set", "modify", "remove"]),
        base=BASE,
        some=SOME,
        defaults=st.booleans(),
    )
    def change_tree(
        self, path: str, pick: int | None, how: str, base: dict[str, str], some: dict[str, str], *, defaults: bool
    ) -> None:
        path = self.at(path, pick)
        entries = {**base, **some} if how == "set" else some
        if how == "remove":
            entries = {who: letters for who, letters in some.items() if ":" in who}
        if not entries:
            return
        with_bits = how != "remove"
        text = spelled(entries, with_bits=with_bits)
        text += spelled(entries, "default:", with_bits=with_bits) if defaults else []
        answer = self.ask("PATCH", path, f"action=setAccessControlRecursive&mode={how}", acl=",".join(text))
        wanted = self.model.change_tree(path, entries, entries if defaults else {}, how)
        self.judge(answer, wanted)
        if not wanted:
            counts = orjson.loads(answer.body)
            assert counts["failureCount"] == 0

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))
        self.model.advance(seconds)
        self.world.lake.reclaimer.finish()

    @rule(pick=PICKS, path=PATHS)
    def read(self, path: str, pick: int | None) -> None:
        path = self.at(path, pick)
        node, answer = self.model.find(path), self.ask("GET", path)
        self.judge(answer, {"PathNotFound"} if node is None else set())
        if node is not None:
            assert answer.body == (node.data or b"")
            shown = self.ask("HEAD", path, "action=getAccessControl").headers["x-ms-acl"]
            assert shown.split(",") == spelled(node.access) + spelled(node.default, "default:")

    @rule(
        path=st.one_of(st.just(""), PATHS),
        recursive=st.booleans(),
        size=st.sampled_from([1, 2, 3, 5000]),
        begin=st.sampled_from(["", "", *NAMES]),
    )
    def list(self, path: str, *, recursive: bool, size: int, begin: str = "") -> None:
        node = self.model.find(path)
        query = f"resource=filesystem&recursive={str(recursive).lower()}&directory={quote(path)}&maxResults={size}"
        query += f"&beginFrom={quote(begin)}" if begin else ""
        found, token = [], ""
        while True:
            answer = self.ask("GET", "", query + (f"&continuation={quote(token)}" if token else ""))
            self.judge(answer, {"PathNotFound"} if node is None else set())
            if node is None:
                return
            found += [_row(one) for one in orjson.loads(answer.body)["paths"]]
            if not (token := answer.headers.get("x-ms-continuation", "")):
                break
        nodes = [(path, node)]
        if node.is_directory:
            first = parts(f"{path}/{begin}") if begin else []
            nodes = [one for one in self.model.walk(node, path, recursive=recursive) if parts(one[0]) >= first]
        assert found == [(full, one.is_directory, len(one.data or b""), nine_letters(one)) for full, one in nodes]

    def teardown(self) -> None:
        """Everything as the model says, and nothing left when it is deleted."""
        self.list("", recursive=True, size=5000)
        assert self.ask("DELETE", "", "resource=filesystem").status == 202
        self.world.lake.reclaimer.finish()
        tables = ("contents", "extents", "chunks", "segments", "loose_files", "released_chunks", "released_contents")
        left = {name: self.world.store.db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        assert not any(left.values()), left


def _row(one: dict[str, str]) -> tuple[str, bool, int, str]:
    return (one["name"], one.get("isDirectory") == "true", int(one["contentLength"]), one["permissions"])


TestNamespace = NamespaceMachine.TestCase
TestNamespace.settings = settings(
    max_examples=STEPS // 45,  # some steps only wait, some have nothing to ask
    stateful_step_count=STEPS_EACH,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True, scope="module")
def one_world() -> Iterator[None]:
    """One store for all examples: each has a file system of its own."""
    NamespaceMachine.world = LakeInProcess()
    yield
    outcomes = NamespaceMachine.outcomes
    print(f"\n{outcomes.total()} steps in {NamespaceMachine.made} file systems, {outcomes['']} of them done:", outcomes)
    assert outcomes[""] > 0.2 * outcomes.total(), "the machine mostly knocks at closed doors"
    NamespaceMachine.world.close()
