"""Whoever has run `az login` on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import AzureCliCredential

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


def build(profile: Profile) -> TokenCredential:
    """Return the Azure CLI's credential, for the profile's tenant where it names one."""
    return AzureCliCredential(tenant_id=profile.tenant_id, process_timeout=30)
