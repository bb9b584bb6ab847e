"""What the operator's commands do to a stranger's client."""

from __future__ import annotations

import base64
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobServiceClient
from tests.sdk.principal import Principal

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GROUP = "data-share-automation"


def client(azure: LocalAzure, name: str, **options: Any) -> ResourceManagementClient:
    who = Principal(azure, name)
    return who.client(ResourceManagementClient, subscription_id=who.subscription_id, **options)


def test_a_refusal_is_explained_by_the_request_id_that_the_client_saw(azure: LocalAzure) -> None:
    with pytest.raises(HttpResponseError) as caught:
        client(azure, "provider").resource_groups.create_or_update("another", {"location": "westeurope"})
    request_id = caught.value.response.headers["x-ms-request-id"]  # type: ignore[union-attr]  # azure-core's protocol lacks it
    said = azure.command("explain", request_id).stdout
    assert "refused: provider, Microsoft.Resources/subscriptions/resourceGroups/write" in said
    assert "it would pass with role" in said


def test_injected_trouble_reaches_the_client_as_often_as_asked(new_azure: NewAzure) -> None:
    azure = new_azure()
    resources = client(azure, "provider", retry_total=0)
    azure.command("fault", "add", "503", "--host", "management.azure.com", "--count", "1")
    with pytest.raises(HttpResponseError) as caught:
        resources.resource_groups.get(GROUP)
    assert caught.value.status_code == 503
    assert resources.resource_groups.get(GROUP).name == GROUP


OWNED = """
[[tenants]]
name = "contoso"
  [[tenants.apps]]
  name = "owner"
  [[tenants.apps]]
  name = "late"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lake"
  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"
"""


def test_roles_arrive_late_and_calls_are_counted_as_the_operator_says(new_azure: NewAzure) -> None:
    azure = new_azure(topology=OWNED)
    owner = Principal(azure, "owner")
    subscription_id = owner.subscription_id
    resources: Any = owner.client(ResourceManagementClient, subscription_id=subscription_id, retry_total=0)
    roles: Any = owner.client(AuthorizationManagementClient, subscription_id=subscription_id)
    late = Principal(azure, "late")
    theirs: Any = late.client(ResourceManagementClient, subscription_id=subscription_id)
    azure.command("fault", "delay-roles", "300")
    reader = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    asked = {"properties": {"roleDefinitionId": reader, "principalId": late.object_id}}
    roles.role_assignments.create(f"/subscriptions/{subscription_id}", str(uuid.uuid4()), asked)
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        theirs.resource_groups.get("lake")
    azure.command("clock", "advance", "5m")
    assert theirs.resource_groups.get("lake").name == "lake"
    azure.command("fault", "throttle", "2")
    found = [resources.resource_groups.get("lake").name for _ in range(2)]
    with pytest.raises(HttpResponseError) as throttled:
        resources.resource_groups.get("lake")
    assert (found, throttled.value.status_code) == (["lake"] * 2, 429)
    azure.command("fault", "clear")
    assert resources.resource_groups.get("lake").name == "lake"


def test_an_account_key_still_opens_when_the_clock_was_moved(new_azure: NewAzure) -> None:
    key = base64.b64encode(bytes(64)).decode()
    azure = new_azure(
        topology=f'''
[[tenants]]
name = "adatum"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lake"
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "adatumlake"
      key = "{key}"
'''
    )
    azure.command("clock", "advance", "1d")
    blobs = BlobServiceClient("https://adatumlake.blob.core.windows.net", key, **azure.sdk)
    blobs.create_container("made")
    assert [one.name for one in blobs.list_containers()] == ["made"]


SIGN_IN = """
from azure.identity import InteractiveBrowserCredential
InteractiveBrowserCredential(timeout=20).get_token("https://storage.azure.com/.default")
"""


def test_without_a_user_no_browser_opens(azure: LocalAzure) -> None:
    done = azure.run_as("provider", "python", "-c", SIGN_IN)
    assert "nobody is signed in to this session. Next: lakeport-local exec --as USER" in done.stderr
    assert "CredentialUnavailableError" in done.stderr


LOOK = """
from azure.identity import DefaultAzureCredential
from azure.storage.filedatalake import DataLakeServiceClient
lake = DataLakeServiceClient("https://sourcestorage.dfs.core.windows.net", DefaultAzureCredential())
print(lake.get_file_system_client("share-data").exists())
"""
BY_METADATA = ("env", "-u", "IDENTITY_ENDPOINT", "-u", "IDENTITY_HEADER", sys.executable, "-c", LOOK)


@pytest.mark.parametrize("program", [("python", "-c", LOOK), BY_METADATA], ids=["App Service", "metadata address"])
def test_a_managed_identity_is_who_the_default_credential_finds(azure: LocalAzure, program: tuple[str, ...]) -> None:
    done = azure.run_as("batch-node", *program)
    assert done.stdout == "True\n", done.stderr
