"""The same PUT twice (data-share.md 2.2), and bodies the service cannot take."""

from __future__ import annotations

from typing import Any

import pytest

DAILY = {
    "kind": "ScheduleBased",
    "properties": {"recurrenceInterval": "Day", "synchronizationTime": "2029-01-01T08:00:00Z"},
}


def test_the_same_data_set_again_is_200_with_its_id_and_another_is_409(contoso: Any) -> None:
    body = {"kind": "Container", "properties": contoso.at(containerName="fs")}
    first = contoso.put("shares/sales/dataSets/one", body)
    again = contoso.put("shares/sales/dataSets/one", body)
    assert (again.status, again.body) == (200, first.body)
    assert again.response.header("x-ms-quota") is None
    other = {"kind": "Container", "properties": contoso.at(containerName="other")}
    assert contoso.put("shares/sales/dataSets/one", other).status == 409


def test_a_second_schedule_or_the_same_again_is_409(contoso: Any) -> None:
    assert contoso.put("shares/sales/synchronizationSettings/daily", DAILY).status == 201
    assert contoso.put("shares/sales/synchronizationSettings/daily", DAILY).status == 409
    assert contoso.put("shares/sales/synchronizationSettings/other", DAILY).status == 409


def test_accepting_again_under_the_same_name_is_200_and_elsewhere_409(fabrikam: Any, invite: Any) -> None:
    body = {"properties": {"invitationId": invite(), "sourceShareLocation": "eastus"}}
    first = fabrikam.put("shareSubscriptions/one", body)
    again = fabrikam.put("shareSubscriptions/one", body)
    assert (again.status, again.body) == (200, first.body)
    assert fabrikam.put("shareSubscriptions/two", body).status == 409
    other = {"properties": {"invitationId": invite("another"), "sourceShareLocation": "eastus"}}
    assert fabrikam.put("shareSubscriptions/one", other).status == 409


def test_an_accepted_invitation_put_again_answers_200_and_changes_nothing(
    contoso: Any, fabrikam: Any, accept: Any
) -> None:
    accept()
    target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
    before = contoso.get("shares/sales/invitations/to-received")
    again = contoso.put("shares/sales/invitations/to-received", {"properties": target})
    assert (again.status, again.body) == (200, before)


def test_the_same_mapping_again_is_200_and_another_target_409(fabrikam: Any, mapped: str) -> None:
    before = fabrikam.get(f"{mapped}/dataSetMappings/raw")
    own = {k: v for k, v in before["properties"].items() if k not in {"dataSetMappingStatus", "provisioningState"}}
    again = fabrikam.put(f"{mapped}/dataSetMappings/raw", {"kind": before["kind"], "properties": own})
    assert (again.status, again.body) == (200, before)
    own["fileSystem"] = "elsewhere"
    assert fabrikam.put(f"{mapped}/dataSetMappings/raw", {"kind": before["kind"], "properties": own}).status == 409
    assert fabrikam.put(f"{mapped}/dataSetMappings/raw2", {"kind": before["kind"], "properties": own}).status == 409
    deleted = fabrikam.delete(f"{mapped}/dataSetMappings/raw")
    assert (deleted.status, bool(deleted.header("x-ms-quota"))) == (200, True)
    assert fabrikam.put(f"{mapped}/dataSetMappings/raw", {"kind": before["kind"], "properties": own}).status == 201


def test_the_same_trigger_again_is_200_with_the_stored_one(contoso: Any, fabrikam: Any, mapped: str) -> None:
    contoso.put("shares/sales/synchronizationSettings/daily", DAILY)
    first = fabrikam.put(f"{mapped}/triggers/daily", DAILY)
    again = fabrikam.put(f"{mapped}/triggers/daily", DAILY)
    assert (again.status, again.body) == (200, first.body)
    assert fabrikam.put(f"{mapped}/triggers/second", DAILY).status == 409


@pytest.mark.parametrize(
    "kind", ["SqlDBTable", "SqlDWTable", "SynapseWorkspaceSqlPoolTable", "KustoCluster", "AdlsGen1File"]
)
def test_kinds_without_a_store_here_are_refused_by_name(contoso: Any, kind: str) -> None:
    answer = contoso.put("shares/sales/dataSets/one", {"kind": kind, "properties": {}})
    assert answer.status == 400
    assert kind in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("shares/x", {"properties": {}}),
        ("shares/with space", {"properties": {}}),
        ("shares/ok", {"properties": {"shareKind": "Lent"}}),
        ("shares/sales/dataSets/one", {"kind": "Container", "properties": {}}),
        ("shares/sales/dataSets/one", {"kind": ["Container"], "properties": {}}),
        ("shares/sales/dataSets/one", {"properties": {}}),
        ("shares/sales/invitations/one", {"properties": {}}),
        ("shares/sales/invitations/one", {"properties": {"targetEmail": "a@b", "targetObjectId": "x"}}),
        ("shares/sales/invitations/one", {"properties": {"targetActiveDirectoryId": "contoso", "targetObjectId": "x"}}),
        ("shares/sales/synchronizationSettings/one", {"kind": "Other", "properties": {}}),
        ("shares/sales/synchronizationSettings/one", {**DAILY, "properties": {"recurrenceInterval": "Week"}}),
        (
            "shares/sales/synchronizationSettings/one",
            {**DAILY, "properties": {"recurrenceInterval": "Day", "synchronizationTime": "soon"}},
        ),
        ("shareSubscriptions/one", {"properties": {"invitationId": 7, "sourceShareLocation": "eastus"}}),
        ("shareSubscriptions/one", []),
    ],
)
def test_a_body_or_name_the_service_cannot_take_is_400(contoso: Any, path: str, body: Any) -> None:
    assert contoso.put(path.replace(" ", "%20"), body).status == 400


def test_a_folder_cannot_be_mapped_to_a_file(contoso: Any, fabrikam: Any, accept: Any) -> None:
    made = contoso.put("shares/sales/dataSets/one", {"kind": "Container", "properties": contoso.at(containerName="fs")})
    target = {**fabrikam.at(containerName="fs", filePath="a"), "dataSetId": made.body["properties"]["dataSetId"]}
    answer = fabrikam.put(f"{accept()}/dataSetMappings/one", {"kind": "Blob", "properties": target})
    assert (answer.status, answer.code) == (400, "94004")


def test_names_compare_without_case_and_keep_the_first_casing(contoso: Any) -> None:
    contoso.put("shares/Mixed", {"properties": {}})
    again = contoso.put("Shares/MIXED", {"properties": {}})
    assert (again.status, again.body["name"]) == (200, "Mixed")
    assert sorted(one["name"] for one in contoso.get("shares")["value"]) == ["Mixed", "sales"]


def test_lists_filter_order_and_page(contoso: Any) -> None:
    for name in ("alpha", "beta", "gamma"):
        contoso.put(f"shares/{name}", {"properties": {"description": name[::-1]}})

    def names(query: str) -> list[str]:
        return [one["name"] for one in contoso.get("shares", query=query)["value"]]

    assert names("%24filter=name%20eq%20%27beta%27") == ["beta"]
    assert names("%24filter=properties/description%20gt%20%27ahpla%27%20and%20not%20name%20eq%20%27gamma%27") == [
        "beta"
    ]
    assert names("%24orderby=name%20desc") == ["sales", "gamma", "beta", "alpha"]
    assert contoso.send("GET", "shares", query="%24filter=name%20eq").status == 400


def test_the_provider_lists_what_rbac_can_grant(contoso: Any) -> None:
    names = [one["name"] for one in contoso.get("/providers/Microsoft.DataShare/operations")["value"]]
    assert "Microsoft.DataShare/accounts/shareSubscriptions/synchronize/action" in names
    assert len(names) == len(set(names))
