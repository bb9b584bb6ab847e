"""Unmodified azure-identity and msal sign in through the gateway, at Azure's own addresses."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from lakeport_local.entra import ARM, KEY_VAULT, STORAGE

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.credentials_async import AsyncTokenCredential
    from tests.wire.entra.conftest import Azure

SCOPE = "https://storage.azure.com/.default"


async def token_of(credential: TokenCredential, *scopes: str, **options: Any) -> AccessToken:
    """Ask a synchronous credential from a thread, and close it: the gateway runs in this one."""
    try:
        return await asyncio.to_thread(credential.get_token, *(scopes or (SCOPE,)), **options)
    finally:
        credential.close()  # type: ignore[attr-defined]  # every credential of the package has it


async def token_of_async(credential: AsyncTokenCredential, *scopes: str) -> AccessToken:
    async with credential:
        return await credential.get_token(*(scopes or (SCOPE,)))


def trust(azure: Azure) -> dict[str, str]:
    """Give an asynchronous client the CA: aiohttp reads SSL_CERT_FILE once, when it is imported."""
    return {"connection_verify": str(azure.bundle)}


def secret_credential(azure: Azure, **changes: str) -> ClientSecretCredential:
    given = {"tenant_id": azure.contoso.id, "client_id": azure.app.client_id, "client_secret": azure.secret} | changes
    return ClientSecretCredential(**given)


async def test_a_secret_signs_in_synchronously_and_asynchronously(azure: Azure) -> None:
    given = (azure.contoso.domain, azure.app.client_id, azure.secret)
    for token in (
        await token_of(ClientSecretCredential(*given)),
        await token_of_async(AsyncClientSecretCredential(*given, **trust(azure))),
    ):
        assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id
        assert 3500 < token.expires_on - time.time() < 5401


@pytest.mark.parametrize(
    ("scope", "audiences"),
    [
        ("https://management.azure.com/.default", ARM.audiences),
        ("https://management.core.windows.net//.default", ARM.audiences),
        ("https://vault.azure.net/.default", KEY_VAULT.audiences),
    ],
)
async def test_each_resource_gets_its_own_token(azure: Azure, scope: str, audiences: frozenset[str]) -> None:
    token = await token_of(secret_credential(azure), scope, enable_cae=True)
    assert azure.tokens.verify(token.token, audiences=audiences).client_id == azure.app.client_id


@pytest.mark.parametrize("send_chain", [False, True])
async def test_a_certificate_signs_in_synchronously(azure: Azure, send_chain: bool) -> None:
    credential = CertificateCredential(
        azure.contoso.id, azure.app.client_id, certificate_data=azure.pem, send_certificate_chain=send_chain
    )
    token = await token_of(credential)
    assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id


async def test_a_certificate_signs_in_asynchronously(azure: Azure) -> None:
    credential = AsyncCertificateCredential(
        azure.contoso.id, azure.app.client_id, certificate_data=azure.pem, **trust(azure)
    )
    token = await token_of_async(credential)
    assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id


async def test_clients_sign_in_as_before_when_an_operator_moved_the_clock(azure: Azure) -> None:
    azure.clock.advance(timedelta(days=10))
    given = (azure.contoso.id, azure.app.client_id)
    token = await token_of(CertificateCredential(*given, certificate_data=azure.pem))
    assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id
    azure.enter(azure.identity.object_id)
    token = await token_of_async(AsyncManagedIdentityCredential())
    assert 86_000 < token.expires_on - time.time() < 86_401


async def test_msal_alone_signs_in_with_public_certificate_and_no_thumbprint(azure: Azure) -> None:
    key, _, certificate = azure.pem.partition(b"-----BEGIN CERTIFICATE-----")
    secret = {"private_key": key.decode(), "public_certificate": "-----BEGIN CERTIFICATE-----" + certificate.decode()}

    def sign_in() -> dict[str, Any]:
        application = msal.ConfidentialClientApplication(
            azure.app.client_id,
            authority=f"https://login.microsoftonline.com/{azure.contoso.id}",
            client_credential=secret,
        )
        return dict(application.acquire_token_for_client([SCOPE]))

    answer = await asyncio.to_thread(sign_in)
    assert azure.tokens.verify(answer["access_token"], audiences=STORAGE.audiences).object_id == azure.app.object_id


async def test_wrong_secrets_apps_and_tenants_are_refused_with_their_numbers(azure: Azure) -> None:
    for changes, number in (
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": azure.consumer.client_id}, "AADSTS700016"),
        ({"tenant_id": azure.fabrikam.id}, "AADSTS700016"),
    ):
        with pytest.raises(ClientAuthenticationError, match=number):
            await token_of(secret_credential(azure, **changes))
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        await token_of_async(
            AsyncClientSecretCredential(azure.contoso.id, azure.app.client_id, "wrong", **trust(azure))
        )


async def test_an_unknown_tenant_is_refused(azure: Azure) -> None:
    unknown = "99999999-0000-4000-8000-000000000001"
    with pytest.raises((ClientAuthenticationError, ValueError), match=unknown):
        await token_of(secret_credential(azure, tenant_id=unknown))
    with pytest.raises(ClientAuthenticationError, match="AADSTS90002"):
        await token_of_async(AsyncClientSecretCredential(unknown, azure.app.client_id, azure.secret, **trust(azure)))


async def test_an_unregistered_certificate_is_refused(azure: Azure) -> None:
    azure.directory.remove(azure.contoso.id, azure.app.object_id)
    azure.directory.add_app(
        azure.contoso.id, name="provider", client_id=azure.app.client_id, object_id=azure.app.object_id
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        await token_of(CertificateCredential(azure.contoso.id, azure.app.client_id, certificate_data=azure.pem))


async def test_managed_identity_comes_from_the_metadata_address(azure: Azure) -> None:
    azure.enter(azure.identity.object_id)
    for token in (
        await token_of(ManagedIdentityCredential()),
        await token_of(ManagedIdentityCredential(client_id=azure.identity.client_id)),
        await token_of(ManagedIdentityCredential(identity_config={"object_id": azure.identity.object_id})),
        await token_of(ManagedIdentityCredential(identity_config={"resource_id": azure.identity.resource_id})),
        await token_of_async(AsyncManagedIdentityCredential()),
        await token_of_async(
            AsyncManagedIdentityCredential(identity_config={"resource_id": azure.identity.resource_id})
        ),
    ):
        assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.identity.object_id
        assert 86_000 < token.expires_on - time.time() < 86_401


async def test_managed_identity_comes_from_app_service(azure: Azure) -> None:
    azure.monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{azure.port}/msi/token")
    secret = azure.callers.token(azure.identity.object_id)
    azure.monkeypatch.setenv("IDENTITY_HEADER", f"{azure.identity.object_id}:{secret}")
    for token in (
        await token_of(ManagedIdentityCredential()),
        await token_of_async(AsyncManagedIdentityCredential(client_id=azure.identity.client_id)),
    ):
        assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.identity.object_id
    azure.monkeypatch.setenv("IDENTITY_HEADER", f"{azure.identity.object_id}:wrong")
    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError)):
        await token_of(ManagedIdentityCredential())


async def test_who_has_no_identity_learns_it_in_under_a_second(azure: Azure) -> None:
    azure.enter(azure.app.object_id)
    began = time.monotonic()
    with pytest.raises(CredentialUnavailableError):
        await token_of(ManagedIdentityCredential())
    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        await token_of_async(AsyncManagedIdentityCredential())
    assert time.monotonic() - began < 2


async def test_the_default_credential_finds_secret_or_identity_in_the_environment(azure: Azure) -> None:
    azure.enter(azure.identity.object_id)
    token = await token_of(DefaultAzureCredential(), "https://management.azure.com/.default")
    assert azure.tokens.verify(token.token, audiences=ARM.audiences).object_id == azure.identity.object_id
    for name, value in (
        ("AZURE_TENANT_ID", azure.contoso.id),
        ("AZURE_CLIENT_ID", azure.app.client_id),
        ("AZURE_CLIENT_SECRET", azure.secret),
    ):
        azure.monkeypatch.setenv(name, value)
    token = await token_of(DefaultAzureCredential(), "https://management.azure.com/.default")
    assert azure.tokens.verify(token.token, audiences=ARM.audiences).object_id == azure.app.object_id


async def test_the_default_probe_without_the_metadata_header_is_answered_in_json(azure: Azure) -> None:
    url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=x"
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


async def test_the_explicit_endpoint_is_an_authority_too(azure: Azure) -> None:
    authority = f"https://127.0.0.1:{azure.port}"
    token = await token_of(
        ClientSecretCredential(
            azure.contoso.id, azure.app.client_id, azure.secret, authority=authority, disable_instance_discovery=True
        )
    )
    assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id
    credential = AsyncCertificateCredential(
        azure.contoso.id, azure.app.client_id, certificate_data=azure.pem, authority=authority, **trust(azure)
    )
    token = await token_of_async(credential)
    assert azure.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == azure.app.object_id
