"""What a blob service is set to, from both planes, and what a browser is told because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobAnalyticsLogging,
    BlobServiceClient,
    CorsRule,
    Metrics,
    RetentionPolicy,
    StaticWebsite,
)

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def test_what_is_set_comes_back_and_what_is_left_out_stays(new_account: NewAccount) -> None:
    service = new_account().blob()
    week = RetentionPolicy(enabled=True, days=7)
    service.set_service_properties(
        analytics_logging=BlobAnalyticsLogging(read=True, retention_policy=week),
        hour_metrics=Metrics(enabled=True, include_apis=True, retention_policy=week),
        static_website=StaticWebsite(enabled=True, index_document="index.html"),
        target_version="2019-07-07",
    )
    service.set_service_properties(delete_retention_policy=week)
    found = service.get_service_properties()
    assert found["delete_retention_policy"].days == 7
    assert found["analytics_logging"].read
    assert found["analytics_logging"].retention_policy.days == 7
    assert found["hour_metrics"].include_apis
    assert not found["minute_metrics"].enabled
    assert found["static_website"].index_document == "index.html"
    assert found["target_version"] == "2019-07-07"


def test_settings_that_no_service_takes_are_refused_and_change_nothing(new_account: NewAccount) -> None:
    service = new_account().blob()
    service.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=3))
    for days in (0, 366):
        with pytest.raises(HttpResponseError) as error:
            service.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=days))
        assert error.value.status_code == 400
    with pytest.raises(HttpResponseError) as error:
        service.set_service_properties(cors=[CorsRule(["www.contoso.com"], ["GET"])] * 6)
    assert code(error.value) == "InvalidXmlDocument"
    assert service.get_service_properties()["delete_retention_policy"].days == 3


def test_both_planes_show_the_same_retention(new_account: NewAccount) -> None:
    account = new_account(is_hns=True)
    account.set_blob_service({"deleteRetentionPolicy": {"enabled": True, "days": 12}})
    assert account.blob().get_service_properties()["delete_retention_policy"].days == 12
    account.blob().set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=4))
    shown = account.management.blob_services.get_service_properties("lakes", account.name)
    assert shown.delete_retention_policy.days == 4
    (listed,) = account.management.blob_services.list("lakes", account.name)
    assert listed.delete_retention_policy.days == 4
    with pytest.raises(HttpResponseError) as error:
        account.set_blob_service({"isVersioningEnabled": True})
    assert error.value.status_code == 409


def test_statistics_are_the_secondary_endpoints_alone(new_account: NewAccount) -> None:
    account = new_account(is_hns=False)
    assert account.blob().get_service_stats()["geo_replication"]["status"] == "live"
    primary = BlobServiceClient(
        f"https://{account.name}.blob.core.windows.net",
        secondary_hostname=f"{account.name}.blob.core.windows.net",
        credential=account.key,
        retry_total=0,
        **account.azure.sdk,
    )
    with pytest.raises(HttpResponseError) as error:
        primary.get_service_stats()
    assert code(error.value) == "InvalidQueryParameterValue"


def test_a_browser_learns_by_preflight_what_its_page_may_do(new_account: NewAccount) -> None:
    account = new_account()
    url = f"https://{account.name}.blob.core.windows.net/box/a.txt"
    asked = {
        "Origin": "https://www.contoso.com",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-ms-meta-colour,content-type",
    }
    proxy = account.azure.sdk["proxies"]

    def preflight(**change: str) -> requests.Response:
        headers = asked | {name.replace("_", "-"): value for name, value in change.items()}
        return requests.options(url, headers=headers, proxies=proxy, verify=account.azure.ca_bundle, timeout=20)

    refused = preflight()
    assert refused.status_code == 403
    assert refused.headers["x-ms-error-code"] == "CorsPreflightFailure"
    assert "CORS is not enabled for this account." in refused.text
    rule = CorsRule(
        ["https://www.contoso.com"],
        ["PUT", "GET"],
        allowed_headers=["x-ms-meta-*", "content-type"],
        exposed_headers=["x-ms-request-id"],
        max_age_in_seconds=600,
    )
    account.blob().set_service_properties(cors=[rule])
    allowed = preflight()
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://www.contoso.com"
    assert allowed.headers["Access-Control-Allow-Headers"] == asked["Access-Control-Request-Headers"]
    assert allowed.headers["Access-Control-Max-Age"] == "600"
    assert preflight(Access_Control_Request_Method="DELETE").status_code == 403
    assert preflight(Access_Control_Request_Headers="x-ms-range").status_code == 403
    assert preflight(Origin="https://www.fabrikam.com").status_code == 403


def test_every_answer_tells_a_browser_whether_its_page_may_see_it(new_account: NewAccount) -> None:
    account = new_account()
    rule = CorsRule(["https://*.contoso.com"], ["GET"], exposed_headers=["ETag"])
    account.blob().set_service_properties(cors=[rule])
    seen: list[Any] = []
    container = account.container()
    container.upload_blob("a", b"a")
    for origin in ("https://www.contoso.com", "https://www.fabrikam.com"):
        container.download_blob("a", headers={"Origin": origin}, raw_response_hook=seen.append).readall()
    headers = [one.http_response.headers for one in seen]
    assert headers[0]["Access-Control-Allow-Origin"] == "https://www.contoso.com"
    assert headers[0]["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Allow-Origin" not in headers[1]
    assert headers[1]["Vary"] == "Origin"
