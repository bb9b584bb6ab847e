"""One measured number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit and, when we promise one, its budget.

    Attributes:
        what: What was measured, in words.
        value: The number.
        unit: Such as `s`, `MB/s` or `requests/s`.
        at_most: The budget of a number that must stay small.
        at_least: The budget of a number that must stay large.
    """

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """True when there is no budget, or it is kept."""
        too_much = self.at_most is not None and self.value > self.at_most
        return not too_much and (self.at_least is None or self.value >= self.at_least)

    def row(self, module: str) -> str:
        """Return the line of the table."""
        budget = ""
        if self.at_most is not None:
            budget = f"at most {self.at_most:g} {self.unit}"
        if self.at_least is not None:
            budget = f"at least {self.at_least:g} {self.unit}"
        verdict = "" if self.is_met else "  MISSED"
        return f"{module:<12} {self.what:<58} {self.value:>10.3f} {self.unit:<12} {budget}{verdict}"


@dataclass(frozen=True, slots=True)
class Absent:
    """A number that could not be measured here.

    Attributes:
        what: What would have been measured.
        why: What is missing, and how to get it.
    """

    what: str
    why: str
    is_met: bool = True

    def row(self, module: str) -> str:
        """Return the line of the table."""
        return f"{module:<12} {self.what:<58} NOT MEASURED, missing {self.why}"
