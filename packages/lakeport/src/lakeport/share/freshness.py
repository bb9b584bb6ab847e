"""How old the newest good snapshot is, against the schedule that should have brought a newer one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport.errors import Stale
from lakeport.share.schedules import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lakeport.share.resources import Run, Setting

ALLOWED = {"Hour": timedelta(hours=1, minutes=30), "Day": timedelta(days=1, hours=6)}
"""How old a newest good snapshot may be under a schedule: its interval, and time for the run and one late start."""
_NOT_BEGUN = "9"


@dataclass(frozen=True)
class Freshness:
    """How fresh one received share is.

    Attributes:
        newest_at: When the newest good snapshot began, or `None` when there was none.
        age: Since then, or since the share was received.
        allowed: How old it may be; `None`: nothing brings snapshots by itself, so any age will do.
        last_status: How the newest snapshot stands or ended, good or not; empty when there was none.
    """

    share: str
    who: str
    newest_at: datetime | None
    age: timedelta
    allowed: timedelta | None
    last_status: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether a newer snapshot should be there."""
        return self.allowed is not None and self.age > self.allowed

    @property
    def spoken(self) -> str:
        """The age as people say it."""
        newest = f"newest good snapshot {span(self.age)} old" if self.newest_at else "no good snapshot yet"
        return f"{newest}, stale after {span(self.allowed)}" if self.is_stale and self.allowed is not None else newest

    def fields(self) -> dict[str, object]:
        """Return it as keys and values, for programs."""
        return {
            "share": self.share,
            "who": self.who,
            "newest_good_at": self.newest_at.isoformat() if self.newest_at else None,
            "age_s": int(self.age.total_seconds()),
            "allowed_s": int(self.allowed.total_seconds()) if self.allowed is not None else None,
            "stale": self.is_stale,
            "last_status": self.last_status or None,
        }


def judge(
    share: str,
    who: str,
    runs: Iterable[Run],
    *,
    schedule: Setting | None,
    since: str,
    now: datetime,
    stale_after: timedelta | None = None,
) -> Freshness:
    """Tell how fresh a share is.

    Args:
        share: Its name.
        who: The other side.
        runs: Its snapshots.
        schedule: The schedule that it follows, if there is one.
        since: When it was received: until a first snapshot, its age counts from here.
        now: The instant.
        stale_after: What wins over the schedule.
    """
    runs = list(runs)
    last = max(runs, key=lambda one: one.start_time or one.end_time or _NOT_BEGUN, default=None)
    good = [parse_instant(one.start_time) for one in runs if one.status == "Succeeded" and one.start_time]
    newest = max(good, default=None)
    began = newest or (parse_instant(since) if since else now)
    by_schedule = ALLOWED.get(schedule.recurrence_interval) if schedule else None
    allowed = stale_after if stale_after is not None else by_schedule
    return Freshness(share, who, newest, now - began, allowed, last.status if last else "")


def span(duration: timedelta) -> str:
    """Return a duration as people say it.

    Example:
        >>> span(timedelta(minutes=90)), span(timedelta(days=3, hours=5))
        ('1 h 30 min', '3 d 5 h')
    """
    minutes = int(duration.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) or "0 min"


def stale(found: Iterable[Freshness]) -> Stale | None:
    """Return the error that names what is stale, or `None`."""
    old = [one for one in found if one.is_stale]
    if not old:
        return None
    more = f" (and {len(old) - 1} more)" if old[1:] else ""
    return Stale(f"share {old[0].share} ({old[0].who}): {old[0].spoken}{more}", hint="Next: the history says why")
