"""One token per principal and audience, however many engines, threads and processes ask for it.

Tokens are kept in memory and, for the other processes of this user, in a folder that only this user can read. What is
kept there is an access token and when it ends: no secret, no key, no refresh token. `LAKEPORT_TOKEN_CACHE` names another
folder; `off` keeps them in memory alone. The name of a file is a digest of all that the principal signs in with, so that a wrong secret
never finds the token of the right one, nor a local Azure one of the cloud.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from lakeport.clock import SystemClock
from lakeport.errors import Throttled
from lakeport.identity.certificates import container
from lakeport.profiles import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.clock import Clock
    from lakeport.clouds import Cloud
    from lakeport.profiles import Profile

EARLY = timedelta(minutes=5)
"""How long before its end a token is no longer handed out."""
WAY = ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE")
PAUSE = timedelta(seconds=30)
"""How long nobody asks again after a refusal for too many requests."""


class Held(msgspec.Struct, frozen=True):
    """A token, as it is kept.

    Attributes:
        expires_on: Unix seconds.
        refresh_on: Unix seconds from which on the issuer wishes to be asked again, or `None`.
    """

    token: str
    expires_on: int
    refresh_on: int | None = None


class Broker:
    """Hands out tokens; asks for one when none is good.

    Args:
        folder: Where processes share them; `None`: nowhere.
    """

    def __init__(self, folder: Path | None, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or SystemClock()
        self._held: dict[str, Held] = {}
        self._paused: dict[str, datetime] = {}
        self._keys: defaultdict[str, set[str]] = defaultdict(set)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def token(self, principal: str, audience: str, ask: Callable[[], Held]) -> Held:
        """Return a token that is good for five minutes at least, asking for one only if nobody has.

        Args:
            principal: A digest of who signs in, and with what.
            audience: What for.
            ask: Asks the issuer.

        Raises:
            Throttled: The issuer asked for a pause, which is not over.
            LakeportError: Whatever `ask` raises.
        """
        key = hashlib.sha256(f"{principal}\n{audience}".encode()).hexdigest()
        self._keys[principal].add(key)
        found = self._good(self._held.get(key))
        if found is not None:
            return found
        with self._locks[key], self._alone(key):
            found = self._good(self._held.get(key)) or self._good(self._read(key))
            if found is None:
                found = self._asked(key, ask)
                self._write(key, found)
            self._held[key] = found
            return found

    def drop(self, principal: str, audience: str, refused: str) -> None:
        """Hand out a token no longer, because a service refused it.

        Args:
            principal: As in `token`.
            audience: As in `token`.
            refused: The token; one that was asked for since then stays.
        """
        key = hashlib.sha256(f"{principal}\n{audience}".encode()).hexdigest()
        with self._locks[key], self._alone(key):
            held, kept = self._held.get(key), self._read(key)
            if held is not None and held.token == refused:
                del self._held[key]
            if self._folder is not None and kept is not None and kept.token == refused:
                (self._folder / key).unlink(missing_ok=True)

    def forget(self, principal: str) -> None:
        """Hand out none of a principal's tokens any more: another person has signed in as it."""
        for key in tuple(self._keys[principal]):
            with self._locks[key], self._alone(key):
                self._held.pop(key, None)
                if self._folder is not None:
                    (self._folder / key).unlink(missing_ok=True)

    def _asked(self, key: str, ask: Callable[[], Held]) -> Held:
        seconds = (self._paused_until(key) - self._clock.now()).total_seconds()
        if 0 < seconds <= PAUSE.total_seconds():  # more is of a clock that was set back
            raise Throttled(f"sign-in was asked to pause; {seconds:.0f} seconds are left", hint="Next: wait for it")
        try:
            return ask()
        except Throttled:
            self._paused[key] = self._clock.now() + PAUSE
            self._keep(f"{key}.paused", self._paused[key].isoformat().encode())
            raise

    def _paused_until(self, key: str) -> datetime:
        """Return until when nobody asks, in this process or another."""
        own = self._paused.get(key, datetime.min.replace(tzinfo=UTC))
        try:
            return max(own, datetime.fromisoformat(self._kept(f"{key}.paused").decode()))
        except (OSError, ValueError, TypeError):  # nobody was asked to pause, or it is garbage
            return own

    def _good(self, held: Held | None) -> Held | None:
        if held is None:
            return None
        now = self._clock.now().timestamp()
        renew_at = min(held.refresh_on or held.expires_on, held.expires_on - int(EARLY.total_seconds()))
        return held if now < renew_at else None

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Keep the other processes from asking for the same token meanwhile."""
        if self._folder is None:
            yield
            return
        import fcntl  # noqa: PLC0415  (where there is no such module, nothing is shared)

        try:
            file = (self._folder / f"{key}.lock").open("w")
        except OSError:  # another user's, the folder is gone, the disk is full: it costs a request
            yield
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self, key: str) -> Held | None:
        if self._folder is None:
            return None
        try:
            return msgspec.json.decode(self._kept(key), type=Held)
        except (OSError, msgspec.MsgspecError):
            return None

    def _kept(self, name: str) -> bytes:
        """Return what a file holds that this user wrote, and nobody else could.

        Raises:
            OSError: There is none, or it is another's or open to others.
        """
        if self._folder is None:
            raise FileNotFoundError(name)
        with (self._folder / name).open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError(name)
            return file.read()

    def _write(self, key: str, held: Held) -> None:
        self._keep(key, msgspec.json.encode(held))

    def _keep(self, name: str, content: bytes) -> None:
        if self._folder is None:
            return
        beside = self._folder / f"{name}.new"
        with contextlib.suppress(OSError):  # a full disk costs the others a request
            beside.unlink(missing_ok=True)  # of whoever was killed, with whatever rights
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
                file.write(content)
            beside.replace(self._folder / name)


def shared_folder() -> Path | None:
    """Return the folder through which this user's processes share tokens; `None` where they do not."""
    named = os.environ.get("LAKEPORT_TOKEN_CACHE", "")
    if os.name != "posix" or named.lower() == "off":
        return None
    folder = Path(named).expanduser() if named else platformdirs.user_cache_path("lakeport") / "tokens"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        _sweep(folder)
    except OSError:
        return None  # a read-only home: every process asks for itself
    return folder


def _sweep(folder: Path) -> None:
    """Remove what ended long ago."""
    limit = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for file in folder.iterdir():
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < limit:
                file.unlink()


@cache
def shared() -> Broker:
    """Return this process's broker of tokens that the user's other processes may have, too."""
    return Broker(shared_folder())


@cache
def private() -> Broker:
    """Return this process's broker of tokens that are its own."""
    return Broker(None)


def is_private(cloud: Cloud) -> bool:
    """Tell if tokens of a cloud stay in this process: a local Azure's clock is moved, and its tokens cost nothing."""
    return cloud.name == "local" and not os.environ.get("LAKEPORT_TOKEN_CACHE")


def principal_of(profile: Profile) -> str:
    """Return a digest of all that a profile signs in with, and where.

    Raises:
        BadProfile: A secret or certificate of it cannot be read.
    """
    cloud = profile.cloud
    parts = [cloud.authority, cloud.proxy, cloud.ca_bundle, profile.credential]
    parts += [os.environ.get(name, "") for name in WAY]  # another way may end at another cloud
    for key in sorted(key for key in profile.values if KEYS[key].identity):
        parts += [key, _material(profile, key)]
    if profile.credential == "client_certificate":
        found = container(profile)
        parts += [found.content.hex(), found.password]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def _material(profile: Profile, key: str) -> str:
    secret = profile.secret(key) if KEYS[key].secret else None
    if secret is None:
        return profile.text(key)
    return secret.key_vault or secret.reveal()
