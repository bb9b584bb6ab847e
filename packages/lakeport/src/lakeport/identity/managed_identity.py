"""The machine's identity: of a virtual machine, a function, a batch pool; system-assigned, or named by one of its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import ManagedIdentityCredential

from lakeport.errors import BadProfile

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

# How azure-identity calls each.
SELECTORS = {
    "client_id": "client_id",
    "identity_object_id": "object_id",
    "identity_resource_id": "resource_id",
}


def build(profile: Profile) -> TokenCredential:
    """Return the credential of the machine's identity; without an id, of the one it has.

    Raises:
        BadProfile: The profile names it by two ids.
    """
    named = {SELECTORS[key]: profile.text(key) for key in SELECTORS if profile.text(key)}
    if len(named) > 1:
        keys = " and ".join(key for key in SELECTORS if profile.text(key))
        raise BadProfile(f"profile {profile.name!r} names a managed identity by {keys}", hint="Keep one of them")
    client_id = named.pop("client_id", None)
    options = profile.cloud.sdk_options()
    return ManagedIdentityCredential(client_id=client_id, identity_config=named or None, **options)
