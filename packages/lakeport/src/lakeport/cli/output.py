"""What a command prints: lines for people, or one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


@dataclass
class Output:
    """Where a command's results and talk go.

    Attributes:
        is_json: Results are objects, and the last line is a summary.
        verbose: Errors show their causes.
    """

    is_json: bool = False
    verbose: bool = False
    said: int = field(default=0, init=False)

    def result(self, text: str, **fields: Any) -> None:  # Any: JSON values
        """Print one result: the text for people, or the fields as an object."""
        self.said += 1
        self._print((json.dumps(fields, default=str) if self.is_json else text) + "\n")

    def summary(self, text: str = "", **fields: Any) -> None:  # Any: JSON values
        """Print the last line: an object with `summary` for programs, the text for people."""
        if self.is_json:
            self._print(json.dumps({"summary": True, **fields}, default=str) + "\n")
        elif text:
            self._print(text + "\n")

    def data(self, chunk: bytes) -> None:
        """Print bytes as they are."""
        left = memoryview(chunk)
        with _to_stdout():
            while left:  # without a buffer (PYTHONUNBUFFERED) a pipe may take a part
                left = left[sys.stdout.buffer.write(left) or 0 :]
            sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Tell people something; it is no result, and nothing fails when nobody can hear it."""
        if sys.stderr is not None:  # closed by whoever started us
            with contextlib.suppress(OSError):
                sys.stderr.write(text + "\n")
                sys.stderr.flush()

    @staticmethod
    def _print(text: str) -> None:
        with _to_stdout():
            sys.stdout.write(text)
            sys.stdout.flush()

    def table(self, columns: list[str], rows: list[list[Any]]) -> None:  # Any: cells
        """Print rows under their columns: aligned for people, an object a row for programs."""
        if self.is_json:
            for row in rows:
                self.result("", **dict(zip(columns, row, strict=True)))
            return
        cells = [columns, *([str(cell) if cell is not None else "" for cell in row] for row in rows)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
        for row in cells:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.result(line.rstrip())


@contextlib.contextmanager
def _to_stdout() -> Iterator[None]:
    """Name what a block writes to, when that fails."""
    try:
        yield
    except BrokenPipeError:  # whoever reads it has enough
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def is_dressed(stream: TextIO | None) -> bool:
    """Tell if colours and a moving cursor may be sent: to a terminal that can, of people who did not say no.

    Source: no-color.org.
    """
    if stream is None or not stream.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def counted(number: int, noun: str) -> str:
    """Return a number of things as people say it.

    Example:
        >>> counted(1, "file"), counted(2, "data set")
        ('1 file', '2 data sets')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Return a number of bytes as people say it.

    Example:
        >>> size(1500), size(20)
        ('1.5 kB', '20 B')
    """
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
