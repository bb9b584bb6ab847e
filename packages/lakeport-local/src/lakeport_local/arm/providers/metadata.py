"""The description of this cloud, for `az cloud register` and others that start from one endpoint.

Source: identity.md 7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.table import Document, Operation

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response

_SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
    "keyVaultDns": "vault.azure.net",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
    "synapseAnalytics": "dev.azuresynapse.net",
}


def _endpoints(call: Call) -> Response:
    """Answer the endpoints; whoever came to the real host gets the real names, others the host they called."""
    if call.address.names[-1:] != ("endpoints",):
        raise errors.unknown_path()
    is_real = call.request.host == "management.azure.com"
    document: Document = {
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com" if is_real else call.origin,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "name": "AzureCloud" if is_real else "lakeport-local",
        "suffixes": _SUFFIXES,
        "batch": "https://batch.core.windows.net/",
        "resourceManager": "https://management.azure.com/" if is_real else f"{call.origin}/",
        "vmImageAliasDoc": "",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "gallery": "https://gallery.azure.com/",
    }
    is_list = call.api_version >= "2019"
    return call.json(200, [document] if is_list else document)


METADATA = Operation("GET", "Microsoft.Resources/metadata", _endpoints, is_public=True)
