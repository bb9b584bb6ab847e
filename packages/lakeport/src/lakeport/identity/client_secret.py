"""An application with its secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import ClientSecretCredential

from lakeport.identity.revealing import reveal

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the credential of a profile that has `tenant_id`, `client_id` and `client_secret`.

    Raises:
        BadProfile: The secret cannot be read.
    """
    return ClientSecretCredential(
        profile.tenant_id,
        profile.client_id,
        reveal(profile, "client_secret"),
        authority=profile.cloud.authority,
        **profile.cloud.sdk_options(),
    )
