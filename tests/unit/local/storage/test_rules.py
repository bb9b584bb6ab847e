"""The pure rules of storage: conditions, ranges, leases, the tiling of flushes, which API a request is for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from lakeport_local.core import Headers, Request, ServiceError, http_date
from lakeport_local.storage.address import address_of
from lakeport_local.storage.conditions import conditions_of
from lakeport_local.storage.leases import Lease, LeaseRequest, check_lease, lease_at, operate
from lakeport_local.storage.metadata import metadata_headers, metadata_of, properties_of, properties_text
from lakeport_local.storage.ranges import range_of
from lakeport_local.storage.staging import Segment, tiles

NOW = datetime(2030, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
ID, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


class File:
    etag_text = "0x8D1"
    modified_at = NOW
    tags: ClassVar[dict[str, str]] = {}


def outcome(act: Any) -> tuple[int, str] | None:
    try:
        act()
    except ServiceError as error:
        return error.status, error.code
    return None


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [
        ({}, None, None),
        ({"If-Match": '"0x8D1"'}, None, None),
        ({"If-Match": "0x8D2, 0x8D1"}, None, None),
        ({"If-Match": "*"}, None, None),
        ({"If-Match": '"0x8D2"'}, 412, 412),
        ({"If-None-Match": '"0x8D1"'}, 304, 412),
        ({"If-None-Match": '"0x8D2"'}, None, None),
        ({"If-None-Match": "*"}, 400, 409),
        ({"If-Modified-Since": http_date(NOW)}, 304, 412),
        ({"If-Modified-Since": http_date(NOW - timedelta(seconds=1))}, None, None),
        ({"If-Unmodified-Since": http_date(NOW)}, None, None),
        ({"If-Unmodified-Since": http_date(NOW - timedelta(seconds=1))}, 412, 412),
    ],
    ids=str,
)
def test_conditions_on_what_exists(headers: dict[str, str], read: int | None, write: int | None) -> None:
    conditions = conditions_of(Headers(headers.items()))
    found = outcome(lambda: conditions.check_read(File()))
    assert (found and found[0]) == read
    found = outcome(lambda: conditions.check_write(File(), on_existing=(409, "PathAlreadyExists")))
    assert (found and found[0]) == write


def test_conditions_on_what_does_not_exist() -> None:
    assert outcome(lambda: conditions_of(Headers([("If-None-Match", "*")])).check_write(None)) is None
    found = outcome(lambda: conditions_of(Headers([("If-Match", "0x1")])).check_write(None))
    assert found == (412, "ConditionNotMet")
    assert outcome(lambda: conditions_of(Headers([("If-Modified-Since", "yesterday")]))) == (400, "InvalidHeaderValue")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("bytes=0-3", (0, 4, True)),
        ("bytes=3-", (3, 7, True)),
        ("bytes=9-100", (9, 1, True)),
        ("bytes=-3", (7, 3, True)),
        ("bytes=-30", (0, 10, True)),
        ("bytes=5-4", (0, 10, False)),
        ("bytes=1-2,4-5", (0, 10, False)),
        ("lines=1-2", (0, 10, False)),
        ("", (0, 10, False)),
    ],
)
def test_a_range_is_read_as_http_has_it(text: str, wanted: tuple[int, int, bool]) -> None:
    found = range_of(Headers([("Range", text)]), 10)
    assert (found.start, found.size_bytes, found.is_partial) == wanted


def test_a_range_behind_the_end_is_refused_and_the_storage_header_comes_first() -> None:
    for text in ("bytes=10-", "bytes=10-20", "bytes=-0"):
        assert outcome(lambda text=text: range_of(Headers([("Range", text)]), 10)) == (416, "InvalidRange")
    assert outcome(lambda: range_of(Headers([("Range", "bytes=0-0")]), 0)) == (416, "InvalidRange")
    found = range_of(Headers([("Range", "bytes=0-0"), ("x-ms-range", "bytes=1-2")]), 10)
    assert (found.start, found.size_bytes) == (1, 2)


@pytest.mark.parametrize(
    ("segments", "begin", "end", "taken"),
    [
        ([], 0, 0, []),
        ([], 5, 5, []),
        ([(0, 5)], 0, 5, [0]),
        ([(0, 5), (5, 5)], 0, 5, [0]),
        ([(0, 5), (5, 5)], 0, 10, [0, 5]),
        ([(0, 3), (5, 5)], 5, 10, [5]),
        ([(0, 5), (6, 5)], 0, 11, None),
        ([(0, 5), (4, 5)], 0, 9, None),
        ([(0, 5)], 0, 4, None),
        ([(1, 5)], 0, 6, None),
        ([], 0, 1, None),
    ],
)
def test_a_flush_takes_segments_that_tile_it_exactly(
    segments: list[tuple[int, int]], begin: int, end: int, taken: list[int] | None
) -> None:
    found = tiles([Segment(position, size, 1) for position, size in segments], begin, end)
    assert (None if found is None else [one.position for one in found]) == taken


SECOND = 1_000_000
STATES = {
    "available": Lease(now=0),
    "leased": Lease(ID, 15, 15 * SECOND, 0, 5 * SECOND),
    "expired": Lease(ID, 15, 15 * SECOND, 0, 16 * SECOND),
    "breaking": Lease(ID, 15, 15 * SECOND, 10 * SECOND, 5 * SECOND),
    "broken": Lease(ID, 15, 15 * SECOND, 10 * SECOND, 11 * SECOND),
}


@pytest.mark.parametrize(
    ("state", "action", "given", "wanted"),
    [
        ("available", "acquire", ID, 201),
        ("leased", "acquire", ID, 201),
        ("leased", "acquire", OTHER, "LeaseAlreadyPresent"),
        ("breaking", "acquire", ID, "LeaseIsBreakingAndCannotBeAcquired"),
        ("expired", "acquire", OTHER, 201),
        ("broken", "acquire", OTHER, 201),
        ("available", "renew", ID, "LeaseNotPresentWithLeaseOperation"),
        ("leased", "renew", ID, 200),
        ("expired", "renew", ID, 200),
        ("broken", "renew", ID, "LeaseIsBrokenAndCannotBeRenewed"),
        ("leased", "renew", OTHER, "LeaseIdMismatchWithLeaseOperation"),
        ("leased", "release", ID, 200),
        ("leased", "release", OTHER, "LeaseIdMismatchWithLeaseOperation"),
        ("breaking", "release", ID, 200),
        ("leased", "change", ID, 200),
        ("breaking", "change", ID, "LeaseIsBreakingAndCannotBeChanged"),
        ("available", "change", ID, "LeaseNotPresentWithLeaseOperation"),
        ("available", "break", "", "LeaseNotPresentWithLeaseOperation"),
        ("leased", "break", "", 202),
        ("broken", "break", "", 202),
    ],
)
def test_a_lease_goes_through_its_states(state: str, action: str, given: str, wanted: int | str) -> None:
    lease = STATES[state]
    assert lease.state == state
    asked = LeaseRequest(action, given, OTHER, 15)
    if isinstance(wanted, int):
        assert operate(lease, asked).status == wanted
    else:
        assert outcome(lambda: operate(lease, asked)) == (409, wanted)


def test_a_lease_that_ended_before_its_blob_changed_is_gone() -> None:
    kept = Lease(ID, 15, 15 * SECOND).as_json()
    assert lease_at(kept, 20 * SECOND, changed=10 * SECOND).state == "expired"
    assert lease_at(kept, 20 * SECOND, changed=16 * SECOND).state == "available"
    assert lease_at(kept, 14 * SECOND, changed=14 * SECOND).state == "leased"
    broken = Lease(ID, -1, 0, breaks_at=5 * SECOND).as_json()
    assert lease_at(broken, 20 * SECOND, changed=5 * SECOND).state == "broken"
    assert lease_at(broken, 20 * SECOND, changed=6 * SECOND).state == "available"


def test_a_lease_that_is_broken_with_a_period_holds_until_then_and_comes_back_from_its_row() -> None:
    broken = operate(Lease(ID, -1, 0, 0, 0), LeaseRequest("break", break_seconds=3))
    assert (broken.seconds_left, broken.lease.state) == (3, "breaking")
    kept = broken.lease.as_json()
    assert [lease_at(kept, at * SECOND).state for at in (2, 3)] == ["breaking", "broken"]
    assert outcome(lambda: check_lease(lease_at(kept, SECOND), None)) == (412, "LeaseIdMissing")
    assert outcome(lambda: check_lease(lease_at(kept, SECOND), ID)) is None
    assert outcome(lambda: check_lease(lease_at(kept, 4 * SECOND), ID)) == (412, "LeaseLost")
    assert outcome(lambda: check_lease(Lease(), ID)) == (412, "LeaseNotPresentWithBlobOperation")
    assert outcome(lambda: check_lease(STATES["leased"], OTHER)) == (412, "LeaseIdMismatchWithBlobOperation")


def request(method: str, url: str, *, host: str = "", headers: dict[str, str] | None = None) -> Request:
    path, _, query = url.partition("?")
    fields = Headers((headers or {}).items())
    return Request(method, "https", host, 443, path, query, fields, "::1", None, "r", NOW, explicit=not host)


@pytest.mark.parametrize(
    ("method", "url", "headers", "wanted"),
    [
        ("PATCH", "/lake1/c/f?action=append&position=0", {}, "dfs"),
        ("PUT", "/lake1/c/f?action=flush", {"x-http-method-override": "PATCH"}, "dfs"),
        ("PUT", "/lake1/c/f?resource=file", {}, "dfs"),
        ("PUT", "/lake1/c/f", {"x-ms-rename-source": "/c/g"}, "dfs"),
        ("GET", "/lake1/c?resource=filesystem&recursive=true", {}, "dfs"),
        ("GET", "/lake1/c?restype=container&comp=list", {}, "blob"),
        ("PUT", "/lake1/c/f?comp=lease", {"x-ms-lease-action": "break"}, "blob"),
        ("POST", "/lake1/c/f", {"x-ms-lease-action": "break"}, "dfs"),
        ("PUT", "/lake1/c/f", {"x-ms-blob-type": "BlockBlob"}, "blob"),
        ("GET", "/lake1/c/f", {}, "blob"),
        ("DELETE", "/lake1/c/f", {"accept": "application/json"}, "dfs"),
        ("DELETE", "/lake1/c/f", {"accept": "application/xml"}, "blob"),
        ("DELETE", "/lake1/c/f?recursive=true", {}, "dfs"),
    ],
)
def test_one_endpoint_tells_the_apis_apart(method: str, url: str, headers: dict[str, str], wanted: str) -> None:
    found = address_of(request(method, url, headers=headers), {"lake1"}.__contains__)
    assert (found.account, found.api, found.file_system) == ("lake1", wanted, "c")


def test_hosts_name_account_api_and_the_read_only_twin() -> None:
    found = address_of(request("GET", "/c//a%2Fb/%C3%A4/", host="lake1-secondary.dfs.core.windows.net"), bool)
    assert (found.account, found.api, found.file_system, found.path) == ("lake1", "dfs", "c", "a/b/\u00e4")
    assert found.is_secondary


def test_a_rename_without_the_account_in_its_url_takes_it_from_the_signature() -> None:
    headers = {"authorization": "SharedKey lake1:x", "x-ms-rename-source": "/lake1/c/a"}
    found = address_of(request("PUT", "/c/b?mode=legacy", headers=headers), {"lake1"}.__contains__)
    assert (found.account, found.file_system, found.path) == ("lake1", "c", "b")


@pytest.mark.parametrize("path", ["/c/../x", "/c/a/%2e/b", "/c/%00", "/c/a%0Ab", "/c/%ff", "/c/" + "x" * 256])
def test_a_path_that_no_file_may_have_is_refused(path: str) -> None:
    found = outcome(lambda: address_of(request("GET", path, host="lake1.blob.core.windows.net"), bool))
    assert found == (400, "InvalidUri")


def test_metadata_keeps_names_and_values_in_both_spellings() -> None:
    pairs = [("Name", "one, two"), ("other_1", "\u00fc \u6570")]
    assert properties_of(properties_text(pairs)) == pairs
    assert metadata_of(Headers(metadata_headers(pairs))) == pairs


@pytest.mark.parametrize("text", ["a b=MQ==", "1a=MQ==", "a=MQ==,A=MQ==", "=MQ==", "a=%%%", "a=DQpYOiAx"])
def test_metadata_that_no_header_could_carry_is_refused(text: str) -> None:
    found = outcome(lambda: properties_of(text))
    assert found in {(400, "InvalidPropertyName"), (400, "InvalidHeaderValue")}
