"""The decision log: why each request was allowed or refused, found again by its request id."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.access.verdict import Decision

_MOST_OF_ONE = 1000


class DecisionLog:
    """Keeps the last decisions in memory, and refusals as JSON lines in a file.

    Args:
        file: Where refusals are appended; None keeps them in memory only.
        most: How many requests are remembered, each with at most `_MOST_OF_ONE` decisions.
        most_bytes: Size at which the file becomes `FILE.1`, in place of an older one, and a new file begins.
    """

    def __init__(self, file: Path | None = None, *, most: int = 10_000, most_bytes: int = 8 * 1024 * 1024) -> None:
        self._file = file
        self._most = most
        self._most_bytes = most_bytes
        self._recent: OrderedDict[str, list[Decision]] = OrderedDict()

    def add(self, request_id: str, decision: Decision) -> None:
        """Remember a decision made for a request."""
        made = self._recent.setdefault(request_id, [])
        if len(made) < _MOST_OF_ONE:
            made.append(decision)
        if len(self._recent) > self._most:
            self._recent.popitem(last=False)
        if self._file is not None and not decision.allowed:
            self._write(self._file, {"request_id": request_id, **decision.as_dict()})

    def _write(self, file: Path, line: dict[str, Any]) -> None:  # Any: a JSON object
        file.touch(mode=0o600)
        with file.open("ab") as lines:
            lines.write(orjson.dumps(line) + b"\n")
            is_full = lines.tell() > self._most_bytes
        if is_full:
            file.replace(file.with_name(f"{file.name}.1"))

    def of(self, request_id: str) -> list[Decision]:
        """Return the decisions made for a request, in order; empty when none is remembered."""
        return list(self._recent.get(request_id, ()))
