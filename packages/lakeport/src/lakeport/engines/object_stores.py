"""Lakes for what is built on Rust's object_store: obstore, which asks us for tokens, polars and delta, which ask an address.

Source: object_store, `AzureConfigKey` and `ClientConfigKey`.
"""

from __future__ import annotations

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

from lakeport import identity
from lakeport.engines.token_endpoint import endpoint, soon
from lakeport.identity.storage_key import KeptSas
from lakeport.storage.opening import SCOPE
from lakeport.storage.reaching import way

if TYPE_CHECKING:
    from lakeport.clock import Clock
    from lakeport.profiles import Profile

LOOPBACK = "127.0.0.1,localhost,::1"
_TRIPLE = frozenset({"AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET"})
LOUDER = _TRIPLE | {
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_MASTER_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_USE_AZURE_CLI",
}
"""Variables by which object_store signs in instead of asking an address."""


def store(
    profile: Profile, account: str, file_system: str, prefix: str = "", clock: Clock | None = None
) -> Any:  # Any: obstore is an extra
    """Return obstore's store of a file system; it asks us for a token or SAS with every request."""
    from obstore.store import AzureStore  # noqa: PLC0415

    cloud, found = profile.cloud, identity.storage_credential(profile, account, clock)
    config: dict[str, Any] = {"account_name": account}  # Any: obstore's options
    if cloud.endpoint:
        config["endpoint"] = cloud.blob_url(account)
    there = way(cloud, cloud.blob_url(account))
    client: dict[str, Any] = {}
    if there.proxy:
        client |= {"proxy_url": there.proxy, "proxy_excludes": _excluded()}
    if there.ca_bundle:
        client["root_certificate"] = Path(there.ca_bundle).read_text()
    if there.scheme == "http":
        client["allow_http"] = True
    more: dict[str, Any] = {"config": config, "client_options": client, "credential_provider": _Provider(found)}
    return AzureStore(file_system, prefix=prefix or None, **more)


class _Provider:
    """Gives obstore what opens an account, as good as we have it at that moment."""

    def __init__(self, found: Any) -> None:  # Any: any of azure-core's credentials
        self._found = found

    def __call__(self) -> dict[str, Any]:  # Any: obstore's form of credentials
        found = self._found
        if isinstance(found, AzureNamedKeyCredential):
            return {"access_key": found.named_key.key, "expires_at": None}
        if isinstance(found, AzureSasCredential):
            until = datetime.now(UTC) if isinstance(found, KeptSas) else None
            return {"sas_token": found.signature, "expires_at": until}
        return {
            "token": found.get_token(SCOPE).token,
            "expires_at": datetime.now(UTC),
        }  # asked again at once: it is cheap


def options(profile: Profile, account: str) -> dict[str, str]:
    """Return what polars and delta take to open an account.

    A SAS is the one of this moment; tokens are fetched anew from this process. Where a variable of the environment would
    win over that, as object_store has it, the options hold a token of this moment, and a warning says so.
    """
    cloud, found = profile.cloud, identity.storage_credential(profile, account)
    chosen = {"azure_storage_account_name": account, **_reached(profile, account)}
    if cloud.endpoint:
        chosen["azure_storage_endpoint"] = cloud.blob_url(account)
    if isinstance(found, AzureNamedKeyCredential):
        return chosen | {"azure_storage_account_key": found.named_key.key}
    if isinstance(found, AzureSasCredential):
        return chosen | {"azure_storage_sas_key": found.signature}
    louder = sorted(name for name in LOUDER if os.environ.get(name))
    if not louder:
        return chosen | {"azure_msi_endpoint": endpoint().address(found)}
    if profile.credential == "client_secret" and _TRIPLE.issuperset(louder):
        return chosen | _triple(profile)
    token = found.get_token(SCOPE)
    warnings.warn(
        f"{', '.join(louder)} would win over profile {profile.name!r}: these options hold a token that ends at "
        f"{soon(token.expires_on):%H:%M} UTC or later, and is not renewed",
        stacklevel=4,
    )
    return chosen | {"azure_storage_token": token.token}


def _triple(profile: Profile) -> dict[str, str]:
    secret = profile.secret("client_secret")
    return {
        "azure_storage_tenant_id": profile.tenant_id,
        "azure_storage_client_id": profile.client_id,
        "azure_storage_client_secret": secret.reveal() if secret else "",
        "azure_storage_authority_host": profile.cloud.authority,
    }


def _reached(profile: Profile, account: str) -> dict[str, str]:
    there = way(profile.cloud, profile.cloud.blob_url(account))
    reached = {"allow_http": "true"} if there.scheme == "http" else {}
    if there.proxy:
        reached |= {"proxy_url": there.proxy, "proxy_excludes": _excluded()}
        if there.ca_bundle:
            reached["proxy_ca_certificate"] = Path(there.ca_bundle).read_text()
    return reached


def _excluded() -> str:
    own = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return f"{LOOPBACK},{own}".rstrip(",")
