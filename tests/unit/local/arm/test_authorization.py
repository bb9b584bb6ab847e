"""Role definitions and assignments, and that they take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Answer, Cloud, Tenant

    from lakeport_local.access import Principal

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
NOBODY = "00000000-0000-4000-8000-00000000beef"


def role_path(scope: str, role: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def assign(
    cloud: Cloud,
    caller: Principal,
    scope: str,
    principal_id: str,
    *,
    role: str = READER,
    name: str = "",
    **more: object,
) -> Answer:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name or cloud.ids.guid()}"
    properties = {"roleDefinitionId": role_path(scope, role), "principalId": principal_id, **more}
    return cloud.send(caller, "PUT", path, {"properties": properties}, version="2022-04-01")


def assignments(cloud: Cloud, caller: Principal, scope: str, text: str = "") -> list[str]:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments?$filter={text}"
    answer = cloud.send(caller, "GET", path, version="2022-04-01")
    assert answer.status == 200
    return [one["properties"]["principalId"] for one in answer.body["value"]]


def test_an_assignment_takes_effect_and_its_deletion_too(cloud: Cloud, contoso: Tenant) -> None:
    reader = cloud.add_app(contoso.id, "reader")
    assert cloud.send(reader, "GET", contoso.group).status == 403
    made = assign(cloud, contoso.owner, contoso.group.replace("Groups", "groups"), reader.object_id)
    assert made.status == 201
    shown = made.body["properties"]
    assert shown["scope"] == contoso.group
    assert shown["principalType"] == "ServicePrincipal"
    assert shown["roleDefinitionId"] == role_path(contoso.scope, READER)
    assert (shown["createdBy"], shown["updatedBy"]) == (None, contoso.owner.object_id)
    read = cloud.send(contoso.owner, "GET", made.body["id"], version="2022-04-01").body["properties"]
    assert read == {**shown, "createdBy": contoso.owner.object_id}
    assert cloud.send(reader, "GET", contoso.group).status == 200
    deleted = cloud.send(contoso.owner, "DELETE", made.body["id"])
    assert (deleted.status, deleted.body["name"]) == (200, made.body["name"])
    assert cloud.send(contoso.owner, "DELETE", made.body["id"]).status == 204
    assert cloud.send(reader, "GET", contoso.group).status == 403


def test_versions_before_2020_know_no_conditions(cloud: Cloud, contoso: Tenant) -> None:
    made = assign(cloud, contoso.owner, contoso.group, contoso.owner.object_id)
    early = cloud.send(contoso.owner, "GET", made.body["id"], version="2018-09-01-preview").body["properties"]
    assert set(made.body["properties"]) - set(early) == {
        "condition",
        "conditionVersion",
        "delegatedManagedIdentityResourceId",
        "description",
    }


def test_a_second_assignment_of_the_same_is_refused_in_any_case(cloud: Cloud, contoso: Tenant) -> None:
    made = assign(cloud, contoso.owner, contoso.group, contoso.owner.object_id)
    again = assign(cloud, contoso.owner, contoso.group.upper(), contoso.owner.object_id.upper())
    assert (again.status, again.code) == (409, "RoleAssignmentExists")
    assert again.message.startswith("The role assignment already exists")
    same = assign(cloud, contoso.owner, contoso.group, contoso.owner.object_id, name=made.body["name"])
    assert (same.status, same.body) == (200, made.body)
    other = assign(
        cloud, contoso.owner, contoso.group, contoso.owner.object_id, name=made.body["name"], role=CONTRIBUTOR
    )
    assert (other.status, other.code) == (400, "RoleAssignmentUpdateNotPermitted")
    elsewhere = assign(cloud, contoso.owner, contoso.scope, contoso.owner.object_id)
    assert elsewhere.status == 201


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"principalId": NOBODY}, 400, "PrincipalNotFound"),
        ({"principalId": "ada"}, 400, "InvalidPrincipalId"),
        ({"principalId": None}, 400, "InvalidPrincipalId"),
        ({"principalType": "Robot"}, 400, "InvalidPrincipalType"),
        ({"principalType": "User"}, 400, "UnmatchedPrincipalType"),
        ({"roleDefinitionId": NOBODY}, 404, "RoleDefinitionDoesNotExist"),
        ({"roleDefinitionId": 1}, 400, "BadRequestFormat"),
    ],
)
def test_a_bad_assignment_is_refused(
    cloud: Cloud, contoso: Tenant, change: dict[str, Any], status: int, code: str
) -> None:
    answer = assign(cloud, contoso.owner, contoso.group, contoso.owner.object_id, **change)
    assert (answer.status, answer.code) == (status, code)
    if code == "PrincipalNotFound":
        assert f" does not exist in the directory {contoso.id}" in answer.message


def test_an_assignments_name_is_a_guid(cloud: Cloud, contoso: Tenant) -> None:
    answer = assign(cloud, contoso.owner, contoso.group, contoso.owner.object_id, name="mine")
    assert (answer.status, answer.code) == (400, "InvalidRoleAssignmentId")


def test_a_principal_that_the_directory_does_not_know_yet_is_taken_when_its_type_is_said(
    cloud: Cloud, contoso: Tenant
) -> None:
    assert assign(cloud, contoso.owner, contoso.group, NOBODY, principalType="ServicePrincipal").status == 201


def test_a_principal_of_another_tenant_is_not_known_here(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    assert assign(cloud, contoso.owner, contoso.group, fabrikam.owner.object_id).code == "PrincipalNotFound"


def test_a_contributor_may_not_give_roles(cloud: Cloud, contoso: Tenant) -> None:
    contributor = cloud.add_app(contoso.id, "contributor")
    cloud.assign(contributor, CONTRIBUTOR, contoso.scope)
    refused = assign(cloud, contributor, contoso.group, contributor.object_id)
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert "'Microsoft.Authorization/roleAssignments/write'" in refused.message


def test_a_role_at_a_group_does_not_let_give_roles_at_the_subscription(cloud: Cloud, contoso: Tenant) -> None:
    administrator = cloud.add_app(contoso.id, "administrator")
    cloud.assign(administrator, "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", contoso.group)
    assert assign(cloud, administrator, contoso.group, administrator.object_id).status == 201
    assert assign(cloud, administrator, contoso.scope, administrator.object_id).code == "AuthorizationFailed"
    assert assign(cloud, administrator, "", administrator.object_id).code == "AuthorizationFailed"


def test_roles_are_given_at_resources_and_at_what_only_the_data_plane_knows(cloud: Cloud, contoso: Tenant) -> None:
    account = f"{contoso.group}/providers/Microsoft.Storage/storageAccounts/lake"
    assert assign(cloud, contoso.owner, account, contoso.owner.object_id).code == "ResourceNotFound"
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    account += "12"
    assert cloud.send(contoso.owner, "PUT", account, body).status == 202
    assert assign(cloud, contoso.owner, account, contoso.owner.object_id).status == 201
    container = f"{account}/blobServices/default/containers/data"
    assert assign(cloud, contoso.owner, container, contoso.owner.object_id).status == 201
    nowhere = f"{contoso.group}/providers/No.Such/things/x"
    assert assign(cloud, contoso.owner, nowhere, contoso.owner.object_id).code == "ResourceNotFound"


def test_deleting_a_resource_takes_its_assignments(cloud: Cloud, contoso: Tenant) -> None:
    gadget = f"{contoso.group}/providers/Test.Things/gadgets/g"
    reader = cloud.add_app(contoso.id, "reader")
    for status in (201, 201):
        assert cloud.send(contoso.owner, "PUT", gadget, {}, version="2020-01-01").status == status
        assert assign(cloud, contoso.owner, gadget, reader.object_id).status == 201
        assert cloud.send(reader, "GET", gadget, version="2020-01-01").status == 200
        cloud.send(contoso.owner, "DELETE", gadget, version="2020-01-01")
        assert cloud.send(reader, "GET", gadget, version="2020-01-01").status == 403


def test_assignments_are_listed_at_below_and_above_a_scope_and_by_principal(cloud: Cloud, contoso: Tenant) -> None:
    ada = cloud.directory.add_user(contoso.id, name="ada@contoso.com", object_id=cloud.ids.guid(), password=None)
    group = cloud.directory.add_group(contoso.id, name="analysts", object_id=cloud.ids.guid(), members=[ada.object_id])
    assign(cloud, contoso.owner, contoso.group, group.object_id)
    owner, analysts = contoso.owner.object_id, group.object_id
    assert set(assignments(cloud, contoso.owner, contoso.scope)) == {owner, analysts}
    assert assignments(cloud, contoso.owner, contoso.scope, "atScope()") == [owner]
    assert set(assignments(cloud, contoso.owner, contoso.group, "atScope()")) == {owner, analysts}
    assert assignments(cloud, contoso.owner, contoso.scope, f"principalId%20eq%20'{ada.object_id}'") == []
    assert assignments(cloud, contoso.owner, contoso.scope, f"assignedTo('{ada.object_id}')") == [analysts]
    assert assignments(cloud, contoso.owner, contoso.group, f"atScope()%20and%20assignedTo('{owner}')") == [owner]


def test_an_assignment_for_a_whole_tenant_is_seen_by_that_tenant_only(
    cloud: Cloud, contoso: Tenant, fabrikam: Tenant
) -> None:
    for tenant in (contoso, fabrikam):
        cloud.assign(tenant.owner, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "")
    reader = cloud.add_app(contoso.id, "reader")
    made = assign(cloud, contoso.owner, "", reader.object_id)
    assert (made.status, made.body["properties"]["scope"]) == (201, "/")
    assert cloud.send(reader, "GET", contoso.group).status == 200
    assert reader.object_id in assignments(cloud, contoso.owner, contoso.group, "atScope()")
    for path in ("", fabrikam.group):
        assert reader.object_id not in assignments(cloud, fabrikam.owner, path)
    assert cloud.send(fabrikam.owner, "GET", made.body["id"]).status == 404
    assert cloud.send(fabrikam.owner, "DELETE", made.body["id"]).status == 404
    assert assign(cloud, fabrikam.owner, "", fabrikam.owner.object_id, name=made.body["name"]).status == 404
    assert cloud.send(fabrikam.owner, "GET", contoso.group).code == "InvalidAuthenticationTokenTenant"


def test_built_in_roles_are_found_by_name_and_by_id(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.group}/providers/Microsoft.Authorization/roleDefinitions"
    (found,) = cloud.send(contoso.owner, "GET", f"{path}?$filter=roleName%20eq%20'storage blob data reader'").body[
        "value"
    ]
    assert found["name"] == "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    assert found["properties"]["type"] == "BuiltInRole"
    assert found["properties"]["permissions"][0]["dataActions"] == [
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ]
    stranger = cloud.add_app(contoso.id, "stranger")
    assert cloud.send(stranger, "GET", role_path("", READER)).body["properties"]["roleName"] == "Reader"
    assert cloud.send(stranger, "GET", role_path(contoso.scope, READER)).code == "AuthorizationFailed"
    assert cloud.send(contoso.owner, "GET", role_path("", NOBODY)).code == "RoleDefinitionDoesNotExist"
    cloud.assign(stranger, READER, f"{contoso.group}/providers/Test.Things/gadgets/g")
    assert cloud.send(stranger, "GET", role_path(contoso.scope, READER)).body["properties"]["roleName"] == "Reader"


def custom(scope: str, **change: object) -> dict[str, object]:
    properties = {
        "roleName": "Gadget turner",
        "type": "CustomRole",
        "permissions": [{"actions": ["Test.Things/gadgets/*"], "notActions": ["Test.Things/gadgets/delete"]}],
        "assignableScopes": [scope],
    }
    return {"properties": {**properties, **change}}


def test_a_custom_role_grants_what_it_says(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    guid = cloud.ids.guid()
    made = cloud.send(contoso.owner, "PUT", role_path(contoso.scope, guid), custom(contoso.scope))
    assert (made.status, made.body["properties"]["type"]) == (201, "CustomRole")
    turner = cloud.add_app(contoso.id, "turner")
    assert assign(cloud, contoso.owner, contoso.group, turner.object_id, role=guid).status == 201
    gadget = f"{contoso.group}/providers/Test.Things/gadgets/g"
    assert cloud.send(turner, "PUT", gadget, {}, version="2020-01-01").status == 201
    assert cloud.send(turner, "DELETE", gadget, version="2020-01-01").code == "AuthorizationFailed"
    path = f"{contoso.scope}/providers/Microsoft.Authorization/roleDefinitions?$filter=type%20eq%20'CustomRole'"
    assert [one["name"] for one in cloud.send(contoso.owner, "GET", path).body["value"]] == [guid]
    listed = cloud.send(turner, "GET", path.replace("type%20eq%20'CustomRole'", "")).body["value"]
    assert {one["properties"]["type"] for one in listed} == {"BuiltInRole"}
    in_use = cloud.send(contoso.owner, "DELETE", role_path(contoso.scope, guid))
    assert (in_use.status, in_use.code) == (400, "RoleDefinitionHasAssignments")
    assert assign(cloud, fabrikam.owner, fabrikam.group, fabrikam.owner.object_id, role=guid).status == 404
    assert cloud.send(fabrikam.owner, "GET", role_path(fabrikam.scope, guid)).status == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"roleName": "reader"}, "RoleDefinitionWithSameNameExists"),
        ({"roleName": ""}, "InvalidRoleDefinitionName"),
        ({"assignableScopes": []}, "RoleDefinitionNoAssignableScopes"),
        ({"assignableScopes": ["/"]}, "InvalidAssignableScope"),
        ({"permissions": []}, "InvalidRoleDefinition"),
        ({"permissions": [{"actions": "*"}]}, "InvalidActionOrNotAction"),
        ({"permissions": [{"actions": ["a*" * 9]}]}, "InvalidActionOrNotAction"),
    ],
)
def test_a_bad_custom_role_is_refused(cloud: Cloud, contoso: Tenant, change: dict[str, object], code: str) -> None:
    answer = cloud.send(
        contoso.owner, "PUT", role_path(contoso.scope, cloud.ids.guid()), custom(contoso.scope, **change)
    )
    assert answer.code == code


def test_a_custom_role_reaches_no_scope_where_its_author_may_not_define_roles(
    cloud: Cloud, contoso: Tenant, fabrikam: Tenant
) -> None:
    author = cloud.add_app(contoso.id, "author")
    cloud.assign(author, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", contoso.group)
    path = role_path(contoso.group, cloud.ids.guid())
    assert cloud.send(author, "PUT", path, custom(contoso.scope)).code == "AuthorizationFailed"
    assert cloud.send(author, "PUT", path, custom(fabrikam.scope)).code == "InvalidAssignableScope"
    assert cloud.send(author, "PUT", path, custom(contoso.group)).status == 201
    built_in = role_path(contoso.group, READER)
    assert cloud.send(author, "PUT", built_in, custom(contoso.group)).code == "RoleDefinitionExists"
