"""A person, by a code typed into any browser: in their own tenant, or as a guest in the tenant that the profile names."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from azure.identity import DeviceCodeCredential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

    Show = Callable[[str, str, datetime], None]


AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The public client that people's sign-ins go by where a profile names none. Source: identity.md 0."""


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


def build(profile: Profile) -> TokenCredential:
    """Return the credential of whoever types the code that it shows, in the tenant that the profile names."""
    return DeviceCodeCredential(
        tenant_id=profile.tenant_id,
        client_id=profile.client_id or AZURE_CLI,
        prompt_callback=_show,
        authority=profile.cloud.authority,
        **profile.cloud.sdk_options(),
    )
