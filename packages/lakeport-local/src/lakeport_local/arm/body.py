"""The body of a call on the control plane."""

from __future__ import annotations

from lakeport_local.core import MemorySink, ServiceError


class WholeBody(MemorySink):
    """Keeps the body in memory; one over the limit is read to its end and forgotten, so that ARM can refuse it in its own words."""

    __slots__ = ("is_too_large",)

    def __init__(self, limit_bytes: int = 4 * 1024 * 1024) -> None:
        super().__init__(limit_bytes)
        self.is_too_large = False

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        if self.is_too_large:
            return
        try:
            super().write(data)
        except ServiceError:
            self.is_too_large = True
            self.abort()
