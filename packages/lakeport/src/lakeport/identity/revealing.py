"""A profile's secrets, wherever they are kept; Key Vault is asked as the profile's own principal, or as the machine."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport.errors import BadProfile
from lakeport.identity.refusals import translated
from lakeport.profiles.kinds import KINDS, kind_of

if TYPE_CHECKING:
    from azure.keyvault.secrets import KeyVaultSecret

    from lakeport.profiles import Profile

_SECRET = re.compile(
    r"(?P<vault>https://[^/?#@]+)/secrets/(?P<name>[0-9A-Za-z-]{1,127})(?:/(?P<version>[0-9a-f]{32}))?/?"
)


def reveal(profile: Profile, key: str) -> str:
    """Return one of a profile's secrets; empty when it has none under that key.

    Raises:
        BadProfile: It cannot be read.
        LakeportError: The vault that holds it refuses.

    Wire: two requests to the vault when it is kept there, and a token; else none.
    """
    secret = profile.secret(key)
    if secret is None:
        return ""
    if not secret.key_vault:
        return secret.reveal()
    return str(kept(profile, secret.key_vault, but=key).value or "")


def kept(profile: Profile, identifier: str, *, but: str) -> KeyVaultSecret:
    """Return what a Key Vault holds under a secret's identifier, its value and its attributes.

    Args:
        profile: Whose principal asks; where it has none beside the secret itself, the machine's default chain does.
        identifier: `https://VAULT/secrets/NAME`, with a version or without.
        but: The key of the profile that is being read, which therefore cannot help to sign in.

    Raises:
        BadProfile: The identifier is not one of a secret.
        LakeportError: The vault refuses.
    """
    found = _SECRET.fullmatch(identifier)
    if found is None:
        raise BadProfile(
            f"{identifier!r} is no Key Vault secret", hint="Write https://VAULT.vault.azure.net/secrets/NAME"
        )
    from azure.keyvault.secrets import SecretClient  # noqa: PLC0415  (few profiles need it)

    from lakeport.identity import credential  # noqa: PLC0415  (kinds read their secrets through here)

    asker = credential(_asker(profile, but))
    with translated(profile, identifier), SecretClient(found["vault"], asker, **profile.cloud.sdk_options()) as client:
        return client.get_secret(found["name"], found["version"])


def _asker(profile: Profile, but: str) -> Profile:
    """The profile as it signs in to a vault: without what the vault holds, and without what opens storage only."""
    values = {key: value for key, value in profile.values.items() if key not in {but, "credential"}}
    tokens = {key for key in values if not KINDS[kind_of({key})].opens_storage_only}
    return replace(profile, credential=kind_of(tokens), values=values)
