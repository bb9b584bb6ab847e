"""One storage account, asked: let in, tried again when it passes, refused as our own errors.

Source: Blob service REST reference, "Status and error codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from lakeport.clock import SystemClock
from lakeport.errors import LakeportError, Transient, Unreachable, absent, class_of
from lakeport.identity.refusals import of_another_tenant
from lakeport.storage.opening import Asked, opener
from lakeport.storage.reaching import way
from lakeport.storage.retrying import DAMAGED, PASSING, Patience, rest
from lakeport.storage.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential

    from lakeport.clock import Clock
    from lakeport.profiles import Profile
    from lakeport.storage.opening import Opener
    from lakeport.storage.reaching import Way
    from lakeport.storage.wire import Reply

Data = bytes | bytearray | memoryview


class Account:
    """One storage account, through connections of its own. Not thread-safe: a thread takes a `twin`.

    Args:
        profile: Who asks.
        name: The account's name.
        credential: What signs in; absent: the profile.
        clock: By which it waits.
        patience: How often what passes is tried again.
        opened: What lets requests in, where that is known.
        ways: To its blobs and to its paths, where they are known.
    """

    def __init__(
        self,
        profile: Profile,
        name: str,
        *,
        credential: TokenCredential | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        opened: Opener | None = None,
        ways: tuple[Way, Way] | None = None,
    ) -> None:
        self.profile = profile
        self.name = name
        self._opener = opened or opener(profile, name, credential)
        self.clock = clock or SystemClock()
        self._patience = patience or Patience()
        cloud = profile.cloud
        stall = self._patience.stall.total_seconds()
        to_blobs, to_paths = ways or (way(cloud, cloud.blob_url(name)), way(cloud, cloud.account_url(name)))
        self._blob = Wire(to_blobs, stall)
        self._dfs = Wire(to_paths, stall)
        self._is_interrupted = False

    def twin(self, *, clock: Clock | None = None, patience: Patience | None = None) -> Account:
        """Return the same account through other connections.

        Args:
            clock: By which it waits; absent: this one's.
            patience: How often what passes is tried again; absent: this one's.
        """
        return Account(
            self.profile,
            self.name,
            clock=clock or self.clock,
            patience=patience or self._patience,
            opened=self._opener,
            ways=(self._blob.way, self._dfs.way),
        )

    def close(self) -> None:
        """Close the connections; the next request opens others."""
        self._blob.close()
        self._dfs.close()

    def interrupt(self) -> None:
        """Let whatever another thread asks end now, and fail; nothing can be asked any more."""
        self._is_interrupted = True
        self._blob.interrupt()
        self._dfs.interrupt()

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: Data = b"",
        *,
        into: memoryview | None = None,
        dfs: bool = False,
    ) -> tuple[Reply, memoryview]:
        """Send a request, again where that helps, and return the good answer with its body.

        Args:
            method: The method.
            target: Path and query, encoded, beginning with the file system.
            headers: Without those that every request has.
            body: What is sent.
            into: Where the body of a good answer goes, if it fits.
            dfs: Of the Data Lake API, not the Blob API.

        Raises:
            LakeportError: It was refused, or nothing answers.
        """
        wire, tried, has_renewed = (self._dfs if dfs else self._blob), 0, False
        asked = Asked(method, wire.way.base + target, headers or {}, len(body))
        while True:
            if self._is_interrupted:
                raise Unreachable(f"{self.name}: interrupted")
            tried += 1
            try:
                address, opened = self._opener.open(asked)
                reply, data = wire.ask(method, address, opened, body, into)
            except Transient:  # of the service, or of who signs in
                if tried >= self._patience.tries:
                    raise
                self._rest(tried, {})
                continue
            if reply.status < 300:
                return reply, data
            is_passing = reply.status in PASSING or reply.headers.get("x-ms-error-code") in DAMAGED
            if is_passing and tried < self._patience.tries:
                self._rest(tried, reply.headers)
                continue
            if reply.status in {401, 403} and not has_renewed:
                has_renewed = True
                if self._opener.renewed(reply.status, address, opened):
                    continue
            elsewhere = of_another_tenant(self.profile, reply.headers.get("www-authenticate", ""))
            if reply.status == 401 and elsewhere:
                raise elsewhere
            raise refusal(reply, data, method, f"{_asked_for(target)} in {self.name}")

    def _rest(self, tried: int, headers: Mapping[str, str]) -> None:
        rest(self._patience.pause(tried, headers), self.clock, lambda: self._is_interrupted)


def _asked_for(target: str) -> str:
    """Return the path that a request is about; a list names its directory in the query."""
    path, _, query = target.partition("?")
    below = next((one.partition("=")[2] for one in query.split("&") if one.startswith("directory=")), "")
    return unquote(f"{path.strip('/')}/{below}".rstrip("/"))


def refusal(reply: Reply, data: memoryview, method: str, about: str) -> LakeportError:
    """Return the error that an answer is."""
    code = reply.headers.get("x-ms-error-code", "")
    text = bytes(data[:4000]).decode("utf-8", "replace")
    said = text.partition("<Message>")[2].partition("\n")[0] or text.partition('"message":"')[2].partition("\\n")[0]
    message = absent(code, about) or f"{method} {about}: {said or code or reply.status}"
    return class_of(code, reply.status)(
        message, code=code, status=reply.status, request_id=reply.headers.get("x-ms-request-id", "")
    )
