"""Conditional requests. Pure.

Source: storage.md 3.6 and 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from lakeport_local.core import parse_http_date
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.tags import Either, Malformed, parse_condition

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Headers


class Stamped(Protocol):
    """What conditions look at."""

    @property
    def etag_text(self) -> str:
        """The etag without quotes."""
        ...

    @property
    def modified_at(self) -> datetime:
        """When it last changed."""
        ...

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one request; None where it sets none.

    Attributes:
        match: Etags of which one must be present, without quotes; `*` for any.
        none_match: Etags of which none may be present.
        modified_since: It must have changed after this.
        unmodified_since: It must not have changed after this.
        tags: What its tags must say.
    """

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None
    modified_since: datetime | None = None
    unmodified_since: datetime | None = None
    tags: Either | None = None

    @property
    def wants_nothing(self) -> bool:
        """Whether nothing may exist: `If-None-Match: *`."""
        return self.none_match is not None and "*" in self.none_match

    def check_write(
        self, found: Stamped | None, *, on_existing: tuple[int, str] = (412, "ConditionNotMet"), code: str | None = None
    ) -> None:
        """Refuse a change whose conditions do not hold.

        Args:
            found: What is there; None for nothing.
            on_existing: Status and code when `If-None-Match: *` finds something.
            code: The code of every other failure.

        Raises:
            ServiceError: 412 `ConditionNotMet`, or as said.
        """
        code = code or "ConditionNotMet"
        if found is None:
            if self.match is not None or self.tags is not None:
                raise refusal(code)
            return
        if self.wants_nothing:
            raise refusal(on_existing[1], status=on_existing[0])
        if not self._holds_for_write(found) or self._is_unchanged(found):
            raise refusal(code)

    def check_read(self, found: Stamped) -> None:
        """Refuse a read whose conditions do not hold.

        Raises:
            ServiceError: 304 or 412 `ConditionNotMet`, 400 `UnsatisfiableCondition`.
        """
        if self.wants_nothing:
            raise refusal("UnsatisfiableCondition")
        if not self._holds_for_write(found):
            raise refusal("ConditionNotMet")
        if self._is_unchanged(found):
            raise refusal("ConditionNotMet", status=304)

    def _holds_for_write(self, found: Stamped) -> bool:
        if self.match is not None and not self.match & {"*", found.etag_text}:
            return False
        if self.tags is not None and not self.tags.holds(found.tags):
            return False
        return self.unmodified_since is None or _whole(found.modified_at) <= self.unmodified_since

    def _is_unchanged(self, found: Stamped) -> bool:
        if self.none_match is not None and self.none_match & {"*", found.etag_text}:
            return True
        return self.modified_since is not None and _whole(found.modified_at) <= self.modified_since


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _tag_condition(headers: Headers, name: str) -> Either | None:
    text = headers.get(name)
    if not text:
        return None
    try:
        return parse_condition(text)
    except Malformed:
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text) from None


NO_CONDITIONS = Conditions()
_WORDS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


@lru_cache
def _names(prefix: str) -> frozenset[str]:
    return frozenset({*(prefix + word for word in _WORDS), f"{prefix or 'x-ms-'}if-tags"})


def conditions_of(headers: Headers, prefix: str = "") -> Conditions:
    """Read a request's conditions; with `prefix` `x-ms-source-`, those on a source.

    Raises:
        ServiceError: 400 `InvalidHeaderValue`: a date is malformed.
    """
    if not headers.has_any(_names(prefix)):
        return NO_CONDITIONS

    def etags(name: str) -> frozenset[str] | None:
        text = headers.get(prefix + name)
        if not text:
            return None
        return frozenset(part.strip().removeprefix("W/").strip('"') for part in text.split(","))

    def date(name: str) -> datetime | None:
        text = headers.get(prefix + name)
        if not text:
            return None
        try:
            return parse_http_date(text)
        except (ValueError, TypeError):
            raise refusal("InvalidHeaderValue", HeaderName=prefix + name, HeaderValue=text) from None

    tags = _tag_condition(headers, f"{prefix or 'x-ms-'}if-tags")
    etag_sets, dates = (
        (etags("if-match"), etags("if-none-match")),
        (date("if-modified-since"), date("if-unmodified-since")),
    )
    return Conditions(*etag_sets, *dates, tags)
