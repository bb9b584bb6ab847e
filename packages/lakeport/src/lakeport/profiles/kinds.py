"""The kinds of credential that a profile may have, and which of its keys each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class CredentialKind:
    """One way to be let in.

    Attributes:
        needs: The keys without which it cannot work.
        signs: Keys any of which tells that this kind is meant, where a profile does not say so.
        opens_storage_only: It is no principal: nothing but one storage account takes it.
    """

    name: str
    meaning: str
    needs: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    opens_storage_only: bool = False


# In this order a kind is looked for, where a profile does not name its own.
KINDS = {
    kind.name: kind
    for kind in (
        CredentialKind(
            "client_secret",
            "an application with its secret",
            ("tenant_id", "client_id", "client_secret"),
            ("client_secret",),
        ),
        CredentialKind(
            "client_certificate",
            "an application with its certificate: PEM, PFX, or the folder of an Azure Batch node",
            ("tenant_id", "client_id"),
            ("certificate", "thumbprint"),
        ),
        CredentialKind(
            "workload_identity",
            "an application whose token another issuer's token is exchanged for",
            ("tenant_id", "client_id", "token_file"),
            ("token_file",),
        ),
        CredentialKind(
            "sas_in_key_vault",
            "a SAS that a Key Vault secret holds, read again before it expires",
            ("sas_secret",),
            ("sas_secret",),
            opens_storage_only=True,
        ),
        CredentialKind(
            "managed_identity", "the machine's identity", signs=("identity_object_id", "identity_resource_id")
        ),
        CredentialKind("sas", "a SAS", signs=("sas",), opens_storage_only=True),
        CredentialKind("account_key", "a storage account's key", signs=("account_key",), opens_storage_only=True),
        CredentialKind(
            "connection_string",
            "a storage account's connection string, with a key or a SAS",
            ("connection_string",),
            ("connection_string",),
            opens_storage_only=True,
        ),
        CredentialKind("device_code", "a person, by a code typed into any browser", ("tenant_id",)),
        CredentialKind("interactive_browser", "a person, in this machine's browser"),
        CredentialKind("azure_cli", "whoever has run az login"),
        CredentialKind("chained", "the first of several that works", ("sources",), ("sources",)),
        CredentialKind("default", "whatever the machine offers"),
    )
}


def kind_of(keys: Collection[str]) -> str:
    """Tell which kind of credential the keys of a profile mean.

    Example:
        >>> kind_of({"tenant_id", "client_id", "certificate"}), kind_of({"storage_account"})
        ('client_certificate', 'default')
    """
    return next((kind.name for kind in KINDS.values() if not set(kind.signs).isdisjoint(keys)), "default")
