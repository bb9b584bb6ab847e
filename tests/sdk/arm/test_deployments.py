"""Microsoft's deployments client, unmodified: what Bicep compiles to goes in, resources come out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

if TYPE_CHECKING:
    from tests.sdk.arm.conftest import Person


def template(name: str) -> Any:
    """Return a lake and an identity that may write to it, as a compiled template says it."""
    lake = "resourceId('Microsoft.Storage/storageAccounts', parameters('name'))"
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"name": {"type": "string", "defaultValue": name}},
        "resources": [
            {
                "type": "Microsoft.Storage/storageAccounts",
                "apiVersion": "2023-01-01",
                "name": "[parameters('name')]",
                "location": "[resourceGroup().location]",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "properties": {"isHnsEnabled": True},
            },
            {
                "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
                "apiVersion": "2023-01-31",
                "name": "[parameters('name')]",
                "location": "[resourceGroup().location]",
            },
            {
                "type": "Microsoft.Authorization/roleAssignments",
                "apiVersion": "2022-04-01",
                "scope": f"[{lake}]",
                "name": f"[guid({lake}, 'writer')]",
                "properties": {
                    "principalId": "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name')), "
                    "'2023-01-31').principalId]",
                    "principalType": "ServicePrincipal",
                    "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', "
                    "'ba92f5b4-2d11-453d-a403-e96b0029c9fe')]",
                },
                "dependsOn": [f"[{lake}]"],
            },
        ],
        "outputs": {"dfs": {"type": "string", "value": f"[reference({lake}).primaryEndpoints.dfs]"}},
    }


def asked(name: str, **more: Any) -> Any:
    return {"properties": {"mode": "Incremental", "template": template(name), **more}}


@pytest.fixture
def name() -> str:
    return "tpl" + uuid.uuid4().hex[:10]


def test_a_template_is_validated_deployed_listed_and_deleted(owner: Person, subscription_id: str, name: str) -> None:
    client: Any = owner.deployments(subscription_id)
    deployments = client.deployments
    assert deployments.begin_validate("lake", name, asked(name)).result().error is None
    what_if = deployments.begin_what_if("lake", name, asked(name)).result()
    assert what_if.status == "Succeeded"
    assert not deployments.check_existence("lake", name)
    made = deployments.begin_create_or_update("lake", name, asked(name)).result()
    assert made.properties.provisioning_state == "Succeeded"
    assert made.properties.outputs["dfs"]["value"] == f"https://{name}.dfs.core.windows.net/"
    assert owner.storage(subscription_id).storage_accounts.get_properties("lake", name).is_hns_enabled
    (assigned,) = [
        one
        for one in owner.roles(subscription_id).role_assignments.list_for_scope(made.properties.output_resources[0].id)
        if one.scope.endswith(name)
    ]
    assert assigned.principal_type == "ServicePrincipal"
    operations = list(client.deployment_operations.list("lake", name))
    assert {one.properties.provisioning_state for one in operations} == {"Succeeded"}
    assert client.deployment_operations.get("lake", name, operations[0].operation_id).id == operations[0].id
    assert name in {one.name for one in deployments.list_by_resource_group("lake")}
    exported: Any = deployments.export_template("lake", name).template
    assert exported["parameters"]["name"]["defaultValue"] == name
    deployments.begin_delete("lake", name).result()
    with pytest.raises(ResourceNotFoundError):
        deployments.get("lake", name)


def test_a_deployment_that_fails_says_why(owner: Person, contributor: Person, subscription_id: str, name: str) -> None:
    with pytest.raises(HttpResponseError, match="InvalidTemplateDeployment"):
        contributor.deployments(subscription_id).deployments.begin_create_or_update("lake", name, asked(name)).result()
    deployments: Any = owner.deployments(subscription_id).deployments
    with pytest.raises(HttpResponseError, match="DeploymentFailed") as failed:
        deployments.begin_create_or_update("lake", name, asked("No Such Name!")).result()
    assert "AccountNameInvalid" in str(failed.value)
    with pytest.raises(HttpResponseError, match="InvalidTemplate"):
        deployments.begin_validate("lake", name, asked(name, parameters={"none": {"value": 1}})).result()


def test_a_subscription_deployment_makes_a_group(owner: Person, subscription_id: str, name: str) -> None:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": name,
        "location": "westeurope",
    }
    module = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "module",
        "resourceGroup": name,
        "dependsOn": [f"[subscriptionResourceId('Microsoft.Resources/resourceGroups', '{name}')]"],
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "template": template(name),
        },
    }
    whole: Any = {
        "location": "westeurope",
        "properties": {"mode": "Incremental", "template": {"resources": [group, module]}},
    }
    client: Any = owner.deployments(subscription_id)
    deployments = client.deployments
    made = deployments.begin_create_or_update_at_subscription_scope(name, whole).result()
    assert made.properties.provisioning_state == "Succeeded"
    assert owner.storage(subscription_id).storage_accounts.get_properties(name, name).location == "westeurope"
    assert deployments.get_at_subscription_scope(name).location == "westeurope"
    operations = client.deployment_operations.list_at_subscription_scope(name)
    assert {one.properties.provisioning_state for one in operations} == {"Succeeded"}


def test_a_group_exported_is_deployed_again(owner: Person, subscription_id: str, name: str) -> None:
    groups: Any = owner.resources(subscription_id).resource_groups
    deployments: Any = owner.deployments(subscription_id).deployments
    groups.create_or_update(name, {"location": "westeurope"})
    deployments.begin_create_or_update(name, "first", asked(name)).result()
    exported = groups.begin_export_template(name, {"resources": ["*"]}).result().template
    assert {one["type"] for one in exported["resources"]} == {
        "Microsoft.Storage/storageAccounts",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
    }
    groups.begin_delete(name).result()
    groups.create_or_update(name, {"location": "westeurope"})
    again = {"properties": {"mode": "Incremental", "template": exported}}
    assert (
        deployments.begin_create_or_update(name, "again", again).result().properties.provisioning_state == "Succeeded"
    )
    assert owner.storage(subscription_id).storage_accounts.get_properties(name, name).is_hns_enabled
