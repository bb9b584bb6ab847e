"""An application with its certificate: a PEM file that holds certificate and private key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from azure.identity import CertificateCredential

from lakeport.errors import BadProfile

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the credential of a profile that has `tenant_id`, `client_id` and `certificate`.

    Raises:
        BadProfile: The file cannot be read, is not such a file, or its password is wrong.
    """
    path = profile.text("certificate")
    password = profile.secret("certificate_password")
    try:
        return CertificateCredential(
            profile.tenant_id,
            profile.client_id,
            certificate_data=Path(path).read_bytes(),
            password=password.reveal() if password else None,
            authority=profile.cloud.authority,
            **profile.cloud.sdk_options(),
        )
    except OSError as error:
        raise BadProfile(f"cannot read the certificate {path}: {error.strerror}") from error
    except ValueError as error:
        hint = (
            "It must be a PEM file with an RSA private key and its certificate; set certificate_password if it has one"
        )
        raise BadProfile(f"the certificate {path} cannot be used: {error}", hint=hint) from error
