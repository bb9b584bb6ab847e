"""One storage account, asked: let in, tried again when it passes, refused as our own errors.

Source: Blob service REST reference, "Status and error codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.clock import SystemClock
from lakeport.errors import LakeportError, Unreachable, class_of
from lakeport.storage.opening import Asked, opener
from lakeport.storage.reaching import way
from lakeport.storage.retrying import PASSING, Patience
from lakeport.storage.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential

    from lakeport.clock import Clock
    from lakeport.profiles import Profile
    from lakeport.storage.opening import Opener
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
    ) -> None:
        self.profile = profile
        self.name = name
        self._opener = opened or opener(profile, name, credential)
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        cloud = profile.cloud
        self._blob = Wire(way(cloud, cloud.blob_url(name)))
        self._dfs = Wire(way(cloud, cloud.account_url(name)))

    def twin(self, *, clock: Clock | None = None, patience: Patience | None = None) -> Account:
        """Return the same account through other connections."""
        return Account(
            self.profile,
            self.name,
            clock=clock or self._clock,
            patience=patience or self._patience,
            opened=self._opener,
        )

    def close(self) -> None:
        """Close the connections; the next request opens others."""
        self._blob.close()
        self._dfs.close()

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
            address, opened = self._opener.open(asked)
            tried += 1
            try:
                reply, data = wire.ask(method, address, opened, body, into)
            except Unreachable:
                if tried >= self._patience.tries:
                    raise
                self._clock.sleep(self._patience.pause(tried, {}))
                continue
            if reply.status < 300:
                return reply, data
            if reply.status in PASSING and tried < self._patience.tries:
                self._clock.sleep(self._patience.pause(tried, reply.headers))
                continue
            if reply.status in {401, 403} and not has_renewed:
                has_renewed = True
                if self._opener.renewed(reply.status, address, opened):
                    continue
            raise refusal(reply, data, f"{method} {target.partition('?')[0].lstrip('/')} in {self.name}")


def refusal(reply: Reply, data: memoryview, about: str) -> LakeportError:
    """Return the error that an answer is."""
    code = reply.headers.get("x-ms-error-code", "")
    text = bytes(data[:4000]).decode("utf-8", "replace")
    said = text.partition("<Message>")[2].partition("\n")[0] or text.partition('"message":"')[2].partition("\\n")[0]
    message = f"{about}: {said or code or reply.status}"
    return class_of(code, reply.status)(
        message, code=code, status=reply.status, request_id=reply.headers.get("x-ms-request-id", "")
    )
