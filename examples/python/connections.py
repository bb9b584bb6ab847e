"""Who connects: profiles, where their values come from, and credentials for Microsoft's own clients."""

from __future__ import annotations

import asyncio

from azure.core.exceptions import ClientAuthenticationError

import lakeport
from lakeport import identity, profiles
from lakeport.profiles import Secret


def main() -> None:
    print(profiles.names(), [file.path for file in profiles.profile_files()])
    profile = profiles.resolve("local:provider")
    print(profile.text("storage_account"), profile.secret("client_secret"), profile.tenant_id)

    secret = Secret(env="HOME")
    print(secret.reference(), secret.shown(), bool(secret.reveal()))

    lake = lakeport.connect("local:provider:share-data")
    print(bool(lakeport.credential(profile).get_token("https://storage.azure.com/.default").token))
    print(identity.storage_credential(profile, lake.account), identity.unsigned(profile))
    asyncio.run(token(profile))

    print(identity.translate(ClientAuthenticationError("AADSTS7000215: Invalid client secret"), profile).hint)
    try:
        with identity.translated(profile, "an example"):
            raise ClientAuthenticationError("AADSTS90002: Tenant not found")
    except lakeport.LakeportError as error:
        print(type(error).__name__, error.retryable)


async def token(profile: lakeport.Profile) -> None:
    async with identity.async_credential(profile) as credential:
        print(bool((await credential.get_token("https://storage.azure.com/.default")).token))


if __name__ == "__main__":
    main()
