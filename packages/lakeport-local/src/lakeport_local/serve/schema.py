"""The keys of `topology.toml`, as types.

An empty id means "derived from the name"; `topology.resolved` fills it in. Empty text is never a value that a file may
hold, so the two cannot be confused.
"""

from __future__ import annotations

import msgspec

GENERATED = "generated"
"""An app's `certificate`, or an issuer's `keys`, when the key pair is to be made in the state folder."""

EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of the file."""


class FederatedCredential(_Entry, frozen=True, kw_only=True):
    """Tokens of an issuer that an app signs in with: workload identity."""

    name: str
    issuer: str
    subject: str
    audiences: list[str] = msgspec.field(default_factory=lambda: [EXCHANGE_AUDIENCE])
    description: str = ""


class App(_Entry, frozen=True, kw_only=True):
    """An app registration and its service principal.

    Attributes:
        name: Display name.
        client_id: Application id.
        object_id: Object id of the service principal.
        client_secret: Generated when absent, unless the app has another credential.
        certificate: Path of a PEM certificate, relative to the file; or `generated`: a key pair made per state folder.
        federated_credentials: Tokens of other issuers that it signs in with.
        redirect_uris: Where people who sign in to it may be sent back to; a loopback one stands for every port.
        public_client: It proves nothing when people sign in to it, as a program on their own machine cannot.
        identifier_uris: What clients call it when it is an API itself.
        token_version: Format of the tokens that it takes as an API, 1 or 2.
    """

    name: str
    client_id: str = ""
    object_id: str = ""
    client_secret: str = ""
    certificate: str = ""
    federated_credentials: list[FederatedCredential] = []
    redirect_uris: list[str] = msgspec.field(default_factory=lambda: ["http://localhost"])
    public_client: bool = False
    identifier_uris: list[str] = []
    token_version: int = 1


class User(_Entry, frozen=True, kw_only=True):
    """A user; `guest_from` names the tenant of the user's home account, which has the same name there."""

    name: str
    password: str = ""
    object_id: str = ""
    guest_from: str = ""


class Group(_Entry, frozen=True, kw_only=True):
    """A security group; members are principals of the same tenant, by name."""

    name: str
    object_id: str = ""
    members: list[str] = []


class StorageAccount(_Entry, frozen=True, kw_only=True):
    """A storage account; `allow_ips` given means: refuse everybody else."""

    name: str
    hns: bool = True
    key: str = ""
    file_systems: list[str] = []
    allow_ips: list[str] | None = None


class DataShareAccount(_Entry, frozen=True, kw_only=True):
    """A Data Share account with its system-assigned identity."""

    name: str


class KeyVault(_Entry, frozen=True, kw_only=True):
    """A key vault and the secrets it holds."""

    name: str
    secrets: dict[str, str] = {}


class ManagedIdentity(_Entry, frozen=True, kw_only=True):
    """A user-assigned managed identity."""

    name: str
    client_id: str = ""
    object_id: str = ""


class VirtualMachine(_Entry, frozen=True, kw_only=True):
    """A machine that asks the metadata address: with an identity of its own, with user-assigned ones of the tenant, or both."""

    name: str
    client_id: str = ""
    object_id: str = ""
    system_assigned: bool = True
    identities: list[str] = []


class ResourceGroup(_Entry, frozen=True, kw_only=True):
    """A resource group and what it holds."""

    name: str
    location: str = "westeurope"
    storage_accounts: list[StorageAccount] = []
    data_share_accounts: list[DataShareAccount] = []
    key_vaults: list[KeyVault] = []
    managed_identities: list[ManagedIdentity] = []
    virtual_machines: list[VirtualMachine] = []


class Subscription(_Entry, frozen=True, kw_only=True):
    """A subscription; its name is its display name."""

    name: str
    id: str = ""
    resource_groups: list[ResourceGroup] = []


class RoleAssignment(_Entry, frozen=True, kw_only=True):
    """A built-in role, given to a principal of the tenant at a scope of the tenant, all by name or id."""

    principal: str
    role: str
    scope: str


class Tenant(_Entry, frozen=True, kw_only=True):
    """An organisation's directory and what belongs to it; `block_sign_ins` is what its conditional access refuses."""

    name: str
    id: str = ""
    domain: str = ""
    block_sign_ins: list[str] = []
    apps: list[App] = []
    users: list[User] = []
    groups: list[Group] = []
    subscriptions: list[Subscription] = []
    role_assignments: list[RoleAssignment] = []


class Issuer(_Entry, frozen=True, kw_only=True):
    """An issuer of tokens outside, such as a cluster or a build service.

    Attributes:
        url: Its tokens' `iss`, letter by letter.
        keys: Path of its public keys, a PEM file or a JWK Set, relative to the file; or `generated`: a key pair made in the
            state folder, with which this local Azure stands in for the issuer.
    """

    url: str
    keys: str


class Document(_Entry, frozen=True, kw_only=True):
    """The whole file."""

    tenants: list[Tenant] = []
    issuers: list[Issuer] = []
