"""How many requests the metadata address takes of one machine, when an operator sets a limit.

Source: Azure Instance Metadata Service, "Rate limiting": so many a second of each machine, then 429.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from datetime import datetime


class Throttle:
    """Counts requests by machine and second.

    Attributes:
        per_second: The limit; None takes as many as come.
    """

    def __init__(self) -> None:
        self.per_second: int | None = None
        self._second = 0
        self._taken: dict[str, int] = {}

    def pass_or_refuse(self, machine: str, now: datetime) -> None:
        """Let a request pass, or refuse it.

        [A] The body of the refusal is not on record beyond its status.

        Raises:
            ServiceError: 429.
        """
        if self.per_second is None:
            return
        if int(now.timestamp()) != self._second:
            self._second = int(now.timestamp())
            self._taken.clear()
        self._taken[machine] = self._taken.get(machine, 0) + 1
        if self._taken[machine] > self.per_second:
            raise ServiceError(429, "too_many_requests", "Too many requests")
