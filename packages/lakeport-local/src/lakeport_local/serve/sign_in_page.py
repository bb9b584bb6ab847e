"""What a browser would do with a sign-in page of this local Azure: read it, and post its answer on to the app."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass
class Onward:
    """A form that a page posts by itself.

    Attributes:
        action: Where it goes.
        fields: Its hidden fields.
    """

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.onward = Onward()
        self.asks_a_person = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.onward.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.onward.fields[given.get("name", "")] = given.get("value", "")
        elif tag == "input":
            self.asks_a_person = True


def onward(page: str) -> Onward | None:
    """Return the form that a page posts to an app on this machine, or None when it asks a person or says no."""
    reader = _Reader()
    reader.feed(page)
    is_local = urlsplit(reader.onward.action).hostname == "localhost"
    return reader.onward if is_local and not reader.asks_a_person else None


def redirected(location: str) -> Onward | None:
    """Return a redirect to an app on this machine, which is asked for without a form, or None for one elsewhere."""
    url = urlsplit(location)
    is_local = url.scheme == "http" and url.hostname == "localhost" and bool(url.query)
    return Onward(location) if is_local else None
