"""Signing in by a code without waiting for it: what a notebook, a bot or a window does."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.errors import LakeportError, Misused
from lakeport.identity.device_code import CodeCredential
from lakeport.identity.refusals import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime
    from typing import Any

    from lakeport.identity.signing import Signing
    from lakeport.profiles import Profile

STORAGE = "https://storage.azure.com/.default"


class SignIn:
    """A sign-in under way. It can be awaited, waited for, asked, or cancelled; it holds up nobody.

    Attributes:
        page: The address at which the code is typed.
        code: The code.
        until: When the code ends.
        message: What to tell the person.
    """

    def __init__(self, page: str, code: str, until: datetime) -> None:
        self.page = page
        self.code = code
        self.until = until
        self.message = f"To sign in, open {page} and enter the code {code} (good until {until:%H:%M} UTC)"
        self._future: Future[Signing] = Future()
        self._over = threading.Event()

    def __repr__(self) -> str:
        if not self._future.done():
            return self.message
        return "cancelled" if self._future.cancelled() else "refused" if self._future.exception() else "signed in"

    def __await__(self) -> Generator[Any, None, Signing]:  # Any: what an event loop passes
        return asyncio.wrap_future(self._future).__await__()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    def result(self, timeout_s: float | None = None) -> Signing:
        """Return the credential, when the code has been typed.

        Args:
            timeout_s: How long to wait; `None`: until the code ends.

        Raises:
            NotSignedIn: The person or the tenant refused, or the code ended.
            TimeoutError: It is not over yet.
            concurrent.futures.CancelledError: It was cancelled.
        """
        return self._future.result(timeout_s)

    def on_done(self, call: Callable[[SignIn], object]) -> None:
        """Call somebody when it has ended, from the thread that learns of it; at once when it has."""
        self._future.add_done_callback(lambda _: call(self))

    def cancel(self) -> bool:
        """Stop asking whether the code was typed; tell whether there was anything to stop."""
        stopped = self._future.cancel()
        self._over.set()
        return stopped

    def _run(self, finish: Callable[[Callable[[], bool]], Signing]) -> None:
        try:
            found = finish(self._over.is_set)
        except LakeportError as error:
            if not self._over.is_set():
                self._future.set_exception(error)
            return
        if not self._future.cancelled():
            self._future.set_result(found)


def sign_in(profile: Profile, *, show: Callable[[SignIn], object] | None = None, scope: str = STORAGE) -> SignIn:
    """Begin to sign a person in by a code, and return at once with the code.

    When it has ended, everything that uses the profile in this process is signed in, and stays so.

    Args:
        profile: One whose credential is `device_code`.
        show: Called with the sign-in as soon as there is a code.
        scope: What the first token is for.

    Returns:
        The sign-in, to be waited for or awaited.

    Raises:
        Misused: The profile signs in otherwise.
        NotSignedIn: The tenant gives no code; the hint says what it forbids, where it says so.
        Unreachable: The authority does not answer.

    Example:
        >>> from lakeport import profile, sign_in
        >>> signing = sign_in(profile("contoso"))  # doctest: +SKIP
        >>> signing  # doctest: +SKIP
        To sign in, open https://login.microsoft.com/device and enter the code ABCD1234 (good until 12:34 UTC)
        >>> await signing  # doctest: +SKIP

    Source: RFC 8628; identity.md 1.6.
    """
    credential = identity.credential(profile)
    inner = credential.inner
    if not isinstance(inner, CodeCredential):
        raise Misused(f"profile {profile.name!r} does not sign in by a code", hint="Set its credential to device_code")
    with translated(profile):
        asked = inner.begin([scope])
    begun = SignIn(asked.page, asked.code, asked.until)

    def finish(is_over: Callable[[], bool]) -> Signing:
        with translated(profile):
            inner.finish(asked, is_over)
        credential.begin_anew()
        credential.get_token(scope)
        return credential

    if show is not None:
        show(begun)
    threading.Thread(target=begun._run, args=(finish,), name="lakeport-sign-in", daemon=True).start()  # noqa: SLF001
    return begun
