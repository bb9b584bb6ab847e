"""What people ask with an HTTP client and a signature: forms that no SDK sends, and what the service says to them."""

from __future__ import annotations

import base64
import itertools
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from azure.identity import ClientSecretCredential
from azure.storage.blob import ResourceTypes, generate_account_sas, generate_container_sas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

KEY = base64.b64encode(bytes(range(64))).decode()
LEASE, OTHER_LEASE = (f"{digit * 8}-2222-4333-8444-555555555555" for digit in "13")
LONG_AGO, FAR = "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2050 00:00:00 GMT"
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
  [[tenants.apps]]
  name = "owner"
  client_secret = "the secret of owner"
  [[tenants.apps]]
  name = "writer"
  client_secret = "the secret of writer"
  [[tenants.role_assignments]]
  principal = "owner"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"
  [[tenants.role_assignments]]
  principal = "writer"
  role = "Storage Blob Data Contributor"
  scope = "/subscriptions/main"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lakes"
    location = "westeurope"
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "signedlake"
      key = "{KEY}"
"""
_COUNT = itertools.count()


class Signed:
    """Requests of one account, with a signature of all of it, in a container of their own."""

    def __init__(self, azure: LocalAzure) -> None:
        self._azure = azure
        self._session = requests.Session()
        self._sas = generate_account_sas(
            "signedlake",
            KEY,
            resource_types=ResourceTypes(service=True, container=True, object=True),
            permission="rwdlacupftxyi",
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        self.container = f"signed-{os.getpid()}-{next(_COUNT)}"
        self("PUT", "blob", f"/{self.container}?restype=container", x_ms_meta_Kind="box")

    def __call__(
        self, method: str, api: str, where: str, body: bytes | str = b"", *, version: str = "2023-11-03", **headers: str
    ) -> requests.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"https://signedlake.{api}.core.windows.net{where}{'&' if '?' in where else '?'}{self._sas}"
        return self._session.request(
            method,
            url,
            data=body,
            headers={"x-ms-version": version, **fields},
            proxies=self._azure.sdk["proxies"],
            verify=self._azure.ca_bundle,
            timeout=20,
        )

    def unsigned(self, method: str, where: str, **headers: str) -> requests.Response:
        """Ask something of the container without any signature."""
        return self._session.request(
            method,
            f"https://signedlake.blob.core.windows.net/{self.container}{where}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            proxies=self._azure.sdk["proxies"],
            verify=self._azure.ca_bundle,
            timeout=20,
        )

    def token(self, name: str) -> str:
        """Return an app's token."""
        ids = self._azure.credentials(name)
        credential = ClientSecretCredential(
            ids["tenant_id"], ids["client_id"], f"the secret of {name}", **self._azure.sdk
        )
        with credential:
            return str(credential.get_token("https://storage.azure.com/.default").token)

    def permitted(self, letters: str, **more: str) -> Callable[..., requests.Response]:
        """Return requests of the container with a signature of it that permits so much."""
        signature = generate_container_sas(
            "signedlake",
            self.container,
            KEY,
            permission=letters,
            expiry=datetime.now(UTC) + timedelta(hours=1),
            **more,  # type: ignore[arg-type]  # the client's stubs do not know all that it takes
        )

        def ask(method: str, where: str, **headers: str) -> requests.Response:
            more = {"x_ms_version": "2023-11-03", **headers}
            return self.unsigned(method, f"{where}{'&' if '?' in where else '?'}{signature}", **more)

        return ask

    def bearer(self, name: str) -> Callable[..., requests.Response]:
        """Return requests of the container with an app's token instead of the signature."""
        token = self.token(name)

        def ask(method: str, where: str, body: bytes | str = b"") -> requests.Response:
            return self._session.request(
                method,
                f"https://signedlake.blob.core.windows.net/{self.container}{where}",
                data=body,
                headers={"x-ms-version": "2023-11-03", "Authorization": f"Bearer {token}"},
                proxies=self._azure.sdk["proxies"],
                verify=self._azure.ca_bundle,
                timeout=20,
            )

        return ask

    def blob(self, method: str, where: str, body: bytes | str = b"", **headers: str) -> requests.Response:
        return self(method, "blob", f"/{self.container}{where}", body, **headers)

    def dfs(self, method: str, where: str, body: bytes | str = b"", **headers: str) -> requests.Response:
        return self(method, "dfs", f"/{self.container}{where}", body, **headers)

    def put(self, path: str, body: bytes = b"0123456789", **headers: str) -> None:
        answer = self.blob("PUT", f"/{path}", body, x_ms_blob_type="BlockBlob", **headers)
        assert answer.status_code == 201, answer.text

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def signed(azure_of: AzureOf) -> Iterator[Signed]:
    one = Signed(azure_of(TOPOLOGY))
    yield one
    one.close()


def said(answer: requests.Response) -> str:
    """Return status and code, as one reads them."""
    return f"{answer.status_code} {answer.headers.get('x-ms-error-code', '')}".strip()


def test_a_head_and_metadata_alone_tell_what_the_longer_forms_tell(signed: Signed) -> None:
    signed.put("f", x_ms_meta_Kind="file")
    here = f"/{signed.container}"
    assert signed("HEAD", "blob", "/?restype=account&comp=properties").headers["x-ms-is-hns-enabled"] == "true"
    assert signed.blob("GET", "?restype=account&comp=properties").headers["x-ms-account-kind"] == "StorageV2"
    etag = signed.blob("GET", "?restype=container").headers["ETag"]
    for where in ("?restype=container", "?restype=container&comp=metadata"):
        for method in ("GET", "HEAD"):
            found = signed(method, "blob", here + where).headers
            assert (found["ETag"], found["x-ms-meta-Kind"]) == (etag, "box")
    assert signed.blob("GET", "/f?comp=metadata").headers["x-ms-meta-Kind"] == "file"


def test_no_signature_gives_policies_which_come_back_with_seven_decimals(signed: Signed) -> None:
    given = "<Start>2030-01-01</Start><Expiry>2031-01-01T10:00:00Z</Expiry><Permission>rl</Permission>"
    entry = f"<SignedIdentifier><Id>readers</Id><AccessPolicy>{given}</AccessPolicy></SignedIdentifier>"
    sent = f"<SignedIdentifiers>{entry}</SignedIdentifiers>".encode()
    where = "?restype=container&comp=acl"
    for method in ("PUT", "GET"):
        assert said(signed.blob(method, where, sent)) == "403 AuthorizationPermissionMismatch"
    as_writer, as_owner = signed.bearer("writer"), signed.bearer("owner")
    for method in ("PUT", "GET"):
        assert said(as_writer(method, where, sent)) == "403 AuthorizationPermissionMismatch"
    assert said(as_owner("PUT", where, sent)) == "200"
    told = as_owner("GET", where)
    assert "<Start>2030-01-01T00:00:00.0000000Z</Start>" in told.text
    assert "<Expiry>2031-01-01T10:00:00.0000000Z</Expiry>" in told.text
    assert as_owner("HEAD", where).headers["ETag"] == told.headers["ETag"]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda one: one.dfs("HEAD", "/f?timeout=soon"), "400 InvalidQueryParameterValue"),
        (lambda one: one.dfs("PATCH", "?restype=container"), "400 InvalidQueryParameterValue"),
        (lambda one: one.blob("PATCH", "/f"), "405 UnsupportedHttpVerb"),
        (lambda one: one.dfs("PUT", "/g?resource=file", x_ms_umask="rwxr-x---"), "400 InvalidHeaderValue"),
        (lambda one: one.dfs("PUT", "/g?mode=legacy", x_ms_rename_source="/"), "400 InvalidSourceUri"),
        (lambda one: one.dfs("GET", "/f", x_ms_range_get_content_md5="true"), "400 InvalidHeaderValue"),
        (lambda one: one.blob("PUT", "/f?comp=lease", x_ms_lease_action="steal"), "400 InvalidHeaderValue"),
        (lambda one: one.blob("PUT", "/f?comp=tier"), "400 MissingRequiredHeader"),
        (lambda one: one.blob("PUT", "/g?comp=block", b"1"), "400 MissingRequiredQueryParameter"),
        (lambda one: one.blob("PUT", "/f?comp=metadata", **{"x-ms-meta-": "1"}), "400 EmptyMetadataKey"),
        (lambda one: one("GET", "blob", "/?comp=list&include=secrets"), "400 InvalidQueryParameterValue"),
    ],
)
def test_what_is_asked_badly_is_refused_by_name(
    signed: Signed, ask: Callable[[Signed], requests.Response], answer: str
) -> None:
    signed.put("f")
    assert said(ask(signed)) == answer


def test_a_rename_names_the_condition_of_its_source(signed: Signed) -> None:
    signed.put("f")
    source = f"/{signed.container}/f"
    for header, value in (
        ("x_ms_source_if_none_match", "*"),
        ("x_ms_source_if_match", '"0x1"'),
        ("x_ms_source_if_modified_since", FAR),
        ("x_ms_source_if_unmodified_since", LONG_AGO),
    ):
        answer = signed.dfs("PUT", "/g?mode=legacy", **{"x_ms_rename_source": source, header: value})
        assert said(answer) == "412 SourceConditionNotMet", header


def test_a_recursive_change_says_how_and_how_many(signed: Signed) -> None:
    signed.put("d/f")
    change = "/d?action=setAccessControlRecursive"

    def changed(query: str) -> str:
        return said(signed.dfs("PATCH", change + query, x_ms_acl="user::rwx,group::r-x,other::---"))

    assert changed("") == "400 MissingRequiredQueryParameter"
    assert changed("&mode=chmod") == "400 InvalidQueryParameterValue"
    assert changed("&mode=set&maxRecords=0") == "400 OutOfRangeQueryParameterValue"
    assert changed("&mode=set&maxRecords=9999") == "200"


def test_a_lease_that_ended_is_gone_once_its_blob_changes(signed: Signed) -> None:
    signed.put("f")

    def lease(action: str, **headers: str) -> requests.Response:
        return signed.blob("PUT", "/f?comp=lease", x_ms_lease_action=action, **headers)

    def state() -> str:
        return signed.blob("HEAD", "/f").headers["x-ms-lease-state"]

    assert said(lease("acquire", x_ms_proposed_lease_id=LEASE, x_ms_lease_duration="15")) == "201"
    assert said(lease("break", x_ms_lease_break_period="0")) == "202"
    assert state() == "broken"
    assert said(lease("renew", x_ms_lease_id=LEASE)) == "409 LeaseIsBrokenAndCannotBeRenewed"
    assert said(signed.blob("PUT", "/f?comp=metadata", x_ms_lease_id=LEASE)) == "412 LeaseLost"
    assert said(signed.blob("PUT", "/f?comp=metadata")) == "200"
    assert state() == "available"
    assert said(lease("renew", x_ms_lease_id=LEASE)) == "409 LeaseNotPresentWithLeaseOperation"
    assert said(signed.blob("PUT", "/f?comp=metadata", x_ms_lease_id=LEASE)) == "412 LeaseNotPresentWithBlobOperation"


def test_a_container_asks_for_no_lease_id_but_believes_no_wrong_one(signed: Signed) -> None:
    here = "?restype=container"
    calls = (("GET", here), ("HEAD", here), ("PUT", f"{here}&comp=metadata"))

    def answers(**headers: str) -> set[str]:
        return {said(signed.blob(method, where, **headers)) for method, where in calls}

    assert answers(x_ms_lease_id=LEASE) == {"412 LeaseNotPresentWithContainerOperation"}
    acquire = {"x_ms_lease_action": "acquire", "x_ms_lease_duration": "-1", "x_ms_proposed_lease_id": LEASE}
    assert said(signed.blob("PUT", f"{here}&comp=lease", **acquire)) == "201"
    assert answers(x_ms_lease_id=OTHER_LEASE) == {"412 LeaseIdMismatchWithContainerOperation"}
    assert answers() == answers(x_ms_lease_id=LEASE) == {"200"}


def test_older_versions_of_the_blob_api_tell_less_of_directories(signed: Signed) -> None:
    signed.put("f")
    told = ("x-ms-owner", "x-ms-permissions", "x-ms-resource-type", "x-ms-acl")

    def seen(version: str) -> list[str]:
        return [name for name in told if name in signed.blob("HEAD", "/f", version=version).headers]

    assert seen("2019-12-12") == []
    assert seen("2020-06-12") == ["x-ms-owner", "x-ms-permissions"]
    assert seen("2020-10-02") == ["x-ms-owner", "x-ms-permissions", "x-ms-resource-type"]
    assert seen("2023-11-03") == list(told)
    assert "x-ms-resource-type" in signed.dfs("HEAD", "/f", version="2019-12-12").headers


def test_who_names_an_old_version_is_told_what_it_told(signed: Signed) -> None:
    signed.put("f")
    owner = f"Bearer {signed.token('owner')}"
    assert said(signed.unsigned("GET", "/f", x_ms_version="2017-11-09", Authorization=owner)) == "200"
    for old in ({}, {"x_ms_version": "2017-07-29"}):
        answer = signed.unsigned("GET", "/f", Authorization=owner, **old)
        assert said(answer) == "403 AuthenticationFailed"
        assert "Authentication scheme Bearer is not supported in this version." in answer.text
    for version, status in (("2019-12-12", 401), ("2019-07-07", 400)):
        for header in ("Bearer nonsense", "Basic eA=="):
            answer = signed.unsigned("GET", "/f", x_ms_version=version, Authorization=header)
            assert said(answer) == f"{status} InvalidAuthenticationInfo"
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert said(signed.unsigned(method, "/f", x_ms_version="2019-12-12")) == "401 NoAuthenticationInformation"
        for old in ({}, {"x_ms_version": "2019-07-07"}):
            assert said(signed.unsigned(method, "/f", **old)) == "409 PublicAccessNotPermitted"


def test_whoever_may_delete_may_break_a_lease_and_no_more(signed: Signed) -> None:
    signed.put("f")
    signed.blob("PUT", "/f?comp=lease", x_ms_lease_action="acquire", x_ms_lease_duration="-1")
    for letters, action, answer in (
        ("d", "acquire", "403 AuthorizationPermissionMismatch"),
        ("r", "break", "403 AuthorizationPermissionMismatch"),
        ("d", "break", "202"),
    ):
        asked = {"x_ms_lease_action": action, "x_ms_lease_duration": "15"}
        assert said(signed.permitted(letters)("PUT", "/f?comp=lease", **asked)) == answer


def test_a_signature_of_a_scope_writes_in_no_other(signed: Signed) -> None:
    ask = signed.permitted("cw", encryption_scope="mine")
    blob = {"x_ms_blob_type": "BlockBlob", "Content_Length": "0"}
    other = ask("PUT", "/f", x_ms_encryption_scope="other", **blob)
    assert said(other) == "403 RequestForbiddenByContainerEncryptionPolicy"
    made = ask("PUT", "/f", **blob)
    assert (said(made), made.headers["x-ms-encryption-scope"]) == ("201", "mine")
