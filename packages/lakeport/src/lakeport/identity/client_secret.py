"""An application with its secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import ClientSecretCredential

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the credential of a profile that has `tenant_id`, `client_id` and `client_secret`.

    Raises:
        BadProfile: The secret cannot be read.
    """
    secret = profile.secret("client_secret")
    return ClientSecretCredential(
        profile.tenant_id,
        profile.client_id,
        secret.reveal() if secret else "",
        authority=profile.cloud.authority,
        **profile.cloud.sdk_options(),
    )
