"""What a topology says of an app's registration beyond its credentials, put where Microsoft Graph shows it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import derived_id
from lakeport_local.entra import Catalog
from lakeport_local.entra.federated_credentials import FederatedCredential
from lakeport_local.entra.issuers import IssuerKey, read_key_set

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.entra import Directory
    from lakeport_local.entra.catalog import Profile
    from lakeport_local.entra.key_pair import KeyPair
    from lakeport_local.serve import schema
    from lakeport_local.state import Store


def federated_credential(app: schema.App, declared: schema.FederatedCredential) -> FederatedCredential:
    """Return a declared federated credential; its id is derived, so that applying it again changes the same one."""
    return FederatedCredential(
        derived_id("federated credential", app.client_id, declared.name.lower()),
        declared.name,
        declared.issuer,
        declared.subject,
        tuple(declared.audiences),
        declared.description or None,
    )


def issuer_file(folder: Path, url: str) -> Path:
    """Return where the key pair lies with which this local Azure stands in for an issuer outside."""
    return folder / "issuers" / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.pem"


def keys_of(pair: KeyPair) -> list[IssuerKey]:
    """Return the public part of such a key pair."""
    return read_key_set(orjson.dumps({"keys": [pair.public_jwk()]}))


def registration(directory: Directory, store: Store, app: schema.App, tenant_id: str) -> None:
    """Write an app's redirect URIs, its kind and its names as an API into the application's profile."""
    catalog = Catalog(directory, store)
    entry = catalog.registration(app.client_id)
    if entry is None or entry.tenant_id != tenant_id:
        return
    profile = {**entry.profile, **_profile(app, entry.profile)}
    if profile != entry.profile:
        catalog.set_profile(entry, profile)


def _profile(app: schema.App, kept: Profile) -> Profile:
    part = "publicClient" if app.public_client else "web"
    profile: Profile = {part: {**(kept.get(part) or {}), "redirectUris": app.redirect_uris}}
    if app.public_client:
        profile["isFallbackPublicClient"] = True
    if app.identifier_uris:
        profile["identifierUris"] = app.identifier_uris
    if app.token_version != 1:
        profile["api"] = {**(kept.get("api") or {}), "requestedAccessTokenVersion": app.token_version}
    return profile
