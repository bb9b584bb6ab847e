"""The decision log: why each request was allowed or refused, found again by its request id."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.access.decision import Decision


class DecisionLog:
    """Keeps the last decisions in memory, and refusals as JSON lines in a file.

    Args:
        file: Where refusals are appended; None keeps them in memory only.
        most: How many requests are remembered.
    """

    def __init__(self, file: Path | None = None, *, most: int = 10_000) -> None:
        self._file = file
        self._most = most
        self._recent: OrderedDict[str, list[Decision]] = OrderedDict()

    def add(self, request_id: str, decision: Decision) -> None:
        """Remember a decision made for a request."""
        self._recent.setdefault(request_id, []).append(decision)
        if len(self._recent) > self._most:
            self._recent.popitem(last=False)
        if self._file is not None and not decision.allowed:
            with self._file.open("ab") as lines:
                lines.write(orjson.dumps({"request_id": request_id, **decision.as_dict()}) + b"\n")

    def of(self, request_id: str) -> list[Decision]:
        """Return the decisions made for a request, in order; empty when none is remembered."""
        return list(self._recent.get(request_id, ()))
