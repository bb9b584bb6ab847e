"""`browser`: what `BROWSER` names under `exec`; signs in the user that the program runs as."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import click

from lakeport_local.serve.refusal import Refusal
from lakeport_local.serve.sign_in_page import onward, redirected

if TYPE_CHECKING:
    from lakeport_local.serve.sign_in_page import Onward

_NEXT = "exec --as USER -- PROGRAM"
_TIMEOUT_S = 20.0


@click.command(hidden=True)
@click.argument("url")
def browser(*, url: str) -> None:
    """Sign in as the user `exec` runs the program as, and return at once.

    The program waits for its browser to return before it takes the answer, so another process delivers that.
    """
    if urlsplit(url).scheme != "https":
        raise Refusal(f"{url[:80]!r} is no sign-in page.")
    answer = _answer(url)
    if answer is None:
        raise Refusal("nobody is signed in to this session.", _NEXT)
    if os.fork() == 0:
        _deliver(answer)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: where the answer goes is looked at first."""

    def redirect_request(self, *_given: Any) -> None:  # Any: as the base class has it
        """Answer with nothing, which makes the redirect an error that carries it."""


def _answer(url: str) -> Onward | None:
    """Return what goes on to the app: a form that a page posts, or a redirect; None when the page asks a person.

    The page is asked for through the session's proxy.
    """
    try:
        with urllib.request.build_opener(_Stay).open(url, timeout=_TIMEOUT_S) as answer:
            return onward(bytes(answer.read()).decode())
    except urllib.error.HTTPError as error:
        if error.code in (302, 303):
            return redirected(error.headers.get("Location") or "")
        raise Refusal(f"the sign-in page cannot be read: {error}.", _NEXT) from error
    except (urllib.error.URLError, OSError, UnicodeDecodeError) as error:
        raise Refusal(f"the sign-in page cannot be read: {error}.", _NEXT) from error


def _deliver(answer: Onward) -> None:
    """Send an answer to the app, apart from the process that it waits for; never returns."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    try:
        body = urlencode(answer.fields).encode() if answer.fields else None
        request = urllib.request.Request(answer.action, body)  # noqa: S310  to localhost
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as taken:  # noqa: S310
            taken.read()
    finally:
        os._exit(0)
