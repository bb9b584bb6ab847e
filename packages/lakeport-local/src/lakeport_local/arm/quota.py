"""The remaining-requests counters that ARM puts on every answer.

Source: data-share.md 1.1 (12000 reads, 1200 writes, 15000 deletes an hour; POST lists count as writes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.arm.address import Address
    from lakeport_local.core import Request

_KINDS = {"GET": ("reads", 12000), "HEAD": ("reads", 12000), "DELETE": ("deletes", 15000)}
_OTHER = ("writes", 1200)


class RateLimits:
    """Counts calls by subscription and kind within the hour; reports, never refuses."""

    def __init__(self) -> None:
        self._hour = -1
        self._used: dict[tuple[str, str], int] = {}

    def headers(self, request: Request, address: Address | None) -> list[tuple[str, str]]:
        """Count a call and return its counter's header."""
        hour = int(request.at.timestamp() // 3600)
        if hour != self._hour:
            self._hour, self._used = hour, {}
        kind, limit = _KINDS.get(request.method, _OTHER)
        subscription = address.subscription_id if address is not None else None
        level = "subscription" if subscription else "tenant"
        used = self._used[(subscription or "", kind)] = self._used.get((subscription or "", kind), 0) + 1
        return [(f"x-ms-ratelimit-remaining-{level}-{kind}", str(max(limit - used, 0)))]
