"""One local Azure in one process: a state folder, its rooms, the gateway before them, and its operator's door."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

import lakeport_local
from lakeport_local.admin import AdminService, Faults, FaultyService, KeyUnknown
from lakeport_local.arm.openapi import describe
from lakeport_local.core import RandomIds, ShiftableClock, iso_instant
from lakeport_local.gateway import Callers, CertificateAuthority, Gateway, Routes
from lakeport_local.serve.durable import DurableService
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.things import things
from lakeport_local.serve.topology import Topology, load
from lakeport_local.serve.trace import Trace, TracedService
from lakeport_local.state import FolderLock, Store, Syncing, holder_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lakeport_local.core import Service
    from lakeport_local.serve.authority import Authority
    from lakeport_local.serve.credentials import Credential

_KEPT = frozenset({"settings", "credentials"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to start.

    Attributes:
        state: The state folder.
        host: Address to bind.
        port: Port to bind; 0 takes a free one.
        topology: What to apply; None: what the folder has, or the built-in topology in a new folder.
        is_memory: Keep the data in memory; the state folder then only says where.
        is_durable: No answer leaves before what it acknowledges is on the disk.
        pass_through: Relay connections to hosts that are not Azure's.
        trace: Where to note the operations that are asked for.
    """

    state: Path
    host: str = "127.0.0.1"
    port: int = 10443
    topology: Topology | None = None
    is_memory: bool = False
    is_durable: bool = False
    pass_through: bool = False
    trace: Path | None = None


class LocalAzure:
    """A local Azure, from the folder up; `serve` runs it until it is told to stop.

    Raises:
        FolderHeld: Another process owns the state folder.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = _memory_lock(options.state) if options.is_memory else None
        self._store = Store(None if options.is_memory else options.state, is_durable=options.is_durable)
        self._ids = RandomIds()
        self._clock = ShiftableClock(timedelta(seconds=float(self._store.setting("clock_offset_s") or 0)))
        self._callers = Callers(self._secret("proxy_secret"))
        self.faults = Faults()
        self._services: dict[str, FaultyService] = {}
        self._port = options.port
        self._rooms = self._open_rooms()
        self._stopping = asyncio.Event()
        self._background: asyncio.Task[None] | None = None

    def _secret(self, name: str) -> bytes:
        """Return a secret of this folder, made the first time."""
        kept = self._store.setting(name) or self._ids.token(32).hex()
        self._store.set_setting(name, kept)
        return bytes.fromhex(kept)

    def _open_rooms(self) -> Rooms:
        rooms = Rooms(self._store, self._clock, self._ids, self._callers)
        for name, service in rooms.services.items():
            if name in self._services:
                self._services[name].service = service
            else:
                self._services[name] = FaultyService(service, self.faults, name)
        return rooms

    def apply(self) -> list[str]:
        """Apply the topology that was given, or in a new folder the built-in one; return what changed."""
        kept = self._store.setting("topology")
        wanted = self._options.topology
        if wanted is None and kept is None:
            wanted = load(None)
        if wanted is None:
            return []
        with self._store.transaction():
            self._store.set_setting("topology", msgspec.json.encode(wanted).decode())
            return provision(self._rooms.stores, wanted.document, wanted.certificates)

    async def serve(self, ready: Callable[[dict[str, Any]], None]) -> None:  # Any: a JSON object
        """Listen, say so, and answer until told to stop.

        Args:
            ready: Called once with the status when connections are accepted.

        Raises:
            OSError: The address cannot be bound.
        """
        trace = Trace(self._options.trace) if self._options.trace is not None else None
        traced = {name: TracedService(one, trace) for name, one in self._services.items()} if trace else self._services
        services: dict[str, Service] = {**traced, "admin": AdminService(self, self._admin_token())}
        authority = CertificateAuthority(self._store.folder)
        gateway = Gateway(
            Routes(self._durable(services)),
            authority,
            callers=self._callers,
            clock=self._clock,
            ids=self._ids,
            pass_through=self._options.pass_through,
        )
        _collect_seldom()
        self._port = await gateway.start(self._options.host, self._options.port)
        self._begin_background()
        try:
            self._announce()
            ready(self.status())
            await self._stopping.wait()
        finally:
            await gateway.close()
            await self._end_background()

    def _durable(self, services: dict[str, Service]) -> dict[str, Service]:
        """Return the services whose answers wait for the disk, where what they acknowledge is to survive a loss of power."""
        if not self._store.is_durable:
            return services
        syncing = Syncing(self._store)
        syncing.sync_now()
        return {name: DurableService(service, syncing) for name, service in services.items()}

    def _begin_background(self) -> None:
        self._background = asyncio.create_task(self._rooms.data_share.run(), name="data share")

    async def _end_background(self) -> None:
        if self._background is not None:
            self._background.cancel()
            await asyncio.gather(self._background, return_exceptions=True)

    def _announce(self) -> None:
        holder = {"pid": os.getpid(), "port": self._port, "folder": str(self._store.folder)}
        self._store.announce(holder)
        if self._lock is not None:
            self._lock.announce(holder)

    def _admin_token(self) -> str:
        token = self._secret("admin_token").hex()
        descriptor = os.open(self._store.folder / "admin-token", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        return token

    def close(self) -> None:
        """Let go of the state folder."""
        self._rooms.stores.lake.contents.loose.close()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    # What the operator may ask: `admin.Operated`.

    @property
    def authority(self) -> Authority:
        """What the operator does at the authority."""
        return self._rooms.authority

    def status(self) -> dict[str, Any]:  # Any: a JSON object
        """Return what is running."""
        return {
            "running": True,
            "url": f"https://127.0.0.1:{self._port}",
            "port": self._port,
            "pid": os.getpid(),
            "state": str(self._options.state),
            "folder": str(self._store.folder),
            "memory": self._options.is_memory,
            "tenants": [tenant.name for tenant in self._rooms.stores.directory.tenants()],
            "services": sorted(self._services),
            "now": iso_instant(self._clock.now()),
            "version": lakeport_local.__version__,
        }

    def stop(self) -> None:
        """Begin to shut down; running requests are finished."""
        self._stopping.set()

    async def reset(self) -> dict[str, Any]:  # Any: a JSON object
        """Go back to the topology: data, resources and the clock; credentials and the CA stay as they are."""
        kept = msgspec.json.decode(self._store.setting("topology") or "", type=Topology)
        self._clock.offset = timedelta()
        self._store.set_setting("clock_offset_s", "0")
        self.faults.clear()
        await self._end_background()
        self._store.wipe(but=_KEPT)
        self._rooms = self._open_rooms()
        provision(self._rooms.stores, kept.document, kept.certificates)
        self._begin_background()
        return self.status()

    def now(self) -> datetime:
        """Return the clock's time."""
        return self._clock.now()

    async def advance(self, by: timedelta) -> None:
        """Move the clock forward; schedules that fall due on the way run at their time, and to their end."""
        await self._rooms.data_share.advance(self._clock.now() + by, self._move_clock)

    def _move_clock(self, to: datetime) -> None:
        self._clock.advance(max(to - self._clock.now(), timedelta()))
        self._store.set_setting("clock_offset_s", str(self._clock.offset.total_seconds()))

    def openapi(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the control plane's description of itself."""
        return describe(self._rooms.plane.entries.providers.values(), version=lakeport_local.__version__)

    def switches(self) -> dict[str, Any]:  # Any: a JSON object
        """Return what is set: how late roles hold, how much the control plane takes, how long tokens are good, where snapshots wait."""
        longest = self._rooms.tokens.longest
        return {
            "role_delay_s": self._rooms.access.role_delay.total_seconds(),
            "throttle_per_minute": self._rooms.plane.throttle.per_minute,
            "token_life_s": None if longest is None else longest.total_seconds(),
            "hold_snapshots_after": self._rooms.data_share.held_after,
        }

    def set_role_delay(self, delay: timedelta) -> None:
        """Let role assignments made from now on hold only after a while, by the clock."""
        self._rooms.access.role_delay = delay

    def set_throttle(self, per_minute: int | None) -> None:
        """Let the control plane take so many calls of a kind a minute from each principal; None: as many as come."""
        self._rooms.plane.throttle.limit(per_minute)

    def hold_snapshots(self, after_files: int | None) -> None:
        """Let every data set of a snapshot copy so many files and then wait; None: all go on."""
        self._rooms.data_share.hold(after_files)

    def set_token_life(self, longest: timedelta | None) -> None:
        """Let tokens issued from now on be good for so long at most; None: as usual."""
        self._rooms.tokens.longest = longest

    def things(self) -> list[dict[str, Any]]:  # Any: JSON objects
        """Return the principals and accounts, without secrets."""
        return things(self._rooms.stores)

    async def credential(self, tenant_id: str, object_id: str) -> dict[str, Any] | None:  # Any: a JSON object
        """Return a principal with its credential; an app's key pair is made when it is asked for the first time."""
        stores = self._rooms.stores
        found = stores.credentials.get(tenant_id, object_id)
        if found is None:
            return None
        document = {
            **msgspec.to_builtins(found),
            "proxy_password": self._callers.token(object_id)
            if found.kind in ("managed_identity", "machine", "user")
            else "",
            "certificate_path": "",
            "federated_token_path": "",
        }
        if found.kind == "app" and not found.client_secret and not found.has_key_pair:
            with suppress(KeyUnknown):
                document["federated_token_path"] = str(self._federated_token(found))
        if found.has_key_pair:
            at = ShiftableClock().now()
            certificate = await asyncio.to_thread(stores.credentials.certificate, found, at)
            app = stores.directory.app(tenant_id, found.client_id)
            if app is not None:
                stores.directory.add_certificate(app, certificate)
            document["certificate_path"] = str(stores.credentials.key_pair_path(found))
        return document

    def _federated_token(self, found: Credential) -> Path:
        """Write the token with which an app signs in, as a cluster mounts it into a pod; return where it lies."""
        token = self.authority.assertion(found.tenant_id, found.object_id)
        path = self._store.folder / "issuers" / f"{found.client_id}.jwt"
        beside = path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token)
        return beside.replace(path)

    def decisions(self, request_id: str) -> list[dict[str, Any]]:  # Any: JSON objects
        """Return the decisions made for a request: those remembered, else the refusals on file."""
        remembered = [decision.as_dict() for decision in self._rooms.log.of(request_id)]
        return remembered or list(_filed(self._store.folder / "refusals.jsonl", request_id))


def _collect_seldom() -> None:
    """Have cyclic garbage looked for less often: requests make next to none, and each look costs as much as many requests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _filed(file: Path, request_id: str) -> list[dict[str, Any]]:  # Any: JSON objects
    """Return the refusals of a request that a file of JSON lines holds."""
    wanted = orjson.dumps(request_id)
    try:
        with file.open("rb") as lines:
            found = [orjson.loads(line) for line in lines if wanted in line]
    except FileNotFoundError:
        return []
    return [one for one in found if one.pop("request_id", None) == request_id]


def _memory_lock(state: Path) -> FolderLock:
    """Own a state folder whose data is in memory; remove what one that was killed has left behind."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    left = _left_behind(state)
    lock = FolderLock(state)
    if left is not None:
        with suppress(OSError):
            shutil.rmtree(left)
    return lock


def _left_behind(state: Path) -> Path | None:
    """Return the temporary folder of a local Azure in memory that died without removing it."""
    if holder_of(state) is not None:
        return None
    try:
        folder = Path(orjson.loads((state / "lock").read_bytes())["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_temporary = folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith("lakeport-local-")
    return folder if is_temporary and not (folder / "state.db").exists() else None
