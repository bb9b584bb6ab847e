"""Whatever the machine offers: environment, workload identity, managed identity, `az login`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import DefaultAzureCredential

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the default chain, reaching the profile's cloud.

    The order is azure-identity's own: environment, workload identity, managed identity, then developer tools.
    """
    return DefaultAzureCredential(authority=profile.cloud.authority, **profile.cloud.sdk_options())
