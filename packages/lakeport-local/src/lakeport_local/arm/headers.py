"""The headers that every answer of ARM carries.

Source: data-share.md 1.1 (12000 reads, 1200 writes, 15000 deletes an hour; POST lists count as writes), identity.md 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.core import Request

_KINDS = {"GET": ("reads", 12000), "HEAD": ("reads", 12000), "DELETE": ("deletes", 15000)}
_OTHER = ("writes", 1200)
_MOST_SUBSCRIPTIONS = 1000


class RateLimits:
    """Counts calls by subscription and kind within the hour; reports, never refuses."""

    def __init__(self) -> None:
        self._hour = -1
        self._used: dict[tuple[str, str], int] = {}

    def header(self, request: Request, subscription_id: str | None) -> tuple[str, str]:
        """Count a call and return its counter's header."""
        hour = int(request.at.timestamp() // 3600)
        if hour != self._hour or len(self._used) > _MOST_SUBSCRIPTIONS:
            self._hour, self._used = hour, {}
        kind, limit = _KINDS.get(request.method, _OTHER)
        level = "subscription" if subscription_id else "tenant"
        key = (subscription_id or "", kind)
        used = self._used[key] = self._used.get(key, 0) + 1
        return f"x-ms-ratelimit-remaining-{level}-{kind}", str(max(limit - used, 0))


def standard_headers(request: Request, region: str) -> list[tuple[str, str]]:
    """Return the headers of every answer.

    Args:
        request: What is answered.
        region: Region whose front door answered, such as `westeurope`.
    """
    correlation = request.headers.get("x-ms-correlation-request-id") or request.id
    return [
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Expires", "-1"),
        ("x-ms-request-id", request.id),
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-routing-request-id", f"{region.upper()}:{request.at:%Y%m%dT%H%M%SZ}:{request.id}"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
    ]
