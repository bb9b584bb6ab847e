"""How one storage account lets another read a file of it: what a request that copies from a URL says of its source.

Source: storage.md 3.4 (copies); Blob service REST reference, "Put Block From URL", "Put Blob From URL".
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from lakeport import identity
from lakeport.storage.opening import SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.clock import Clock
    from lakeport.profiles import Profile

LENT_FOR = timedelta(hours=1)
"""How long a signature made of an account's key is good; another is made before it ends."""


def lender(profile: Profile, account: str, file_system: str, clock: Clock) -> Callable[[str], dict[str, str]]:
    """Return what gives, for a path, the headers that name it as a source and let the other account read it.

    Args:
        profile: Who may read it: a principal's token goes with the request; of a key, a signature to read for an hour.
        account: The source's.
        file_system: The source's.
        clock: The time.

    Raises:
        BadProfile: The key or SAS cannot be read.
    """
    found = identity.storage_credential(profile, account, clock)
    root = f"{profile.cloud.blob_url(account)}/{file_system}"
    if isinstance(found, AzureNamedKeyCredential):
        return _signing(root, found, file_system, clock)
    if isinstance(found, AzureSasCredential):
        return lambda path: {"x-ms-copy-source": f"{root}/{quote(path, safe='/')}?{found.signature.lstrip('?')}"}
    return lambda path: {
        "x-ms-copy-source": f"{root}/{quote(path, safe='/')}",
        "x-ms-copy-source-authorization": f"Bearer {found.get_token(SCOPE).token}",
    }


def _signing(
    root: str, key: AzureNamedKeyCredential, file_system: str, clock: Clock
) -> Callable[[str], dict[str, str]]:
    """The same of an account's key."""
    signature, ends = "", clock.now()

    def lend(path: str) -> dict[str, str]:
        nonlocal signature, ends
        if clock.now() + LENT_FOR / 2 > ends:
            ends = clock.now() + LENT_FOR
            signature = generate_container_sas(
                key.named_key.name,
                file_system,
                key.named_key.key,
                permission=ContainerSasPermissions(read=True),
                expiry=ends,
            )
        return {"x-ms-copy-source": f"{root}/{quote(path, safe='/')}?{signature}"}

    return lend
