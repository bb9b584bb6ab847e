"""A principal of a local Azure with the clients of Microsoft's SDKs, made as their users make them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from azure.identity import ClientSecretCredential
from azure.mgmt.resource.subscriptions import SubscriptionClient

Client = TypeVar("Client")

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azure import LocalAzure


class Principal:
    """An app of a local Azure; its clients know nothing of a local Azure but the way to it.

    Args:
        azure: Where the app is.
        name: The app's name there.
        more: More arguments of its credential.
    """

    def __init__(self, azure: LocalAzure, name: str, **more: Any) -> None:
        self.azure, self.name = azure, name
        found = azure.credentials(name)
        self.tenant_id, self.object_id = str(found["tenant_id"]), str(found["object_id"])
        self.secret = {key: str(found[key]) for key in ("tenant_id", "client_id", "client_secret")}
        self.credential = ClientSecretCredential(**self.secret, **azure.sdk, **more)

    def client(self, make: Callable[..., Client], *place: str, **more: Any) -> Client:
        """Return any azure-core client: `client(StorageManagementClient, subscription_id)`."""
        return make(*place, credential=self.credential, **self.azure.sdk, **more)

    @cached_property
    def subscription_id(self) -> str:
        """The one subscription that it sees."""
        (only,) = self.client(SubscriptionClient).subscriptions.list()
        return str(only.subscription_id)
