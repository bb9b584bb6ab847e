"""Faults and switches of a running local Azure, set through its operator's API, as `lakeport local fault` sets them."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.azure import LocalAzure


def until(holds: Callable[[], bool]) -> None:
    """Look until something holds; for states that stay once they are there."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


class Trouble:
    """The operator of a local Azure who makes trouble.

    Args:
        azure: The local Azure; one that nobody else uses meanwhile, or faults that strike nobody else.
    """

    def __init__(self, azure: LocalAzure) -> None:
        self._azure = azure
        self._token = Path(azure.folder, "admin-token").read_text()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the operator's API answers."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._azure.port, timeout=30)) as connection:
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            connection.request(method, f"/_lakeport/{path}", json.dumps(body or {}), headers)
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        assert answer.status < 300, found
        return found

    def add(self, kind: str, **members: str | float) -> None:
        """Set a fault."""
        self.ask("POST", "faults", {"kind": kind, **members})

    def struck(self) -> dict[str, int]:
        """Return how many requests each kind has struck."""
        found: dict[str, int] = self.ask("GET", "faults")["struck"]
        return found

    def clear(self) -> None:
        """Remove every fault."""
        self.ask("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.ask("POST", "clock", {"advance_s": seconds})

    @contextmanager
    def snapshots_held(self, after: int) -> Iterator[None]:
        """Let snapshots wait after so many files of a data set."""
        self.ask("PATCH", "switches", {"hold_snapshots_after": after})
        try:
            yield
        finally:
            self.ask("PATCH", "switches", {"hold_snapshots_after": None})

    @contextmanager
    def of(self, kind: str, **members: str | float) -> Iterator[None]:
        """Set a fault for a while; all are removed then."""
        self.add(kind, **members)
        try:
            yield
        finally:
            self.clear()
