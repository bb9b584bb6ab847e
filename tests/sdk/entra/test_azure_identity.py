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
    from tests.sdk.entra.conftest import Entra

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


def trust(entra: Entra) -> dict[str, str]:
    """Give an asynchronous client the CA: aiohttp reads SSL_CERT_FILE once, when it is imported."""
    return {"connection_verify": str(entra.bundle)}


def secret_credential(entra: Entra, **changes: str) -> ClientSecretCredential:
    given = {"tenant_id": entra.contoso.id, "client_id": entra.app.client_id, "client_secret": entra.secret} | changes
    return ClientSecretCredential(**given)


async def test_a_secret_signs_in_synchronously_and_asynchronously(entra: Entra) -> None:
    given = (entra.contoso.domain, entra.app.client_id, entra.secret)
    for token in (
        await token_of(ClientSecretCredential(*given)),
        await token_of_async(AsyncClientSecretCredential(*given, **trust(entra))),
    ):
        assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id
        assert 3500 < token.expires_on - time.time() < 5401


@pytest.mark.parametrize(
    ("scope", "audiences"),
    [
        ("https://management.azure.com/.default", ARM.audiences),
        ("https://management.core.windows.net//.default", ARM.audiences),
        ("https://vault.azure.net/.default", KEY_VAULT.audiences),
    ],
)
async def test_each_resource_gets_its_own_token(entra: Entra, scope: str, audiences: frozenset[str]) -> None:
    token = await token_of(secret_credential(entra), scope, enable_cae=True)
    assert entra.tokens.verify(token.token, audiences=audiences).client_id == entra.app.client_id


@pytest.mark.parametrize("send_chain", [False, True])
async def test_a_certificate_signs_in_synchronously(entra: Entra, send_chain: bool) -> None:
    credential = CertificateCredential(
        entra.contoso.id, entra.app.client_id, certificate_data=entra.pem, send_certificate_chain=send_chain
    )
    token = await token_of(credential)
    assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id


async def test_a_certificate_signs_in_asynchronously(entra: Entra) -> None:
    credential = AsyncCertificateCredential(
        entra.contoso.id, entra.app.client_id, certificate_data=entra.pem, **trust(entra)
    )
    token = await token_of_async(credential)
    assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id


async def test_clients_sign_in_as_before_when_an_operator_moved_the_clock(entra: Entra) -> None:
    entra.clock.advance(timedelta(days=10))
    given = (entra.contoso.id, entra.app.client_id)
    token = await token_of(CertificateCredential(*given, certificate_data=entra.pem))
    assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id
    entra.enter(entra.identity.object_id)
    token = await token_of_async(AsyncManagedIdentityCredential())
    assert 86_000 < token.expires_on - time.time() < 86_401


async def test_msal_alone_signs_in_with_public_certificate_and_no_thumbprint(entra: Entra) -> None:
    key, _, certificate = entra.pem.partition(b"-----BEGIN CERTIFICATE-----")
    secret = {"private_key": key.decode(), "public_certificate": "-----BEGIN CERTIFICATE-----" + certificate.decode()}

    def sign_in() -> dict[str, Any]:
        application = msal.ConfidentialClientApplication(
            entra.app.client_id,
            authority=f"https://login.microsoftonline.com/{entra.contoso.id}",
            client_credential=secret,
        )
        return dict(application.acquire_token_for_client([SCOPE]))

    answer = await asyncio.to_thread(sign_in)
    assert entra.tokens.verify(answer["access_token"], audiences=STORAGE.audiences).object_id == entra.app.object_id


async def test_wrong_secrets_apps_and_tenants_are_refused_with_their_numbers(entra: Entra) -> None:
    for changes, number in (
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": entra.consumer.client_id}, "AADSTS700016"),
        ({"tenant_id": entra.fabrikam.id}, "AADSTS700016"),
    ):
        with pytest.raises(ClientAuthenticationError, match=number):
            await token_of(secret_credential(entra, **changes))
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        await token_of_async(
            AsyncClientSecretCredential(entra.contoso.id, entra.app.client_id, "wrong", **trust(entra))
        )


async def test_an_unknown_tenant_is_refused(entra: Entra) -> None:
    unknown = "99999999-0000-4000-8000-000000000001"
    with pytest.raises((ClientAuthenticationError, ValueError), match=unknown):
        await token_of(secret_credential(entra, tenant_id=unknown))
    with pytest.raises(ClientAuthenticationError, match="AADSTS90002"):
        await token_of_async(AsyncClientSecretCredential(unknown, entra.app.client_id, entra.secret, **trust(entra)))


async def test_an_unregistered_certificate_is_refused(entra: Entra) -> None:
    entra.directory.remove(entra.contoso.id, entra.app.object_id)
    entra.directory.add_app(
        entra.contoso.id, name="provider", client_id=entra.app.client_id, object_id=entra.app.object_id
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        await token_of(CertificateCredential(entra.contoso.id, entra.app.client_id, certificate_data=entra.pem))


async def test_managed_identity_comes_from_the_metadata_address(entra: Entra) -> None:
    entra.enter(entra.identity.object_id)
    for token in (
        await token_of(ManagedIdentityCredential()),
        await token_of(ManagedIdentityCredential(client_id=entra.identity.client_id)),
        await token_of(ManagedIdentityCredential(identity_config={"object_id": entra.identity.object_id})),
        await token_of(ManagedIdentityCredential(identity_config={"resource_id": entra.identity.resource_id})),
        await token_of_async(AsyncManagedIdentityCredential()),
        await token_of_async(
            AsyncManagedIdentityCredential(identity_config={"resource_id": entra.identity.resource_id})
        ),
    ):
        assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.identity.object_id
        assert 86_000 < token.expires_on - time.time() < 86_401


async def test_managed_identity_comes_from_app_service(entra: Entra) -> None:
    entra.monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{entra.port}/msi/token")
    secret = entra.callers.token(entra.identity.object_id)
    entra.monkeypatch.setenv("IDENTITY_HEADER", f"{entra.identity.object_id}:{secret}")
    for token in (
        await token_of(ManagedIdentityCredential()),
        await token_of_async(AsyncManagedIdentityCredential(client_id=entra.identity.client_id)),
    ):
        assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.identity.object_id
    entra.monkeypatch.setenv("IDENTITY_HEADER", f"{entra.identity.object_id}:wrong")
    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError)):
        await token_of(ManagedIdentityCredential())


async def test_who_has_no_identity_learns_it_without_being_tried_again(entra: Entra) -> None:
    entra.enter(entra.app.object_id)
    began = time.monotonic()
    with pytest.raises(CredentialUnavailableError):
        await token_of(ManagedIdentityCredential())
    with pytest.raises((CredentialUnavailableError, ClientAuthenticationError)):
        await token_of_async(AsyncManagedIdentityCredential())
    assert time.monotonic() - began < 20, "tries after a refusal take 25 seconds"


async def test_the_default_credential_finds_secret_or_identity_in_the_environment(entra: Entra) -> None:
    entra.enter(entra.identity.object_id)
    token = await token_of(DefaultAzureCredential(), "https://management.azure.com/.default")
    assert entra.tokens.verify(token.token, audiences=ARM.audiences).object_id == entra.identity.object_id
    for name, value in (
        ("AZURE_TENANT_ID", entra.contoso.id),
        ("AZURE_CLIENT_ID", entra.app.client_id),
        ("AZURE_CLIENT_SECRET", entra.secret),
    ):
        entra.monkeypatch.setenv(name, value)
    token = await token_of(DefaultAzureCredential(), "https://management.azure.com/.default")
    assert entra.tokens.verify(token.token, audiences=ARM.audiences).object_id == entra.app.object_id


async def test_the_default_probe_without_the_metadata_header_is_answered_in_json(entra: Entra) -> None:
    url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=x"
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


async def test_the_explicit_endpoint_is_an_authority_too(entra: Entra) -> None:
    authority = f"https://127.0.0.1:{entra.port}"
    token = await token_of(
        ClientSecretCredential(
            entra.contoso.id, entra.app.client_id, entra.secret, authority=authority, disable_instance_discovery=True
        )
    )
    assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id
    credential = AsyncCertificateCredential(
        entra.contoso.id, entra.app.client_id, certificate_data=entra.pem, authority=authority, **trust(entra)
    )
    token = await token_of_async(credential)
    assert entra.tokens.verify(token.token, audiences=STORAGE.audiences).object_id == entra.app.object_id
