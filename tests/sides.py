"""Both sides of sharing in a test's own process: applied, watched request by request, and killed in between."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport.share import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from lakeport.share import Consumer, Provider, Step
    from lakeport.share.apply import Applied

READS = frozenset({"GET", "HEAD"})
READ_BY_POST = ("/list", "/getMember")


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Wire:
    """What azure-core's clients of this process send.

    Attributes:
        requests: How many requests have been answered.
        writes: Those of them that were meant to change something: method and path.
        dies_after: The process ends when so many requests have been answered; 0: never.
    """

    requests: int = 0
    writes: list[str] = None  # type: ignore[assignment]
    dies_after: int = 0

    def reset(self, dies_after: int = 0) -> None:
        """Begin to count anew."""
        self.requests, self.writes, self.dies_after = 0, [], dies_after

    def answered(self, method: str, url: str) -> None:
        """Count a request."""
        self.requests += 1
        path = url.partition("?")[0]
        if method not in READS and "/oauth2/" not in path and not any(word in path for word in READ_BY_POST):
            self.writes.append(f"{method} {path}")
        if self.requests == self.dies_after:
            raise Killed


@contextmanager
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Hear of every request that azure-core sends over its usual transport."""
    from azure.core.pipeline.transport import RequestsTransport

    found = Wire()
    found.reset()
    send = RequestsTransport.send

    def heard(self: RequestsTransport, request: Any, **options: Any) -> Any:
        answer = send(self, request, **options)
        found.answered(request.method, request.url)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(RequestsTransport, "send", heard)
        yield found


def applied(session: Session) -> tuple[Applied, list[Step]]:
    """Apply a side once; return how it ended and the steps it told of."""
    told: list[Step] = []
    return session.apply(told.append), told


def side(wished: Provider | Consumer) -> Session:
    """Return a side that gives the roles it lacks."""
    return Session(wished, grant=True)
