"""A person, in this machine's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import InteractiveBrowserCredential

from lakeport.identity.device_code import AZURE_CLI

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

WAIT_SECONDS = 300


def build(profile: Profile) -> TokenCredential:
    """Return the credential of whoever signs in in the browser that it opens."""
    return InteractiveBrowserCredential(
        tenant_id=profile.tenant_id or None,
        client_id=profile.client_id or AZURE_CLI,
        authority=profile.cloud.authority,
        timeout=WAIT_SECONDS,
        **profile.cloud.sdk_options(),
    )
