"""A credential whose tokens come from the broker, and whose refusals are lakeport's errors wherever they happen."""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AccessToken, AccessTokenInfo

from lakeport.identity.broker import Held
from lakeport.identity.refusals import translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from azure.core.credentials import TokenCredential, TokenRequestOptions

    from lakeport.identity.broker import Broker
    from lakeport.profiles import Profile

PEOPLE = frozenset({"device_code", "interactive_browser"})
"""Kinds that ask a person: nobody is asked again because a service refused a token."""

_PERSONS: dict[str, TokenCredential] = {}
"""Who has signed in, by principal."""
_LOCK = Lock()


class Signing:
    """The credential of a profile, for azure-core's clients.

    SDK clients try again what fails with one of azure-core's errors, storage's for more than a minute. A sign-in that
    was refused stays refused: it leaves as our own error, at once.

    Args:
        build: Makes azure-identity's credential, when no token is at hand.
        principal: A digest of who signs in.
    """

    def __init__(self, build: Callable[[], TokenCredential], profile: Profile, broker: Broker, principal: str) -> None:
        self._build = build
        self._profile = profile
        self._broker = broker
        self._principal = principal
        self._built: TokenCredential | None = None

    @property
    def inner(self) -> TokenCredential:
        """azure-identity's credential; a person's is one for the whole process, so that nobody signs in twice."""
        if self._built is None:
            if self._profile.credential in PEOPLE:
                with _LOCK:
                    self._built = _PERSONS.get(self._principal) or self._build()
                    _PERSONS[self._principal] = self._built
            else:
                self._built = self._build()
        return self._built

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,  # Any: azure-core's protocol says so
    ) -> AccessToken:
        """Return a token for scopes.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        asked: TokenRequestOptions = {"enable_cae": enable_cae, **options}  # type: ignore[typeddict-item]
        if claims:
            asked["claims"] = claims
        if tenant_id:
            asked["tenant_id"] = tenant_id
        found = self.get_token_info(*scopes, options=asked)
        return AccessToken(found.token, found.expires_on)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token for scopes, in azure-core's newer form.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        asked: TokenRequestOptions = {key: value for key, value in (options or {}).items() if value}  # type: ignore[assignment]
        if asked.get("claims"):  # a service wants another token than the one at hand
            held = self._ask(scopes, asked)
        else:
            audience = " ".join((*scopes, *(f"{key}={value}" for key, value in sorted(asked.items()))))
            held = self._broker.token(self._principal, audience, lambda: self._ask(scopes, asked))
        return AccessTokenInfo(held.token, held.expires_on, refresh_on=held.refresh_on)

    def begin_anew(self) -> None:
        """Hand out no token that was there before: another person may have signed in."""
        self._broker.forget(self._principal)

    def sign_out(self) -> None:
        """Forget the person: the next one who is needed is asked."""
        self._built = None
        with _LOCK:
            _PERSONS.pop(self._principal, None)
        self._broker.forget(self._principal)

    def is_same(self, other: Signing) -> bool:
        """Tell if another credential is of the same principal and gets the same tokens."""
        return (self._principal, self._broker) == (other._principal, other._broker)

    def renew(self, scope: str, refused: str) -> bool:
        """Ask for another token because a service refused one before its end, and tell whether there is one.

        Args:
            scope: What it was for.
            refused: The token; another thread may have renewed it already.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
        """
        if self._profile.credential in PEOPLE:
            return False
        self._built = None  # it keeps the token, too
        self._broker.drop(self._principal, scope, refused)
        return self.get_token(scope).token != refused

    def _ask(self, scopes: tuple[str, ...], options: TokenRequestOptions) -> Held:
        with translated(self._profile):
            ask = getattr(self.inner, "get_token_info", None)
            found = ask(*scopes, options=options) if ask else self.inner.get_token(*scopes, **options)
        return Held(found.token, found.expires_on, getattr(found, "refresh_on", None))

    def close(self) -> None:
        """Close the connections that it holds."""
        if self._built is not None and self._profile.credential not in PEOPLE:
            self._built.close()  # type: ignore[attr-defined]


class AsyncSigning:
    """The same credential for azure-core's asynchronous clients: one broker, one sign-in, whichever kind of client asks."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # Any: azure-core's protocol says so
        """Return a token for scopes; a sign-in waits in a thread.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        return await asyncio.to_thread(self._signing.get_token, *scopes, **options)

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token for scopes, in azure-core's newer form; a sign-in waits in a thread.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        return await asyncio.to_thread(self._signing.get_token_info, *scopes, options=options)

    async def close(self) -> None:
        """Close the connections that it holds."""
        self._signing.close()

    async def __aenter__(self) -> AsyncSigning:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
