"""What an attacker tries against a running local Azure: refused by the service's own error, and it goes on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

if TYPE_CHECKING:
    from tests.azure import LocalAzure

ARM = "https://management.azure.com"
STORAGE = "https://storage.azure.com"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


class Attacker:
    """Speaks to every service by its real host name."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self.who = {name: azure.credentials(name) for name in ("provider", "consumer")}
        account = next(one for one in azure.things("data_share_account") if one["tenant"] == "contoso")
        self.subscription = f"/subscriptions/{account['subscription_id']}"
        self.group = f"{self.subscription}/resourceGroups/{account['resource_group']}"

    def ask(self, method: str, url: str, token: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-06-08"}
        proxies = {"https": self.azure.proxy, "http": self.azure.proxy}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, url, headers=headers, proxies=proxies, verify=self.azure.ca_bundle, timeout=15, **more
            )

    def token(self, name: str, audience: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.who[name]["client_id"],
            "client_secret": self.who[name]["client_secret"],
            "scope": f"{audience}/.default",
        }
        url = f"https://login.microsoftonline.com/{self.who[name]['tenant_id']}/oauth2/v2.0/token"
        return str(self.ask("POST", url, data=form).json()["access_token"])

    def arm(self, method: str, path: str, token: str, version: str, body: object = None) -> requests.Response:
        return self.ask(method, f"{ARM}{path}?api-version={version}", token, json=body)


@pytest.fixture(scope="module")
def attacker(azure: LocalAzure) -> Attacker:
    return Attacker(azure)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(token: str, header: dict[str, Any], payload: dict[str, Any], *, key: bytes | None = None) -> str:
    """A token with other claims: under the old signature, or under one made with a public key as secret."""
    old_header, old_payload, signature = token.split(".")
    head = {**json.loads(base64.urlsafe_b64decode(old_header + "==")), **header}
    claims = {**json.loads(base64.urlsafe_b64decode(old_payload + "==")), **payload}
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{signature if key is None else b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


FORGERIES: dict[str, tuple[dict[str, Any], dict[str, Any], bytes | None]] = {
    "no algorithm": ({"alg": "none"}, {}, b""),
    "HS256": ({"alg": "HS256"}, {}, b"public"),
    "key id is a path": ({"kid": "../../../etc/passwd"}, {}, None),
    "key id is no text": ({"kid": ["a"]}, {}, None),
    "critical extension": ({"crit": ["x"]}, {}, None),
    "later end": ({}, {"exp": 9_999_999_999}, None),
    "end is a text": ({}, {"exp": "never"}, None),
    "other object": ({}, {"oid": str(uuid4())}, None),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_opens_no_door(
    attacker: Attacker, forgery: tuple[dict[str, Any], dict[str, Any], bytes | None]
) -> None:
    header, payload, key = forgery
    doors = {
        ARM: f"{ARM}{attacker.group}?api-version=2021-04-01",
        STORAGE: "https://sourcestorage.dfs.core.windows.net/share-data?resource=filesystem&recursive=false",
        "https://graph.microsoft.com": "https://graph.microsoft.com/v1.0/users",
    }
    for audience, url in doors.items():
        token = attacker.token("provider", audience)
        assert attacker.ask("GET", url, token).status_code == 200
        assert attacker.ask("GET", url, forged(token, header, payload, key=key)).status_code in {401, 403}


def test_nobody_of_another_tenant_gains_by_a_role(attacker: Attacker) -> None:
    """With `principalType` the service believes that a principal exists, as Azure does; that opens nothing."""
    definition = f"{attacker.subscription}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_OWNER}"
    properties = {"roleDefinitionId": definition, "principalId": attacker.who["consumer"]["object_id"]}
    path = f"{attacker.group}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
    owner = attacker.token("provider", ARM)
    refused = attacker.arm("PUT", path, owner, "2022-04-01", {"properties": properties})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PrincipalNotFound")
    properties["principalType"] = "ServicePrincipal"
    try:
        assert attacker.arm("PUT", path, owner, "2022-04-01", {"properties": properties}).status_code == 201
        lake = "https://sourcestorage.dfs.core.windows.net/share-data?resource=filesystem&recursive=false"
        assert attacker.ask("GET", lake, attacker.token("consumer", STORAGE)).status_code == 401
        group = attacker.arm("GET", attacker.group, attacker.token("consumer", ARM), "2021-04-01")
        assert (group.status_code, group.json()["error"]["code"]) == (401, "InvalidAuthenticationTokenTenant")
    finally:
        attacker.arm("DELETE", path, owner, "2022-04-01")


READER_MAY_NOT = {
    "tag the group": ("PATCH", "", "2021-04-01", {"tags": {"a": "b"}}),
    "delete the group": ("DELETE", "", "2021-04-01", None),
    "read keys": ("POST", "/providers/Microsoft.Storage/storageAccounts/sourcestorage/listKeys", "2022-09-01", None),
    "make a share": (
        "PUT",
        "/providers/Microsoft.DataShare/accounts/source-data-share/shares/stolen",
        "2021-08-01",
        {"properties": {"shareKind": "CopyBased"}},
    ),
    "grant itself more": (
        "PUT",
        "/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-0000000000aa",
        "2022-04-01",
        {"properties": {"roleDefinitionId": "x", "principalId": "x"}},
    ),
}


def test_a_reader_reads_and_does_nothing_else(attacker: Attacker) -> None:
    node, owner = attacker.azure.credentials("batch-node"), attacker.token("provider", ARM)
    env = attacker.azure.exec_env("batch-node")
    url = f"{env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource={ARM}"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, headers={"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]}, timeout=15)
    reader = str(answer.json()["access_token"])
    definition = f"{attacker.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    path = f"{attacker.group}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": node["object_id"]}}
    try:
        assert attacker.arm("PUT", path, owner, "2022-04-01", body).status_code == 201
        assert attacker.arm("GET", attacker.group, reader, "2021-04-01").status_code == 200
        for name, (method, below, version, asked) in READER_MAY_NOT.items():
            refused = attacker.arm(method, attacker.group + below, reader, version, asked)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed"), name
    finally:
        attacker.arm("DELETE", path, owner, "2022-04-01")


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\0", b'{"location":"\\ud800"}'])
def test_no_body_brings_the_control_plane_down(attacker: Attacker, body: bytes) -> None:
    url = f"{ARM}{attacker.group}/providers/Microsoft.DataShare/accounts/attacked?api-version=2021-08-01"
    answer = attacker.ask("PUT", url, attacker.token("provider", ARM), data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


XML = {
    "entities": '<!DOCTYPE a [<!ENTITY x "yy"><!ENTITY z "&x;&x;">]><BlockList><Latest>&z;</Latest></BlockList>',
    "a file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><BlockList><Latest>&x;</Latest></BlockList>',
    "depth": "<a>" * 100_000,
}


@pytest.mark.parametrize("body", XML.values(), ids=XML)
def test_xml_that_bites_is_refused(attacker: Attacker, body: str) -> None:
    url = "https://sourcestorage.blob.core.windows.net/share-data/bitten?comp=blocklist"
    answer = attacker.ask("PUT", url, attacker.token("provider", STORAGE), data=body)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidXmlDocument")


def test_an_identity_cannot_be_had_with_another_ones_header(attacker: Attacker) -> None:
    azure = attacker.azure
    mine, other = azure.exec_env("batch-node"), azure.credentials("fabrikam-node")
    url = f"{mine['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource={ARM}"
    secret = mine["IDENTITY_HEADER"].partition(":")[2]
    with requests.Session() as session:
        session.trust_env = False
        for header, more, status in (
            (mine["IDENTITY_HEADER"], "", 200),
            (f"{other['object_id']}:{secret}", "", 401),
            (mine["IDENTITY_HEADER"], f"&client_id={other['client_id']}", 400),
            (mine["IDENTITY_HEADER"], f"&object_id={other['object_id']}", 400),
        ):
            answer = session.get(url + more, headers={"X-IDENTITY-HEADER": header}, timeout=15)
            assert answer.status_code == status
