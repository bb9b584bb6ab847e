"""An application that another issuer vouches for: Kubernetes, GitHub, or whoever writes the token file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import WorkloadIdentityCredential

from lakeport.errors import BadProfile

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the credential of a profile that has `tenant_id`, `client_id` and `token_file`.

    The file is read again as it is renewed.

    Raises:
        BadProfile: There is no such file.
    """
    path = profile.path("token_file")
    if not path.is_file():
        raise BadProfile(f"there is no token file {path}", hint="The platform that issues the token writes it")
    return WorkloadIdentityCredential(
        tenant_id=profile.tenant_id,
        client_id=profile.client_id,
        token_file_path=str(path),
        authority=profile.cloud.authority,
        **profile.cloud.sdk_options(),
    )
