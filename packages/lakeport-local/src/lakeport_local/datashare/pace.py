"""How long things take here, in one place.

The real service needs minutes for an account and half a minute for a deletion (data-share.md 1.3 to 1.5); scripts must see the
same states in the same order, not wait as long.
"""

from __future__ import annotations

from datetime import timedelta

CREATING = timedelta(milliseconds=200)
"""An account or a trigger is `Creating` this long."""

DELETING = timedelta(milliseconds=100)
"""A deletion's operation runs this long."""

REVOKING = timedelta(milliseconds=100)
"""A subscription is `Revoking` this long."""

POLL_AGAIN = (("x-ms-retry-after-ms", "100"),)
"""Without a hint the SDK waits thirty seconds before its next poll (data-share.md 1.3)."""

HISTORY = timedelta(days=30)
"""Runs are listed this long (data-share.md 1.12)."""

PUNCTUAL = timedelta(minutes=1)
"""A slot that passed longer ago than this, while nobody looked, is missed (data-share.md 3)."""

LOOK = timedelta(seconds=10)
"""How often the engine looks whether schedules have changed; well within `PUNCTUAL`."""

BATCH = 500
"""Files copied in one transaction; between two transactions others have their turn."""

DIRECTORIES = 50
"""Directories looked at in one transaction, however few files they hold."""

PIECES_AT_ONCE = 4
"""Data sets of a run that are carried on side by side."""

RUNS_AT_ONCE = 8
"""Runs of different subscriptions that are carried on side by side."""
