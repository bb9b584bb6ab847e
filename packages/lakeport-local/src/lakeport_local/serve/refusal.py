"""Why a command did not do what was asked, in one line that names the thing and the next move."""

from __future__ import annotations

import os

FAILED = 1
MISUSED = 2
NOT_FOUND = 5
INTERRUPTED = 130


def program() -> str:
    """Return what the user typed to get here: `lakeport local` when lakeport started this process."""
    return os.environ.get("LAKEPORT_PROG") or "lakeport-local"


class Refusal(Exception):
    """A command that cannot go on.

    Args:
        what: A sentence.
        then: The arguments of the command to type next, or empty.
        status: Exit status.
    """

    def __init__(self, what: str, then: str = "", *, status: int = FAILED) -> None:
        self.status = status
        super().__init__(f"{what} Next: {program()} {then}" if then else what)
