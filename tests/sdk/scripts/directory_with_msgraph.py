"""Microsoft Graph's own SDK, as its users write it: everything an administrator's script does to a directory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from azure.identity.aio import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.add_key.add_key_post_request_body import AddKeyPostRequestBody
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_key.remove_key_post_request_body import RemoveKeyPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.directory_objects.get_by_ids.get_by_ids_post_request_body import GetByIdsPostRequestBody
from msgraph.generated.groups.item.check_member_groups.check_member_groups_post_request_body import (
    CheckMemberGroupsPostRequestBody,
)
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.group import Group
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.key_credential import KeyCredential
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.user import User
from msgraph.generated.users.item.get_member_groups.get_member_groups_post_request_body import (
    GetMemberGroupsPostRequestBody,
)
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

OBJECTS = "https://graph.microsoft.com/v1.0/directoryObjects"
STORAGE = "https://storage.azure.com/.default"


def certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rolled")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return key, builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9)).sign(
        key, hashes.SHA256()
    )


def key_credential(made: x509.Certificate) -> KeyCredential:
    return KeyCredential(
        type="AsymmetricX509Cert",
        usage="Verify",
        key=made.public_bytes(Encoding.DER),
        display_name="k",
    )


def proof(key: rsa.RSAPrivateKey, made: x509.Certificate, object_id: str) -> str:
    now = int(time.time())
    claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": object_id, "nbf": now, "exp": now + 500}
    thumbprint = base64.urlsafe_b64encode(made.fingerprint(hashes.SHA1())).rstrip(b"=").decode()
    return jwt.encode(claims, key, "RS256", {"x5t": thumbprint})


async def applications(graph: GraphServiceClient, tenant: str, said: dict[str, Any]) -> None:
    app = await graph.applications.post(Application(display_name="rolling", sign_in_audience="AzureADMyOrg"))
    assert app
    assert app.id
    assert app.app_id
    principal = await graph.service_principals.post(ServicePrincipal(app_id=app.app_id))
    one = graph.applications.by_application_id(app.id)
    password = PasswordCredential(display_name="first")
    secret = await one.add_password.post(AddPasswordPostRequestBody(password_credential=password))
    assert secret
    assert secret.secret_text
    assert secret.key_id
    assert principal
    async with ClientSecretCredential(tenant, app.app_id, secret.secret_text) as credential:
        said["signed in"] = bool((await credential.get_token(STORAGE)).token)
        key, made = certificate()
        await one.patch(Application(key_credentials=[key_credential(made)]))
        itself = GraphServiceClient(credential).applications.by_application_id(app.id)
        new_key, new = certificate()
        body = AddKeyPostRequestBody(key_credential=key_credential(new), proof=proof(key, made, app.id))
        added = await itself.add_key.post(body)
        said["keys"] = len((await one.get()).key_credentials)  # type: ignore[union-attr,arg-type]
        gone = RemoveKeyPostRequestBody(key_id=UUID(str(added.key_id)), proof=proof(new_key, new, app.id))  # type: ignore[union-attr]
        await itself.remove_key.post(gone)
        try:
            await itself.add_key.post(
                AddKeyPostRequestBody(key_credential=key_credential(new), proof=proof(new_key, new, app.id))
            )
        except APIError as error:
            said["wrong proof"] = error.response_status_code
    await one.remove_password.post(RemovePasswordPostRequestBody(key_id=secret.key_id))
    credentials = one.federated_identity_credentials
    made_fic = await credentials.post(
        FederatedIdentityCredential(
            name="build",
            issuer="https://token.builds.example",
            subject="main",
            audiences=["api://AzureADTokenExchange"],
        )
    )
    assert made_fic
    assert made_fic.id
    await credentials.by_federated_identity_credential_id(made_fic.id).patch(FederatedIdentityCredential(subject="dev"))
    listed = await credentials.get()
    said["federated"] = [(fic.name, fic.subject) for fic in listed.value]  # type: ignore[union-attr]
    await credentials.by_federated_identity_credential_id(made_fic.id).delete()
    query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
        filter="appId eq '" + app.app_id + "'", select=["id", "displayName"]
    )
    found = await graph.applications.get(RequestConfiguration(query_parameters=query))
    said["selected"] = [(each.display_name, each.app_id) for each in found.value]  # type: ignore[union-attr]
    await one.delete()
    try:
        await one.get()
    except APIError as error:
        said["gone"] = error.error.code  # type: ignore[attr-defined]


async def people(graph: GraphServiceClient, said: dict[str, Any]) -> None:
    profile = PasswordProfile(password="Long-enough-1", force_change_password_next_sign_in=False)
    users = []
    for number in range(5):
        upn = f"reader{number}@contoso.onmicrosoft.com"
        user = User(
            account_enabled=True, display_name=f"Reader {number}", mail_nickname=f"reader{number}",
            user_principal_name=upn, password_profile=profile,
        )  # fmt: skip
        users.append(await graph.users.post(user))
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        search='"displayName:Reader"', count=True, top=2, orderby=["displayName desc"]
    )
    asked = RequestConfiguration(query_parameters=query)
    asked.headers.add("ConsistencyLevel", "eventual")
    page, names = await graph.users.get(asked), []
    said["counted"] = page.odata_count  # type: ignore[union-attr]
    while page:
        names += [user.display_name for user in page.value or ()]
        page = await graph.users.with_url(page.odata_next_link).get(asked) if page.odata_next_link else None
    said["paged"] = names
    inner = await graph.groups.post(
        Group(display_name="inner", mail_nickname="inner", mail_enabled=False, security_enabled=True)
    )
    outer = await graph.groups.post(
        Group(display_name="outer", mail_nickname="outer", mail_enabled=False, security_enabled=True)
    )
    reader = users[0]
    assert inner
    assert outer
    assert reader
    assert inner.id
    assert outer.id
    assert reader.id
    await graph.groups.by_group_id(inner.id).members.ref.post(ReferenceCreate(odata_id=f"{OBJECTS}/{reader.id}"))
    await graph.groups.by_group_id(outer.id).members.ref.post(ReferenceCreate(odata_id=f"{OBJECTS}/{inner.id}"))
    transitive = await graph.groups.by_group_id(outer.id).transitive_members.get()
    said["transitive"] = sorted(type(each).__name__ for each in transitive.value)  # type: ignore[union-attr]
    one = graph.users.by_user_id(reader.id)
    groups = await one.get_member_groups.post(GetMemberGroupsPostRequestBody(security_enabled_only=True))
    said["member of"] = sorted(groups.value) == sorted([inner.id, outer.id])  # type: ignore[union-attr,type-var]
    checked = await graph.directory_objects.by_directory_object_id(reader.id).check_member_groups.post(
        CheckMemberGroupsPostRequestBody(group_ids=[outer.id])  # type: ignore[arg-type]
    )
    said["checked"] = checked.value == [outer.id]  # type: ignore[union-attr]
    found = await graph.directory_objects.get_by_ids.post(
        GetByIdsPostRequestBody(ids=[reader.id, outer.id], types=["user"])
    )
    said["by ids"] = [each.id for each in found.value] == [reader.id]  # type: ignore[union-attr]
    revoked = await one.revoke_sign_in_sessions.post()
    said["revoked"] = revoked.value  # type: ignore[union-attr]
    await one.patch(User(account_enabled=False))
    await graph.groups.by_group_id(inner.id).members.by_directory_object_id(reader.id).ref.delete()
    invited = await graph.invitations.post(
        Invitation(
            invited_user_email_address="grace@fabrikam.onmicrosoft.com",
            invite_redirect_url="https://myapps.microsoft.com",
        )
    )
    said["invited"] = (invited.status, invited.invited_user_type)  # type: ignore[union-attr]
    await batch(graph, reader.id, said)


async def batch(graph: GraphServiceClient, user_id: str, said: dict[str, Any]) -> None:
    content = BatchRequestContent()
    known = BatchRequestItem(request_information=graph.users.by_user_id(user_id).to_get_request_information())
    unknown = BatchRequestItem(
        request_information=graph.groups.by_group_id(
            "00000000-0000-4000-8000-000000000009"
        ).to_get_request_information()
    )
    for item in (known, unknown):
        content.add_request(item.id, item)  # type: ignore[arg-type]
    answered = await graph.batch.post(content)
    statuses = {key: answered.get_response_by_id(key).status for key in (known.id, unknown.id)}  # type: ignore[union-attr,arg-type]
    said["batch"] = sorted(statuses.values())  # type: ignore[type-var]


async def main() -> None:
    said: dict[str, Any] = {}
    tenant = os.environ["AZURE_TENANT_ID"]
    secret = os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
    async with ClientSecretCredential(tenant, *secret) as credential:
        graph = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
        await applications(graph, tenant, said)
        await people(graph, said)
    print(json.dumps(said))


asyncio.run(main())
