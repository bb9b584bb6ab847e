"""What a profile is: the keys it may have, and its values with their origins."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport import clouds
from lakeport.profiles.kinds import KINDS
from lakeport.profiles.secrets import Secret
from lakeport.types import ClientId, ObjectId, SubscriptionId, TenantId

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Key:
    """One key of a profile.

    Attributes:
        name: As files spell it; its own variable is `LAKEPORT_` and the name in capitals.
        azure: The ecosystem's variable for it, or empty.
        identity: It belongs to who signs in; such values are never mixed from two places.
        secret: Files hold a reference to it.
        is_path: It is a path, which a file may give relative to itself.
    """

    name: str
    meaning: str
    azure: str = ""
    identity: bool = False
    secret: bool = False
    is_path: bool = False

    @property
    def variable(self) -> str:
        """The environment variable of our own."""
        return f"LAKEPORT_{self.name.upper()}"


EXAMPLE_SOURCES = "managed_identity azure_cli"
KEYS = {
    key.name: key
    for key in (
        Key("cloud", f"one of {', '.join(clouds.NAMES)}"),
        Key("credential", f"one of {', '.join(KINDS)}", identity=True),
        Key("tenant_id", "the tenant to sign in to: its id or a domain of it", "AZURE_TENANT_ID", identity=True),
        Key("client_id", "the application (client) id", "AZURE_CLIENT_ID", identity=True),
        Key("client_secret", "the application's secret", "AZURE_CLIENT_SECRET", identity=True, secret=True),
        Key(
            "certificate",
            "a PEM or PFX file with certificate and private key",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            identity=True,
            is_path=True,
        ),
        Key(
            "certificate_password",
            "the certificate file's password",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            identity=True,
            secret=True,
        ),
        Key("thumbprint", "which certificate of an Azure Batch node: its SHA-1, in hex", identity=True),
        Key(
            "certificate_folder",
            "an Azure Batch node's folder of certificates",
            "AZ_BATCH_CERTIFICATES_DIR",
            is_path=True,
        ),
        Key(
            "token_file",
            "the file with the other issuer's token",
            "AZURE_FEDERATED_TOKEN_FILE",
            identity=True,
            is_path=True,
        ),
        Key("identity_object_id", "which managed identity: its object id", identity=True),
        Key("identity_resource_id", "which managed identity: its resource id", identity=True),
        Key("sources", f"credential kinds to try in turn, such as '{EXAMPLE_SOURCES}'", identity=True),
        Key("account_key", "the storage account's key", "AZURE_STORAGE_KEY", identity=True, secret=True),
        Key("sas", "a SAS", "AZURE_STORAGE_SAS_TOKEN", identity=True, secret=True),
        Key("sas_secret", "the Key Vault secret that holds a SAS: https://VAULT/secrets/NAME", identity=True),
        Key(
            "connection_string",
            "the storage account's connection string",
            "AZURE_STORAGE_CONNECTION_STRING",
            identity=True,
            secret=True,
        ),
        Key("subscription_id", "the subscription of share account and store", "AZURE_SUBSCRIPTION_ID"),
        Key("resource_group", "their resource group"),
        Key("share_account", "the data share account"),
        Key("storage_account", "the storage account", "AZURE_STORAGE_ACCOUNT"),
        Key("endpoint", "where that account answers, if not by its host names: http://HOST:PORT/ACCOUNT"),
        Key("file_system", "the file system that short URLs begin at"),
    )
}
WHOLE = ("client_id", "account_key", "sas", "sas_secret", "connection_string")
"""Keys that say who signs in: a layer that has one of them is not mixed with others' identities."""


@dataclass(frozen=True)
class Value:
    """A value and where it came from.

    Attributes:
        hides: Where another value of the key is, that this one wins over; empty when there is none.
    """

    value: str | Secret
    origin: str
    hides: str = ""

    @property
    def surprise(self) -> str:
        """What is to be said of a value of the environment that wins over a file's; else empty."""
        if not self.hides or not self.origin.startswith("environment"):
            return ""
        return f"comes from {self.origin}; that of {self.hides} is not used"


@dataclass(frozen=True)
class Profile:
    """A named connection, resolved.

    Attributes:
        credential: One of `KINDS`.
        object_id: The principal's object id in its tenant, when this machine knows it.
        values: Every value by key, with its origin.
    """

    name: str
    cloud: clouds.Cloud
    credential: str = "default"
    object_id: ObjectId | None = None
    values: Mapping[str, Value] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """Return a value that is not a secret, or empty.

        Args:
            key: The value's name, as `lakeport profile show` lists it.
        """
        found = self.values.get(key)
        return found.value if found and isinstance(found.value, str) else ""

    def secret(self, key: str) -> Secret | None:
        """Return the reference to a secret, if there is one.

        Args:
            key: The value's name, as `lakeport profile show` lists it.
        """
        found = self.values.get(key)
        if found is None:
            return None
        return found.value if isinstance(found.value, Secret) else Secret(text=found.value)

    def path(self, key: str) -> Path:
        """Return a value that is a path, with the home folder put in.

        Args:
            key: The value's name, as `lakeport profile show` lists it.

        Example:
            >>> profile.path("certificate")  # doctest: +SKIP
            PosixPath('/etc/lakeport/provider.pem')
        """
        return Path(self.text(key)).expanduser()

    @property
    def tenant_id(self) -> TenantId:
        """The tenant: its id or a domain; empty when the default chain decides."""
        return TenantId(self.text("tenant_id"))

    @property
    def client_id(self) -> ClientId:
        """The application's client id, or empty."""
        return ClientId(self.text("client_id"))

    @property
    def subscription_id(self) -> SubscriptionId:
        """The subscription, or empty."""
        return SubscriptionId(self.text("subscription_id"))

    @property
    def resource_group(self) -> str:
        """The resource group, or empty."""
        return self.text("resource_group")

    @property
    def storage_account(self) -> str:
        """The storage account, or empty."""
        return self.text("storage_account")

    @property
    def file_system(self) -> str:
        """The file system, or empty."""
        return self.text("file_system")
