"""An application with its certificate: a PEM or PFX file, or one of an Azure Batch node's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import CertificateCredential

from lakeport.errors import BadProfile
from lakeport.identity.certificates import container

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

HINT = "It must be PEM or PFX with an RSA private key and its certificate; set certificate_password if it has one"


def build(profile: Profile) -> TokenCredential:
    """Return the credential of a profile that has `tenant_id`, `client_id` and a certificate.

    Raises:
        BadProfile: The file cannot be read, is not such a file, or its password is wrong.
    """
    found = container(profile)
    try:
        return CertificateCredential(
            profile.tenant_id,
            profile.client_id,
            certificate_data=found.content,
            password=found.password or None,
            authority=profile.cloud.authority,
            **profile.cloud.sdk_options(),
        )
    except ValueError as error:
        raise BadProfile(f"the certificate {found.origin} cannot be used: {error}", hint=HINT) from error
