"""Transfers under random faults: each must end complete and right, or say that it failed and be completed by a resume.

Everything is chosen by a seed: what is moved, by whom, with how many workers, what goes wrong and where. Used by tests and benchmarks.
"""

from __future__ import annotations

import base64
import http.client
import os
import random
import resource
import threading
from collections import Counter
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from azure.storage.blob import AccountSasPermissions, ResourceTypes, Services, generate_account_sas
from tests.trouble import Trouble

from lakeport import parse_url, transfer
from lakeport.errors import LakeportError
from lakeport.profiles import local
from lakeport.storage.retrying import Patience
from lakeport.transfer import Rules, disk, journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.azure import LocalAzure

    from lakeport.lake import LakeUrl

KEY = base64.b64encode(bytes(range(64))).decode()
_ACCOUNT = """
[[tenants.subscriptions.resource_groups.storage_accounts]]
name = "{0}"
key = "{1}"
file_systems = ["data"]
[[tenants.role_assignments]]
principal = "mover"
role = "Storage Blob Data Owner"
scope = "/subscriptions/main/resourceGroups/lakes/providers/Microsoft.Storage/storageAccounts/{0}"
"""
_ACCOUNTS = ("lake1", "lake2")
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
[[tenants.apps]]
name = "mover"
[[tenants.subscriptions]]
name = "main"
[[tenants.subscriptions.resource_groups]]
name = "lakes"
location = "westeurope"
{"".join(_ACCOUNT.format(name, KEY) for name in _ACCOUNTS)}
"""
PROFILES = """
[profiles.key]
cloud = "local"
account_key = {env = "STORM_KEY"}
[profiles.sas]
cloud = "local"
sas = {env = "STORM_SAS"}
"""
WAYS = ("up", "down", "across", "sync-up", "sync-down", "sync-across")
WHO = ("local:mover", "key", "sas")
SMALL = (0, 1, 700, 20_000)
LARGE = ((4 << 20) - 1, (4 << 20) + 1, 9 << 20)
SOON = Patience(tries=4, first=timedelta(milliseconds=1), stall=timedelta(seconds=0.4))
CALM = Patience()
LONGEST_S = 120.0
_OFTEN = ("429", "500", "503", "reset", "reset-request", "reset-answer", "reset-body", "truncate", "corrupt")
_SELDOM = ("corrupt-request", "expired", "slow", "slow-body", "stall-body", "timeout")


@dataclass
class Tally:
    """What became of the transfers.

    Attributes:
        ends: How many ended how at first: `complete`, `failed`, `stopped`, `refused` before they began.
        struck: How many requests each fault struck; `full disk` and `moved clock` beside them.
        wrong: What must not be.
    """

    ends: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Storm:
    """A local Azure and a machine in bad weather.

    Args:
        azure: One of `TOPOLOGY`, that nobody else uses.
        folder: An empty folder; its `config` and `state` are where profiles and journals must be looked for.
        seed: Of everything.
    """

    def __init__(self, azure: LocalAzure, folder: Path, seed: int) -> None:
        self._azure = azure
        self._folder = folder
        self._seed = seed
        self._trouble = Trouble(azure)
        self.tally = Tally()
        self._sas = {name: _sas_of(name) for name in _ACCOUNTS}
        (folder / "config" / "lakeport").mkdir(parents=True)
        (folder / "config" / "lakeport" / "profiles.toml").write_text(PROFILES)

    def environment(self) -> dict[str, str]:
        """Return the variables under which `run` must be called."""
        return {
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_STATE_HOME": str(self._folder / "state"),
            "LAKEPORT_LOCAL_STATE": str(self._azure.state),
            "STORM_KEY": KEY,
            "STORM_SAS": self._sas["lake1"],
        }

    def run(self, count: int) -> Tally:
        """Run so many transfers, one after the other."""
        local.forget()
        for number in range(count):
            one = _Transfer(self._folder / f"t{number}", number, random.Random(self._seed * 10_007 + number), self)
            thread = threading.Thread(target=self._guarded, args=(one,), daemon=True)
            thread.start()
            thread.join(LONGEST_S)
            if thread.is_alive():
                self.tally.wrong.append(f"{one}: hangs")
                break
        return self.tally

    def _guarded(self, one: _Transfer) -> None:
        try:
            one.run()
        except Exception as error:  # noqa: BLE001  (whatever it is, it is wrong)
            self.tally.wrong.append(f"{one}: {type(error).__name__}: {error}")
        finally:
            self._trouble.clear()

    # What a transfer asks of its world.

    def ask(self, method: str, account: str, path: str, query: str = "", body: bytes = b"") -> tuple[int, bytes]:
        """Return what storage answers, beside all faults."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._azure.port, timeout=30)) as connection:
            headers = {"x-ms-version": "2023-11-03", "x-ms-blob-type": "BlockBlob"}
            connection.request(method, f"/{account}/data{quote(path)}?{query}&{self._sas[account]}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def listed(self, account: str, prefix: str) -> tuple[dict[str, bytes], set[str]]:
        """Return the files below a prefix with their bytes, and the names of those of which there are blocks alone."""
        query = f"restype=container&comp=list&include=uncommittedblobs,metadata&prefix={prefix}"
        _, body = self.ask("GET", account, "", query)
        files, blocks = {}, set()
        for blob in ET.fromstring(body.lstrip(b"\xef\xbb\xbf")).iter("Blob"):
            name = blob.findtext("Name", "")
            if blob.findtext(".//hdi_isfolder") == "true" or blob.findtext(".//ResourceType") == "directory":
                continue
            status, data = self.ask("GET", account, f"/{name}")
            if status == 200:
                files[name] = data
            else:
                blocks.add(name)
        return files, blocks

    def weather(self, chance: random.Random, number: int) -> None:
        """Set this transfer's faults."""
        kinds = chance.sample(_OFTEN, chance.randint(1, 3)) + (
            chance.sample(_SELDOM, 1) if chance.random() < 0.4 else []
        )
        for kind in kinds:
            is_slow = kind in {"stall-body", "timeout"}
            self._trouble.add(
                kind,
                service="storage",
                host="*.core.windows.net",
                probability=chance.choice((0.03, 0.1, 0.3)),
                seed=number,
                count=1 if is_slow else 0,
                delay_s=3600 if is_slow else 0.02,
                bytes_per_second=100 << 20,
                retry_after_s=0,
            )
        if chance.random() < 0.2:  # no weather: it does not pass
            methods = {
                "PUT": chance.choice(("503", "reset", "corrupt-request")),
                "GET": chance.choice(("500", "corrupt", "truncate")),
            }
            method = chance.choice(sorted(methods))
            skip = chance.randint(0, 6)
            self._trouble.add(
                methods[method], service="storage", host="*.blob.*", method=method, count=0, skip=skip, retry_after_s=0
            )

    def calm(self) -> None:
        """Let all pass, and count what struck."""
        self.tally.struck.update(self._trouble.struck())
        self._trouble.clear()

    def move_clock(self) -> None:
        """Let every token end, and the first requests for another fail."""
        self.tally.struck["moved clock"] += 1
        self._trouble.add("503", service="entra", count=2, retry_after_s=0)
        self._trouble.advance(2 * 3600)


def _sas_of(account: str) -> str:
    rights = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True)
    end = datetime(2099, 1, 1, tzinfo=UTC)
    return generate_account_sas(
        account,
        KEY,
        ResourceTypes(service=True, container=True, object=True),
        rights,
        end,
        services=Services(blob=True),
    )


def _said(error: LakeportError) -> str:
    said = str(error)
    assert said, "it does not say why"
    return said


class _Transfer:
    """One transfer: what it moves, what it must come to.

    Args:
        here: A folder of its own.
        number: Which.
        chance: Of everything.
        storm: Its world.
    """

    def __init__(self, here: Path, number: int, chance: random.Random, storm: Storm) -> None:
        self._number = number
        self._chance = chance
        self._storm = storm
        self._patience = SOON
        self._tally = storm.tally
        self._way = WAYS[number % len(WAYS)]
        self._who = WHO[number // len(WAYS) % len(WHO)] if "across" not in self._way else "local:mover"
        self._workers = chance.choice((1, 2, 4))
        names = [f"f{at}" if at % 2 else f"deep/er {at}/f#{at}" for at in range(chance.randint(1, 5))]
        large = chance.random() < 0.3
        sizes = [chance.choice(LARGE if large and not at else SMALL) for at in range(len(names))]
        self._new = {name: chance.randbytes(size) for name, size in zip(names, sizes, strict=True)}
        self._old = {name: b"old" for name in names if chance.random() < 0.3}
        self._source, self._target = here / "source", here / "target"
        self._fills_disk = large and self._way.endswith("down") and chance.random() < 0.4
        self._moves_clock = self._who == "local:mover" and chance.random() < 0.15
        self._stops_after = chance.randint(1, 4) if chance.random() < 0.15 else 0
        self._told = 0

    def __str__(self) -> str:
        sizes = [len(data) for data in self._new.values()]
        return f"transfer {self._number} ({self._way} as {self._who}, {self._workers} workers, files of {sizes} bytes)"

    def run(self) -> None:
        """Set it up, run it in the storm, complete it in the calm, and look at what came of it."""
        self._prepare()
        self._storm.weather(self._chance, self._number)
        if self._moves_clock:
            self._storm.move_clock()
        decided = self._decided()
        if isinstance(decided, str):
            self._tally.ends["refused"] += 1
            self._look(is_over=False)
            self._calm()
            decided = self._decided()
            assert not isinstance(decided, str), f"it is refused in the calm: {decided}"
            end = self._attempt(decided)
        else:
            with self._no_room() if self._fills_disk else nullcontext():
                end = self._attempt(decided, stops=True)
            self._tally.ends[end] += 1
            self._look(is_over=end == "complete")
            if end != "complete" and self._chance.random() < 0.5:  # gone on with while it storms
                end = self._resumed(decided)
                self._look(is_over=end == "complete")
            self._calm()
        if end != "complete":
            end = self._resumed(decided)
        assert end == "complete", (
            f"it cannot be completed in the calm: {journal.read(decided.header.transfer)[2].failed or end}"
        )
        self._look(is_over=True)
        assert journal.read(decided.header.transfer)[2].ended == "complete"

    def _calm(self) -> None:
        self._storm.calm()
        self._patience = CALM  # a busy machine is no weather

    def _prepare(self) -> None:
        for name, data in self._new.items():
            self._put(self._source_of(), f"source/{name}", data)
        for name, data in self._old.items():
            self._put(self._target_of(), f"target/{name}", data)
        if self._way.startswith("sync"):
            self._put(self._target_of(), "target/gone", b"gone")
        self._target.mkdir(parents=True, exist_ok=True)

    def _source_of(self) -> str:
        return "" if self._way.endswith("up") else "lake1"

    def _target_of(self) -> str:
        if self._way.endswith("down"):
            return ""
        return "lake1" if self._way.endswith("up") else _ACCOUNTS[self._number // len(WAYS) % 2]

    def _put(self, account: str, name: str, data: bytes) -> None:
        if account:
            status, said = self._storm.ask("PUT", account, f"/t{self._number}/{name}", body=data)
            assert status == 201, said
            return
        path = self._source.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (2_000_000_000, 2_000_000_000) if name.startswith("source") else (1_000_000_000, 1_000_000_000))

    def _place(self, account: str, name: str) -> Path | LakeUrl:
        if not account:
            return self._source.parent / name
        return parse_url(f"abfss://data@{account}.dfs.core.windows.net/t{self._number}/{name}")

    def _decided(self) -> transfer.Transfer | str:
        """Return the transfer, or why there is none."""
        source, target = self._place(self._source_of(), "source"), self._place(self._target_of(), "target")
        try:
            if self._way.startswith("sync"):
                return transfer.sync(source, target, Rules(deletes=True), profile=self._who, patience=self._patience)
            return transfer.copy(source, target, recursive=True, profile=self._who, patience=self._patience)
        except LakeportError as error:
            return _said(error)

    def _attempt(self, decided: transfer.Transfer, *, stops: bool = False) -> str:
        """Run it once; return how it ended."""

        def told(*_: object) -> None:
            self._told += 1
            if stops and self._told == self._stops_after:
                raise KeyboardInterrupt

        try:
            outcome = decided.run(workers=self._workers, patience=self._patience, told=told)
        except KeyboardInterrupt:
            return "stopped"
        except LakeportError as error:
            return "failed" if _said(error) else "silent"
        assert all(outcome.failures.values()), "it does not say why"
        assert journal.read(decided.header.transfer)[2].ended == ("failed" if outcome.failures else "complete")
        return "failed" if outcome.failures else "complete"

    def _resumed(self, decided: transfer.Transfer) -> str:
        try:
            again = transfer.resume(decided.header.transfer, patience=self._patience)
        except LakeportError:
            return "failed"
        return self._attempt(again)

    def _look(self, *, is_over: bool) -> None:
        """Require that what is visible at the target is right, and that nothing else is."""
        files, parts = self._there()
        strangers = set(files) - set(self._new) - ({"gone"} if self._way.startswith("sync") else set())
        assert not strangers, f"strangers: {strangers}"
        for name, data in self._new.items():
            allowed = [data] if is_over else [data, self._old.get(name)]
            assert files.get(name) in allowed, f"{name} is wrong: {len(files.get(name) or b'')} of {len(data)} bytes"
        if is_over:
            assert "gone" not in files, "what was to be deleted is there"
            assert not parts, f"left over: {parts}"

    def _there(self) -> tuple[dict[str, bytes], set[str]]:
        account, prefix = self._target_of(), f"t{self._number}/target/"
        if account:
            files, parts = self._storm.listed(account, prefix)
            return {name.removeprefix(prefix): data for name, data in files.items()}, parts
        found = {str(path.relative_to(self._target)): path for path in self._target.rglob("*") if path.is_file()}
        parts = {name for name in found if name.endswith(disk.ASIDE)}
        return {name: path.read_bytes() for name, path in found.items() if name not in parts}, parts

    @contextmanager
    def _no_room(self) -> Iterator[None]:
        """Let this process write no file beyond 2 MB."""
        self._tally.struck["full disk"] += 1
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))  # Python ignores SIGXFSZ: an error it is
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
