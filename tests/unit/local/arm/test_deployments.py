"""Deployments of templates: what they make, in which order, with whose rights, and how they fail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.arm.templates.running import Deployments

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Answer, Cloud, Tenant

STORAGE = {
    "type": "Microsoft.Storage/storageAccounts",
    "apiVersion": "2023-01-01",
    "location": "westeurope",
    "sku": {"name": "Standard_LRS"},
    "kind": "StorageV2",
}
IDENTITY = {
    "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "apiVersion": "2023-01-31",
    "location": "[resourceGroup().location]",
}
ROLE = "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')]"


def body(resources: Any, *, given: Any = None, mode: str = "Incremental", **members: Any) -> dict[str, Any]:
    template = {"$schema": "https://x/deploymentTemplate.json#", "contentVersion": "1.0.0.0", "resources": resources}
    values = {name: {"value": value} for name, value in (given or {}).items()}
    return {"properties": {"mode": mode, "parameters": values, "template": {**template, **members}}}


def deploy(cloud: Cloud, tenant: Tenant, asked: Any, *, name: str = "d", caller: Any = None) -> Answer:
    """Deploy to the tenant's group and return the deployment as it ended."""
    path = f"{tenant.group}/providers/Microsoft.Resources/deployments/{name}"
    begun = cloud.send(caller or tenant.owner, "PUT", path, asked)
    if begun.status not in {200, 201}:
        return begun
    assert begun.body["properties"]["provisioningState"] == "Accepted"
    poll = cloud.follow(tenant.owner, begun.headers["azure-asyncoperation"])
    ended = cloud.send(tenant.owner, "GET", path)
    assert poll.body["status"] == ended.body["properties"]["provisioningState"]
    return ended


def test_what_bicep_makes_of_a_lake_is_deployed(cloud: Cloud, contoso: Tenant) -> None:
    assignment = {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "scope": "[format('Microsoft.Storage/storageAccounts/{0}', parameters('name'))]",
        "name": "[guid(variables('lake'), 'writer')]",
        "properties": {
            "principalId": "[reference(variables('writer'), '2023-01-31').principalId]",
            "principalType": "ServicePrincipal",
            "roleDefinitionId": ROLE,
        },
        "dependsOn": ["[variables('lake')]"],
    }
    made = deploy(
        cloud,
        contoso,
        body(
            [assignment, {**STORAGE, "name": "[parameters('name')]"}, {**IDENTITY, "name": "writer"}],
            given={"name": "deployed", "secret": "hush"},
            parameters={"name": {"type": "string", "minLength": 3}, "secret": {"type": "securestring"}},
            variables={
                "lake": "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]",
                "writer": "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'writer')]",
            },
            outputs={
                "dfs": {"type": "string", "value": "[reference(variables('lake')).primaryEndpoints.dfs]"},
                "key": {"type": "securestring", "value": "[listKeys(variables('lake'), '2023-01-01').keys[0].value]"},
            },
        ),
    )
    properties = made.body["properties"]
    assert properties["provisioningState"] == "Succeeded", properties.get("error")
    assert properties["outputs"] == {
        "dfs": {"type": "String", "value": "https://deployed.dfs.core.windows.net/"},
        "key": {"type": "SecureString"},
    }
    assert properties["parameters"]["secret"] == {"type": "SecureString"}
    account = f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/deployed"
    kept = cloud.resources.under(account, "Microsoft.Authorization/roleAssignments")
    identity = cloud.resources.get(f"{contoso.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/writer")
    assert identity is not None
    assert [one.properties["principalId"] for one in kept] == [identity.properties["principalId"]]
    operations = cloud.send(contoso.owner, "GET", f"{made.body['id']}/operations").body["value"]
    assert {one["properties"]["targetResource"]["resourceName"] for one in operations} >= {"deployed", "writer"}
    assert "hush" not in str(cloud.resources.get(made.body["id"]))


def test_a_deployment_again_changes_nothing(cloud: Cloud, contoso: Tenant) -> None:
    asked = body([{**STORAGE, "name": "twice1"}])
    assert deploy(cloud, contoso, asked).body["properties"]["provisioningState"] == "Succeeded"
    key = cloud.resources.get(f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/twice1")
    assert deploy(cloud, contoso, asked).body["properties"]["provisioningState"] == "Succeeded"
    assert cloud.resources.get(f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/twice1") == key


def test_symbolic_names_loops_conditions_and_existing_resources(cloud: Cloud, contoso: Tenant) -> None:
    deploy(cloud, contoso, body([{**IDENTITY, "name": "before"}]), name="first")
    made = deploy(
        cloud,
        contoso,
        body(
            {
                "lakes": {
                    **STORAGE,
                    "copy": {"name": "lakes", "count": 2},
                    "name": "[format('looped{0}', copyIndex())]",
                },
                "not": {**STORAGE, "condition": False, "name": "unwanted"},
                "me": {**IDENTITY, "existing": True, "name": "before"},
            },
            languageVersion="2.0",
            outputs={
                "ids": {
                    "type": "array",
                    "copy": {"count": 2, "input": "[resourceInfo(format('lakes[{0}]', copyIndex())).id]"},
                },
                "who": {"type": "string", "value": "[reference('me').principalId]"},
                "all": {"type": "int", "value": "[length(references('lakes', 'full'))]"},
                "never": {"condition": False, "type": "string", "value": "[reference('not').x]"},
            },
        ),
    )
    found = made.body["properties"]["outputs"]
    assert [one.rsplit("/", 1)[-1] for one in found["ids"]["value"]] == ["looped0", "looped1"]
    assert found["all"]["value"] == 2
    assert set(found) == {"ids", "who", "all"}
    assert cloud.resources.get(f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/unwanted") is None


def test_a_subscription_deployment_makes_a_group_and_a_module_fills_it(cloud: Cloud, contoso: Tenant) -> None:
    module = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "fill",
        "resourceGroup": "byTemplate",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"name": {"value": "[concat(parameters('prefix'), 'lake')]"}},
            "template": {
                "parameters": {"name": {"type": "string"}},
                "resources": [{**STORAGE, "name": "[parameters('name')]", "location": "[resourceGroup().location]"}],
                "outputs": {
                    "id": {
                        "type": "string",
                        "value": "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]",
                    }
                },
            },
        },
        "dependsOn": ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'byTemplate')]"],
    }
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": "byTemplate",
        "location": "[deployment().location]",
    }
    asked = body(
        [module, group],
        given={"prefix": "sub"},
        parameters={"prefix": {"type": "string"}},
        outputs={
            "id": {
                "type": "string",
                "value": "[reference(resourceId('byTemplate', 'Microsoft.Resources/deployments', 'fill')).outputs.id.value]",
            }
        },
    )
    path = f"{contoso.scope}/providers/Microsoft.Resources/deployments/whole"
    assert cloud.send(contoso.owner, "PUT", path, asked).code == "LocationRequired"
    assert cloud.send(contoso.owner, "PUT", path, {**asked, "location": "northeurope"}).status == 201
    properties = cloud.send(contoso.owner, "GET", path).body["properties"]
    assert properties["provisioningState"] == "Succeeded", properties.get("error")
    wanted = f"{contoso.scope}/resourceGroups/byTemplate/providers/Microsoft.Storage/storageAccounts/sublake"
    assert properties["outputs"]["id"]["value"].lower() == wanted.lower()
    made = cloud.resources.get(wanted)
    assert made is not None
    assert made.location == "northeurope"


def test_nobody_deploys_what_they_may_not_make_by_hand(cloud: Cloud, contoso: Tenant) -> None:
    helper = cloud.add_app(contoso.id, "helper")
    cloud.assign(helper, "b24988ac-6180-42a0-ab88-20f7382dd24c", contoso.group)  # Contributor: no role assignments
    assignment = {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": "[guid('x')]",
        "properties": {"principalId": helper.object_id, "roleDefinitionId": ROLE},
    }
    refused = deploy(cloud, contoso, body([{**STORAGE, "name": "nothinghere"}, assignment]), caller=helper)
    assert (refused.status, refused.code) == (403, "InvalidTemplateDeployment")
    assert "Microsoft.Authorization/roleAssignments/write" in refused.message
    assert cloud.resources.get(f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/nothinghere") is None
    elsewhere = {**STORAGE, "name": "outside", "scope": f"{contoso.scope}/resourceGroups/other"}
    assert deploy(cloud, contoso, body([elsewhere]), caller=helper).status == 403


def test_a_reader_deploys_nothing(cloud: Cloud, contoso: Tenant) -> None:
    reader = cloud.add_app(contoso.id, "reader")
    cloud.assign(reader, "acdd72a7-3385-48ef-bd42-f606fba81ae7", contoso.group)
    assert deploy(cloud, contoso, body([]), caller=reader).code == "AuthorizationFailed"


def test_what_depends_on_a_failure_is_not_tried(cloud: Cloud, contoso: Tenant) -> None:
    bad = {**STORAGE, "name": "bad", "sku": {"name": "Golden"}}
    after = {**STORAGE, "name": "afterbad", "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', 'bad')]"]}
    made = deploy(cloud, contoso, body([after, bad, {**STORAGE, "name": "beside"}]))
    error = made.body["properties"]["error"]
    assert made.body["properties"]["provisioningState"] == "Failed"
    assert error["code"] == "DeploymentFailed"
    assert [one["code"] for one in error["details"]] == ["InvalidRequestPropertyValue"]
    names = {one.name for one in cloud.resources.under(contoso.group, "Microsoft.Storage/storageAccounts")}
    assert names == {"beside"}


def test_complete_mode_removes_what_the_template_does_not_have(cloud: Cloud, contoso: Tenant) -> None:
    deploy(cloud, contoso, body([{**STORAGE, "name": "stays"}, {**STORAGE, "name": "leaves"}]))
    deploy(cloud, contoso, body([{**STORAGE, "name": "stays"}], mode="Complete"), name="complete")
    names = {one.name for one in cloud.resources.under(contoso.group, "Microsoft.Storage/storageAccounts")}
    assert names == {"stays"}


def test_complete_mode_fails_where_the_caller_may_not_delete(cloud: Cloud, contoso: Tenant) -> None:
    deploy(
        cloud,
        contoso,
        body(
            [{**STORAGE, "name": "stays"}, {"type": "Test.Things/gadgets", "apiVersion": "2020-01-01", "name": "gone"}]
        ),
    )
    writer = cloud.add_app(contoso.id, "writer")
    role = cloud.ids.guid()
    definition = {
        "roleName": "writer",
        "assignableScopes": [contoso.scope],
        "permissions": [{"actions": ["*"], "notActions": ["*/delete"]}],
    }
    path = f"{contoso.scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    assert cloud.send(contoso.owner, "PUT", path, {"properties": definition}).status == 201
    cloud.assign(writer, role, contoso.group)
    asked = body([{**STORAGE, "name": "stays"}], mode="Complete")
    refused = deploy(cloud, contoso, asked, name="complete", caller=writer)
    assert refused.body["properties"]["provisioningState"] == "Failed"
    assert refused.body["properties"]["error"]["code"] == "AuthorizationFailed"
    ended = deploy(cloud, contoso, asked, name="complete")
    assert ended.body["properties"]["provisioningState"] == "Succeeded"
    assert cloud.resources.get(f"{contoso.group}/providers/Test.Things/gadgets/gone") is None


NEEDY: Any = {"parameters": {"name": {"type": "string", "allowedValues": ["a", "b"]}}}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no parameter", body([], **NEEDY), "The value for the template parameter 'name'"),
    (
        "unknown parameter",
        body([], given={"other": 1, "name": "a"}, **NEEDY),
        "The template parameters 'other' in the parameters file are not valid",
    ),
    ("not allowed", body([], given={"name": "c"}, **NEEDY), "is not part of the allowed value(s): 'a,b'"),
    ("wrong type", body([], given={"name": 1}, **NEEDY), "Expected 'String'. Actual 'Integer'"),
    ("unknown function", body([{**STORAGE, "name": "[nothing()]"}]), "The template function 'nothing' is not valid"),
    (
        "early reference",
        body([{**STORAGE, "name": "[reference('x').y]"}]),
        "'reference' is not expected at this location",
    ),
    (
        "unknown need",
        body([{**STORAGE, "name": "abc", "dependsOn": ["Microsoft.X/y/z"]}]),
        "is not defined in the template",
    ),
    ("twice", body([{**STORAGE, "name": "abc"}, {**STORAGE, "name": "ABC"}]), "defined multiple times"),
    (
        "a circle",
        body([{**STORAGE, "name": "one", "dependsOn": ["two"]}, {**STORAGE, "name": "two", "dependsOn": ["one"]}]),
        "Circular dependency detected",
    ),
    ("no version", body([{"type": "Microsoft.A/b", "name": "x"}]), "'apiVersion' are required"),
    ("no list", body("resources"), "The template resources are not an array"),
    ("names too few", body([{**STORAGE, "name": "a/b"}]), "resource name argument"),
    ("a wild loop", body([{**STORAGE, "name": "a", "copy": {"name": "l", "count": 100000}}]), "copy count"),
    ("a bad condition", body([{**STORAGE, "name": "a", "condition": "yes"}]), "condition"),
    ("parameters no object", body([], parameters=[]), "parameters"),
    ("variables no object", body([], variables=[1]), "variables"),
]


@pytest.mark.parametrize(("asked", "why"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("validating", [True, False], ids=["validate", "create"])
def test_a_template_that_is_none_is_refused(
    cloud: Cloud, contoso: Tenant, asked: Any, why: str, validating: bool
) -> None:
    path = f"{contoso.group}/providers/Microsoft.Resources/deployments/wrong"
    method, path = ("POST", f"{path}/validate") if validating else ("PUT", path)
    refused = cloud.send(contoso.owner, method, path, asked)
    assert (refused.status, refused.code) == (400, "InvalidTemplate")
    assert why in refused.message
    assert cloud.resources.get(f"{contoso.group}/providers/Microsoft.Resources/deployments/wrong") is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "InvalidRequestContent"),
        ({"properties": {"mode": "Sideways", "template": {}}}, "InvalidRequestContent"),
        ({"properties": {"mode": "Incremental"}}, "InvalidTemplate"),
        ({"properties": {"mode": "Incremental", "templateLink": {"uri": "https://x"}}}, "InvalidContentLink"),
    ],
)
def test_a_deployment_without_a_template_is_refused(cloud: Cloud, contoso: Tenant, asked: Any, code: str) -> None:
    assert deploy(cloud, contoso, asked).code == code


def test_validation_and_what_if_make_nothing(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.group}/providers/Microsoft.Resources/deployments/never"
    asked = body([{**STORAGE, "name": "neverlake"}])
    shown = cloud.send(contoso.owner, "POST", f"{path}/validate", asked)
    assert (shown.status, shown.body["properties"]["provisioningState"]) == (200, "Succeeded")
    begun = cloud.send(contoso.owner, "POST", f"{path}/whatIf", asked)
    assert begun.status == 202
    found = cloud.follow(contoso.owner, begun.headers["location"]).body
    assert [one["changeType"] for one in found["properties"]["changes"]] == ["Create"]
    assert cloud.send(contoso.owner, "GET", path).code == "DeploymentNotFound"
    assert cloud.resources.under(contoso.group, "Microsoft.Storage/storageAccounts") == []


def test_a_deployment_that_ended_is_exported_listed_and_deleted_but_not_cancelled(
    cloud: Cloud, contoso: Tenant
) -> None:
    made = deploy(cloud, contoso, body([{**STORAGE, "name": "kept"}]))
    path = str(made.body["id"])
    assert (
        cloud.send(contoso.owner, "POST", f"{path}/exportTemplate").body["template"]["resources"][0]["name"] == "kept"
    )
    listed = cloud.send(contoso.owner, "GET", path.rpartition("/")[0]).body["value"]
    assert [one["name"] for one in listed] == ["d"]
    assert cloud.send(contoso.owner, "POST", f"{path}/cancel").code == "DeploymentCannotBeCancelled"
    assert cloud.send(contoso.owner, "DELETE", path).status == 202
    assert cloud.send(contoso.owner, "GET", path).status == 404
    assert cloud.resources.get(f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/kept") is not None


def test_a_body_as_the_azure_cli_sends_it_is_read(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.group}/providers/Microsoft.Resources/deployments/cli"
    sent = b"""{"properties": {"mode": "Incremental", template:{
      // a comment of the file, with a "quote"
      "resources": [], 'outputs': {"x": {"type": "string", "value": "// 'not' /* one */"},}}}}"""
    assert cloud.send(contoso.owner, "PUT", path, sent).status == 201
    outputs = cloud.send(contoso.owner, "GET", path).body["properties"]["outputs"]
    assert outputs["x"]["value"] == "// 'not' /* one */"
    for broken in (b"{template:", b"{'", b"/*", b"\xff", b"{a b}", b"[1 2]"):
        assert cloud.send(contoso.owner, "PUT", path, broken).code == "InvalidRequestContent"


SLOW = {"type": "Test.Things/slow", "apiVersion": "2020-01-01", "name": "slow"}
AFTER = {
    "type": "Test.Things/gadgets",
    "apiVersion": "2020-01-01",
    "name": "after",
    "properties": {"said": "[reference(resourceId('Test.Things/slow', 'slow')).says]"},
}


def begun(cloud: Cloud, tenant: Tenant) -> str:
    """Begin a deployment that takes half a minute; return its path."""
    path = f"{tenant.group}/providers/Microsoft.Resources/deployments/slow"
    assert cloud.send(tenant.owner, "PUT", path, body([AFTER, SLOW])).status == 201
    assert cloud.send(tenant.owner, "GET", path).body["properties"]["provisioningState"] == "Running"
    return path


def test_a_deployment_waits_for_what_takes_time_and_goes_on_whoever_looks(cloud: Cloud, contoso: Tenant) -> None:
    path, after = begun(cloud, contoso), f"{contoso.group}/providers/Test.Things/gadgets/after"
    assert cloud.resources.get(after) is None
    assert cloud.send(contoso.owner, "PUT", path, body([])).code == "DeploymentActive"
    cloud.clock.advance(timedelta(seconds=31))
    cloud.plane.deployments = Deployments(cloud.plane)  # as after a restart: all that is known stands in the store
    assert cloud.send(contoso.owner, "GET", after, version="2020-01-01").body["properties"] == {"said": "ready"}
    ended = cloud.send(contoso.owner, "GET", path).body["properties"]
    assert (ended["provisioningState"], ended["duration"]) == ("Succeeded", "PT31S")


def test_a_deployment_under_way_is_cancelled(cloud: Cloud, contoso: Tenant) -> None:
    path = begun(cloud, contoso)
    assert cloud.send(contoso.owner, "POST", f"{path}/cancel").status == 204
    cloud.clock.advance(timedelta(minutes=1))
    assert cloud.send(contoso.owner, "GET", path).body["properties"]["provisioningState"] == "Canceled"
    assert cloud.resources.get(f"{contoso.group}/providers/Test.Things/gadgets/after") is None


def test_a_deployment_goes_on_with_the_rights_that_its_caller_has_then(cloud: Cloud, contoso: Tenant) -> None:
    path = begun(cloud, contoso)
    for one in cloud.resources.under("", "Microsoft.Authorization/roleAssignments"):
        cloud.resources.delete(one.id)
    cloud.clock.advance(timedelta(minutes=1))
    cloud.assign(cloud.add_app(contoso.id, "other"), "acdd72a7-3385-48ef-bd42-f606fba81ae7", contoso.scope)
    assert cloud.send(contoso.owner, "GET", path).code == "AuthorizationFailed"
    kept = cloud.resources.get(path)
    assert kept is not None
    assert kept.properties["provisioningState"] == "Failed"
    assert "AuthorizationFailed" in str(kept.properties["error"])
