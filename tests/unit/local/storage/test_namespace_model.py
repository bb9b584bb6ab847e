"""Random operations on the namespace, against the same operations on a dictionary."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lakeport_local.access import Access, DecisionLog
from lakeport_local.core import FixedClock, Headers, MemorySink, Request, SequentialIds, http_date
from lakeport_local.entra import Directory, Tokens
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.storage import Lake, StorageService
from lakeport_local.storage.shared_key import signature, strings_to_sign

KEY = base64.b64encode(bytes(64)).decode()
NAMES = st.lists(st.sampled_from(["a", "b", "a-b", "a.", "\u00e4", "A"]), min_size=1, max_size=3).map("/".join)


class NamespaceMachine(RuleBasedStateMachine):
    """The dfs API on one side; on the other a dictionary from path to bytes, or None for a directory."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(None)
        resources, ids = Resources(self.store), SequentialIds()
        self.clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
        resources.put(
            Resource(
                "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/lake1",
                "Microsoft.Storage/storageAccounts",
                "lake1",
                internal={"keys": [KEY, KEY], "tenant_id": "t"},
            )
        )
        directory = Directory(self.store, ids, self.clock)
        self.lake = Lake(self.store, resources, ids, self.clock)
        access = Access(resources, DecisionLog())
        self.service = StorageService(self.lake, access, Tokens(directory, self.store, ids, self.clock), directory)
        self.model: dict[str, bytes | None] = {}
        assert self.call("PUT", "", "resource=filesystem")[0] == 201

    def call(self, method: str, path: str, query: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        raw = f"/lake1/data/{quote(path)}" if path else "/lake1/data"
        fields = [("x-ms-date", http_date(self.clock.now())), ("content-length", str(len(body)))]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        sink = MemorySink()
        sink.write(body)
        request = Request(
            method, "http", "127.0.0.1", 1, raw, query, Headers(fields), "127.0.0.1", None, "r", self.clock.now(), sink
        )
        request.explicit = True
        signed = signature(KEY, next(strings_to_sign(request, "lake1")))
        request.headers = Headers([*fields, ("authorization", f"SharedKey lake1:{signed}")])
        response = self.service.handle(request)
        answer = response.body
        if isinstance(answer, bytes):
            return response.status, answer
        data = b"".join(iter(lambda: answer.read(1 << 20), b""))
        answer.close()
        return response.status, data

    def blocked(self, path: str) -> bool:
        """Tell whether a file stands where a parent should."""
        parts = path.split("/")
        return any(self.model.get("/".join(parts[:level])) is not None for level in range(1, len(parts)))

    def add_parents(self, path: str) -> None:
        parts = path.split("/")
        for level in range(1, len(parts)):
            self.model.setdefault("/".join(parts[:level]), None)

    def below(self, path: str) -> list[str]:
        return [name for name in self.model if name.startswith(f"{path}/")]

    def is_directory(self, path: str) -> bool:
        return path in self.model and self.model[path] is None

    @rule(path=NAMES, data=st.binary(max_size=200))
    def write(self, path: str, data: bytes) -> None:
        status, _ = self.call("PUT", path, "resource=file")
        if self.blocked(path) or self.is_directory(path):
            assert status == 409
            return
        assert status == 201
        if data:
            half = len(data) // 2
            for start, part in ((half, data[half:]), (0, data[:half])):
                if part:
                    assert self.call("PATCH", path, f"action=append&position={start}", part)[0] == 202
        assert self.call("PATCH", path, f"action=flush&position={len(data)}")[0] == 200
        self.add_parents(path)
        self.model[path] = data

    @rule(path=NAMES)
    def make_directory(self, path: str) -> None:
        status, _ = self.call("PUT", path, "resource=directory")
        if self.blocked(path) or (path in self.model and not self.is_directory(path)):
            assert status == 409
        else:
            assert status == 201
            self.add_parents(path)
            self.model.setdefault(path, None)

    @rule(path=NAMES, more=st.binary(min_size=1, max_size=50))
    def grow(self, path: str, more: bytes) -> None:
        old = self.model.get(path)
        length = len(old or b"")
        status, _ = self.call("PATCH", path, f"action=append&position={length}&flush=true", more)
        assert status == (404 if path not in self.model else 409 if old is None else 202)
        if old is not None:
            self.model[path] = old + more

    @rule(path=NAMES, recursive=st.booleans())
    def delete(self, path: str, *, recursive: bool) -> None:
        status, _ = self.call("DELETE", path, f"recursive={str(recursive).lower()}")
        if path not in self.model:
            assert status == 404
        elif self.below(path) and not recursive:
            assert status == 409
        else:
            assert status == 200
            for name in [path, *self.below(path)]:
                del self.model[name]

    @rule(source=NAMES, to=NAMES)
    def rename(self, source: str, to: str) -> None:
        target = to
        status, _ = self.call("PUT", target, "mode=legacy", x_ms_rename_source=f"/data/{quote(source)}")
        if source not in self.model:
            assert status == 404
            return
        if target == source or target.startswith(f"{source}/"):
            assert status == 409
            return
        parent = target.rpartition("/")[0]
        if parent and not self.is_directory(parent):
            assert status in {404, 409}
            return
        if target in self.model and self.is_directory(target) != self.is_directory(source):
            assert status == 409
            return
        if self.below(target):
            target = f"{target}/{source.rpartition('/')[2]}"
            if target in self.model:
                assert status == 409
                return
        assert status == 201
        moved = {name: self.model.pop(name) for name in [source, *self.below(source)]}
        self.model |= {target + name.removeprefix(source): value for name, value in moved.items()}

    @rule()
    def collect(self) -> None:
        self.lake.reclaimer.finish()

    @precondition(lambda self: self.model)
    @rule(data=st.data(), size=st.integers(1, 5))
    def page_through(self, data: st.DataObject, size: int) -> None:
        """Pages from any point give the rest of the listing, in order."""
        names = sorted(self.model, key=lambda name: [part.encode() for part in name.split("/")])
        after = data.draw(st.sampled_from(names))
        _, body = self.call("GET", "", f"resource=filesystem&recursive=true&beginFrom={quote(after)}&maxResults={size}")
        found = [one["name"] for one in orjson.loads(body)["paths"]]
        assert found == names[names.index(after) :][:size]

    @invariant()
    def listing_and_bytes_agree(self) -> None:
        _, body = self.call("GET", "", "resource=filesystem&recursive=true")
        rows = orjson.loads(body)["paths"]
        found = {one["name"]: one.get("isDirectory") == "true" for one in rows}
        assert found == {name: value is None for name, value in self.model.items()}
        assert list(found) == sorted(found, key=lambda name: [part.encode() for part in name.split("/")])
        for name, value in self.model.items():
            if value is not None:
                assert self.call("GET", name, "") == (200, value)

    def teardown(self) -> None:
        """Everything deleted, nothing is left."""
        for name in list(self.model):
            if "/" not in name:
                assert self.call("DELETE", name, "recursive=true")[0] == 200
        self.lake.reclaimer.finish()
        tables = ("contents", "extents", "chunks", "segments", "loose_files", "released_chunks", "released_contents")
        left = [self.store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        self.store.close()
        assert left == [0] * len(tables)


TestNamespace = NamespaceMachine.TestCase
TestNamespace.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
