"""The resources that tokens are for: how clients name them, and what each service takes as `aud`.

Source: identity.md 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACCOUNT_HOST = re.compile(r"https://[a-z0-9]{3,24}\.(?:blob|dfs|file|queue|table)\.core\.windows\.net")


@dataclass(frozen=True, slots=True)
class Api:
    """A resource that tokens are for.

    Attributes:
        name: Its display name.
        app_id: Application id of the resource, which may also be asked for.
        uris: The URIs by which clients ask for it, without a trailing slash.
        takes_slash: Whether the service also takes a URI with a trailing slash as `aud`.
        version: The format of its tokens, 1 or 2, whatever endpoint they are asked of.
    """

    name: str
    app_id: str
    uris: tuple[str, ...]
    takes_slash: bool = True
    version: int = 1

    @property
    def audiences(self) -> frozenset[str]:
        """What the service takes as `aud`; for `Tokens.verify`."""
        slashed = [uri + "/" for uri in self.uris] if self.takes_slash else []
        return frozenset((self.app_id, *self.uris, *slashed))

    def is_named(self, resource: str) -> bool:
        """Tell whether a client asks for this resource; Entra is more lenient than the service that gets the token."""
        return resource.lower().removesuffix("/") in (self.app_id, *(uri.lower() for uri in self.uris))

    def audience(self, resource: str) -> str:
        """Return the `aud` of a token: the resource as it was asked for, or in the newer format the app id."""
        return self.app_id if self.version == 2 else resource


STORAGE = Api("Azure Storage", "e406a681-f3d4-42a8-90b6-c2b029497af1", ("https://storage.azure.com",))
ARM = Api(
    "Windows Azure Service Management API",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    ("https://management.azure.com", "https://management.core.windows.net"),
)
KEY_VAULT = Api(
    "Azure Key Vault", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", ("https://vault.azure.net",), takes_slash=False
)
GRAPH = Api("Microsoft Graph", "00000003-0000-0000-c000-000000000000", ("https://graph.microsoft.com",))
TOKEN_EXCHANGE = Api(
    "AAD Token Exchange", "fb60f99c-7a34-4190-8149-302f77469936", ("api://AzureADTokenExchange",), version=2
)
"""What a managed identity's token is for that another app signs in with."""

APIS = (STORAGE, ARM, KEY_VAULT, GRAPH, TOKEN_EXCHANGE)


def storage_audiences(account: str) -> frozenset[str]:
    """Return what a storage account takes as `aud`: Azure Storage, or its own host."""
    hosts = (f"https://{account.lower()}.{service}.core.windows.net" for service in ("blob", "dfs"))
    return STORAGE.audiences.union(*((host, host + "/") for host in hosts))


def api_named(resource: str) -> Api | None:
    """Return the Microsoft resource that a client asks for, or None when there is none of this name.

    Tokens may be asked for by a storage account's own host, whether or not the account exists: it is the account that
    refuses one for another.

    Args:
        resource: As requested, `/.default` stripped.
    """
    named = next((api for api in APIS if api.is_named(resource)), None)
    is_account = _ACCOUNT_HOST.fullmatch(resource.lower().removesuffix("/")) is not None
    return STORAGE if named is None and is_account else named
