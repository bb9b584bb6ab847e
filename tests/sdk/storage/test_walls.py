"""Network rules of an account, set through the control plane's client, met by the storage clients."""

from __future__ import annotations

import base64
import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.storage import StorageManagementClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.storage.filedatalake import FileSystemClient
    from tests.sdk.conftest import PrincipalOf

    Lakes = Any  # conftest's; test modules do not import one another

DENY = {"defaultAction": "Deny"}


@pytest.fixture
def wall(lakes: Lakes, principal_of: PrincipalOf) -> Iterator[Callable[..., None]]:
    """Set the rules of an account; as the topology has them afterwards."""
    operator = principal_of(lakes.azure, "operator")
    accounts = operator.client(StorageManagementClient, subscription_id=operator.subscription_id).storage_accounts

    def build(rules: dict[str, Any], public: str = "Enabled") -> None:
        body: Any = {"properties": {"networkAcls": rules, "publicNetworkAccess": public}}
        accounts.update("lakes", "walled", body)

    yield build
    build({**DENY, "ipRules": [{"value": "203.0.113.7"}]})


@contextmanager
def refused(code: str) -> Iterator[Any]:
    with pytest.raises(HttpResponseError) as error:
        yield error
    found = getattr(error.value, "error_code", None)
    assert (str(getattr(found, "value", found)), error.value.status_code) == (code, 403)


def test_an_address_passes_by_its_rule_and_by_nothing_that_it_says_itself(
    lakes: Lakes, wall: Callable[..., None]
) -> None:
    for rules in (
        DENY,
        {**DENY, "bypass": "AzureServices, Logging"},
        {**DENY, "ipRules": [{"value": "198.51.100.0/24"}]},
    ):
        wall(rules)
        for credential in (lakes.key, lakes.credential("owner"), None):
            with refused("AuthorizationFailure") as error:
                lakes.dfs(credential, account="walled").get_file_client("c", "f").get_file_properties()
            assert "WWW-Authenticate" not in error.value.response.headers
            with refused("AuthorizationFailure"):
                lakes.blob(credential, account="walled").get_blob_client("c", "f").exists()
    answer = requests.get(
        "https://walled.blob.core.windows.net/?comp=list",
        headers={"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1", "X-Real-IP": "198.51.100.1"},
        proxies=lakes.azure.sdk["proxies"],
        verify=lakes.azure.ca_bundle,
        timeout=20,
    )
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (403, "AuthorizationFailure")
    for value in ("127.0.0.1", "127.0.0.0/8"):
        wall({**DENY, "ipRules": [{"value": value}]})
        list(lakes.dfs(account="walled").list_file_systems())
    wall({"defaultAction": "Allow"})
    list(lakes.dfs(account="walled").list_file_systems())
    wall({"defaultAction": "Allow"}, "Disabled")
    with refused("AuthorizationFailure"):
        list(lakes.dfs(account="walled").list_file_systems())


def test_a_wall_is_explained_with_what_opens_it(lakes: Lakes, wall: Callable[..., None]) -> None:
    def told() -> list[str]:
        with refused("AuthorizationFailure") as error:
            list(lakes.dfs(account="walled").list_file_systems())
        request_id = error.value.response.headers["x-ms-request-id"]
        lines = lakes.azure.command("explain", request_id, "--json").stdout.splitlines()
        refusal = next(one for one in map(json.loads, lines) if one.get("allowed") is False)
        return [grant["kind"] + " " + grant["what"] for way in refusal["grants"] for grant in way]

    wall(DENY)
    assert told() == ["address 127.0.0.1"]
    wall({"defaultAction": "Allow"}, "Disabled")
    assert told() == ["setting publicNetworkAccess of walled set to Enabled"]
    wall(DENY, "Disabled")
    assert told() == ["setting publicNetworkAccess of walled set to Enabled", "address 127.0.0.1"]


def test_a_copy_does_not_climb_the_wall_of_its_source(
    lakes: Lakes, fs: FileSystemClient, wall: Callable[..., None]
) -> None:
    wall({**DENY, "ipRules": [{"value": "127.0.0.1"}]})
    name = fs.file_system_name
    there = lakes.blob(account="walled").create_container(name)
    there.upload_blob("f", b"walled in")
    token = lakes.credential("reader").get_token("https://storage.azure.com/.default").token
    target = lakes.blob().get_blob_client(name, "copy")
    copy = {"requires_sync": True, "source_authorization": f"Bearer {token}"}
    target.start_copy_from_url(there.get_blob_client("f").url, **copy)
    assert target.download_blob().readall() == b"walled in"
    wall(DENY)
    with refused("CannotVerifyCopySource"):
        target.start_copy_from_url(there.get_blob_client("f").url, **copy)


def test_a_resource_that_a_rule_names_passes_with_its_identity_from_any_address(
    lakes: Lakes, wall: Callable[..., None]
) -> None:
    environment = lakes.azure.exec_env("node")
    answer = requests.get(
        environment["IDENTITY_ENDPOINT"],
        {"resource": "https://storage.azure.com/", "api-version": "2019-08-01"},
        headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
        timeout=20,
    ).json()
    told = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))

    class Node:
        def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
            return AccessToken(answer["access_token"], int(answer["expires_on"]))

    def listed(credential: Any) -> list[str]:
        return [one.name for one in lakes.dfs(credential, account="walled").list_file_systems()]

    wall({"defaultAction": "Allow"})
    name = str(uuid.uuid4())
    lakes.blob(account="walled").create_container(name)

    rule = {"tenantId": told["tid"], "resourceId": told["xms_mirid"]}
    anybody = "/subscriptions/*/resourcegroups/*/providers/Microsoft.ManagedIdentity/userAssignedIdentities/*"
    for rules in ([rule], [{**rule, "resourceId": anybody}]):
        for public in ("Enabled", "Disabled"):
            wall({**DENY, "bypass": "None", "resourceAccessRules": rules}, public)
            assert name in listed(Node())
            for stranger in (lakes.key, lakes.credential("owner")):
                with refused("AuthorizationFailure"):
                    listed(stranger)
    for other in ({**rule, "tenantId": str(uuid.uuid4())}, {**rule, "resourceId": f"{told['xms_mirid']}s"}):
        wall({**DENY, "resourceAccessRules": [other]})
        with refused("AuthorizationFailure"):
            listed(Node())
