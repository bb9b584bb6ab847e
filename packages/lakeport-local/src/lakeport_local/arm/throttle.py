"""The throttle: how many calls a principal may make to a subscription, when an operator sets a limit.

A bucket a principal and subscription, refilled steadily. Source: Azure Resource Manager, "Understand how Azure Resource Manager throttles
requests" (token bucket by subscription and principal; 429 with `Retry-After`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lakeport_local.arm.errors import GatewayError

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call

_MOST_BUCKETS = 1000
_KINDS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


class Throttle:
    """Refuses calls beyond a limit; without a limit it refuses none.

    Attributes:
        per_minute: Calls of each kind (read, write, delete) that a principal may make to a subscription within a minute; None: no limit.
    """

    def __init__(self) -> None:
        self.per_minute: int | None = None
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}

    def limit(self, per_minute: int | None) -> None:
        """Set or take away the limit; everybody begins anew."""
        self.per_minute = per_minute
        self._buckets.clear()

    def pass_or_refuse(self, call: Call) -> None:
        """Count a call.

        Raises:
            ServiceError: 429 `SubscriptionRequestsThrottled`.
        """
        if self.per_minute is None:
            return
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.clear()
        kind = _KINDS.get(call.request.method, "write")
        key = (call.address.subscription_id or call.tenant_id, call.caller.object_id, kind)
        now = call.now.timestamp()
        left, at = self._buckets.get(key, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + max(now - at, 0.0) * self.per_minute / 60)
        if left < 1:
            self._buckets[key] = (left, now)
            raise _throttled(kind, key[0], key[1], math.ceil((1 - left) * 60 / self.per_minute))
        self._buckets[key] = (left - 1, now)


def _throttled(kind: str, subscription: str, actor: str, wait_s: int) -> GatewayError:
    return GatewayError(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{actor}' exceeded. Please try again after '{wait_s}' "
        "seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
        headers={"Retry-After": str(wait_s)},
    )
