"""A person, by a code typed into any browser: in their own tenant, or as a guest in the tenant that the profile names."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from msal import PublicClientApplication
from requests import RequestException, Session

from lakeport.clock import SystemClock
from lakeport.errors import Unreachable
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from azure.core.credentials import TokenCredential, TokenRequestOptions

    from lakeport.profiles import Profile

    Show = Callable[[str, str, datetime], None]


AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The public client that people's sign-ins go by where a profile names none. Source: identity.md 0."""


CLOCK = SystemClock()


def _say(page: str, code: str, until: datetime) -> None:
    sys.stderr.write(f"To sign in, open {page} and enter the code {code} (good until {until:%H:%M} UTC)\n")
    sys.stderr.flush()


_SHOW: ContextVar[Show] = ContextVar("lakeport_show_code", default=_say)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Show codes in one's own way to whoever signs in inside the block.

    Args:
        show: Called with the page's address, the code, and the instant at which it ends (UTC).
    """
    token = _SHOW.set(show)
    try:
        yield
    finally:
        _SHOW.reset(token)


def _show(page: str, code: str, until: datetime) -> None:
    _SHOW.get()(page, code, until)


@dataclass(frozen=True)
class Begun:
    """A sign-in under way.

    Attributes:
        app: Who asks; it keeps what the person's tokens are renewed with.
        flow: msal's form of it.
    """

    app: PublicClientApplication
    flow: dict[str, Any]  # Any: msal has no types

    @property
    def page(self) -> str:
        """The address at which the code is typed."""
        return str(self.flow["verification_uri"])

    @property
    def code(self) -> str:
        """The code."""
        return str(self.flow["user_code"])

    @property
    def until(self) -> datetime:
        """When the code ends."""
        return datetime.fromtimestamp(self.flow["expires_at"], UTC)


class CodeCredential:
    """A person's credential: by a code once, then by the refresh token that came with it, which stays in memory.

    Source: RFC 8628; identity.md 1.6.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._session = Session()
        options = profile.cloud.sdk_options()
        self._session.proxies = options.get("proxies") or {}
        self._session.verify = options.get("connection_verify", True)
        self._session.trust_env = not options.get("proxies")  # requests takes the environment's certificates first
        self._lock = Lock()
        self._app: PublicClientApplication | None = None

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token; where nobody has signed in, show a code and wait until it is typed."""
        with self._lock:
            found = self._silent(scopes, (options or {}).get("claims"))
            if found is None:
                begun = self.begin(scopes)
                self._shown(begun)
                found = self.finish(begun)
            return found

    def _shown(self, begun: Begun) -> None:
        """Show the code; a user of a local Azure is at the page already, and types it."""
        if self._profile.name.startswith(local.PREFIX) and self._profile.object_id and _SHOW.get() is _say:
            try:
                local.approve(begun.code, self._profile.object_id)
            except Unreachable as error:
                if "AADSTS" not in error.message:  # a refusal is what the application is told, too
                    raise
        else:
            _show(begun.page, begun.code, begun.until)

    def _silent(self, scopes: Sequence[str], claims: str | None = None) -> AccessTokenInfo | None:
        if self._app is None:
            return None
        with _as_azure_errors():
            for account in self._app.get_accounts():
                found = self._app.acquire_token_silent(list(scopes), account, claims_challenge=claims)
                if found and "access_token" in found:
                    return _token(found)
        return None

    def begin(self, scopes: Sequence[str]) -> Begun:
        """Ask for a code."""
        with _as_azure_errors():
            app = PublicClientApplication(
                self._profile.client_id or AZURE_CLI,
                authority=f"{self._profile.cloud.authority}/{self._profile.tenant_id}",
                http_client=self._session,
            )
            flow: dict[str, Any] = app.initiate_device_flow(list(scopes))  # Any: msal has no types
        if "user_code" not in flow:
            raise _refused(flow)
        return Begun(app, flow)

    def finish(self, begun: Begun, is_over: Callable[[], bool] = lambda: False) -> AccessTokenInfo:
        """Return the token when the code has been typed; from then on whoever typed it is who this credential is.

        Args:
            begun: What `begin` returned.
            is_over: Asked every second: nobody wants it any more.
        """
        with _as_azure_errors():
            found = begun.app.acquire_token_by_device_flow(
                begun.flow, exit_condition=lambda _: is_over() or CLOCK.now() >= begun.until
            )
        if "access_token" not in found:
            raise _refused(found)
        self._app = begun.app
        return _token(found)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _token(found: dict[str, Any]) -> AccessTokenInfo:  # Any: msal's form of an answer
    now = int(CLOCK.now().timestamp())
    refresh_in = found.get("refresh_in")
    refresh_on = now + int(refresh_in) if refresh_in else None
    return AccessTokenInfo(found["access_token"], now + int(found["expires_in"]), refresh_on=refresh_on)


def _refused(found: dict[str, Any]) -> ClientAuthenticationError:  # Any: msal's form of an answer
    if found.get("error") == "authorization_pending":
        return ClientAuthenticationError("nobody typed the code before it ended")
    return ClientAuthenticationError(str(found.get("error_description") or found.get("error") or "it was refused"))


@contextmanager
def _as_azure_errors() -> Iterator[None]:
    """Turn what msal and requests raise into azure-core's errors, as azure-identity's credentials have them."""
    try:
        yield
    except RequestException as error:
        raise ServiceRequestError(str(error)) from error
    except ValueError as error:  # msal's word for a tenant that there is not
        raise ClientAuthenticationError(str(error)) from error


def build(profile: Profile) -> TokenCredential:
    """Return the credential of whoever types the code that it shows, in the tenant that the profile names."""
    built: TokenCredential = CodeCredential(profile)  # type: ignore[assignment]  # azure-core asks for the newer form first
    return built
