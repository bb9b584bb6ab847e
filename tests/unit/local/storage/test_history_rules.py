"""Rules of tags, moments and structured messages, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from lakeport_local.core import Headers, ServiceError
from lakeport_local.storage.cors import cross_origin_fields, preflight
from lakeport_local.storage.kept import Kept, moment_of, moment_text
from lakeport_local.storage.stamps import microseconds
from lakeport_local.storage.tags import Malformed, parse_condition, tags_in_header
from lakeport_local.storage.tiers import tier_of, with_tier


@pytest.mark.parametrize(
    ("text", "tags", "holds"),
    [
        ("a = '1'", {"a": "1"}, True),
        ("a = '1'", {}, False),
        ("a <> '1'", {}, True),
        ("a > '1' AND a <= '3'", {"a": "2"}, True),
        ("a = '1' OR b = '2' AND c = '3'", {"a": "1"}, True),
        ("(a = '1' OR b = '2') AND c = '3'", {"a": "1"}, False),
        ("NOT (a = '1')", {"a": "1"}, False),
        ("\"a b\" = 'it''s'", {"a b": "it's"}, True),
    ],
)
def test_a_condition_on_tags_holds_or_not(text: str, tags: dict[str, str], holds: bool) -> None:
    assert parse_condition(text).holds(tags) is holds


@pytest.mark.parametrize(
    "text",
    ["", "a", "a =", "a = 1", "= '1'", "(a = '1'", "a = '1')", "a = '1' AND", "NOT " * 3000, "(" * 3000, "é = '1'"],
)
def test_what_is_no_condition_is_refused_however_deep(text: str) -> None:
    with pytest.raises(Malformed):
        parse_condition(text)


@pytest.mark.parametrize(
    "text", ["&".join(f"a{number}=1" for number in range(11)), "=1", "a=%C3%A9", "a=1&a=2", "a=1&" * 5000]
)
def test_tags_in_a_header_keep_the_limits(text: str) -> None:
    with pytest.raises(ServiceError) as error:
        tags_in_header(text)
    assert error.value.code == "InvalidTags"


@pytest.mark.parametrize(
    "text", ["", "2022-01-01", "2022-01-01T00:00:00.0000000", "x" * 28, "2022-01-01T00:00:00.000000" + "9" * 5000]
)
def test_what_is_no_moment_names_nothing(text: str) -> None:
    found = moment_of(text)
    assert found is None or moment_text(found).startswith(text[:10])


def test_moments_are_spelled_and_read_alike() -> None:
    for moment in (638_000_000_000_000_001, 639_123_456_789_012_345):
        assert moment_of(moment_text(moment)) == moment


def test_days_left_count_begun_ones() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    path: Any = SimpleNamespace()
    kept = Kept(path, 1, "a", "deleted", 1, microseconds(now), microseconds(now + timedelta(days=7)))
    assert kept.days_left(now) == 7
    assert kept.days_left(now + timedelta(days=6, hours=1)) == 1


RULE = {"allowedOrigins": ["https://*.contoso.com"], "allowedMethods": ["GET"], "allowedHeaders": ["x-ms-*"]}


@pytest.mark.parametrize(
    ("origin", "method", "headers", "is_allowed"),
    [
        ("https://www.contoso.com", "GET", "x-ms-meta-a, x-ms-date", True),
        ("https://www.contoso.com", "PUT", "", False),
        ("https://www.contoso.com", "GET", "content-type", False),
        ("http://www.contoso.com", "GET", "", False),
        ("https://contoso.com.evil.example", "GET", "", False),
        ("https://evilcontoso.com", "GET", "", False),
    ],
)
def test_a_rule_for_browsers_covers_what_it_says(origin: str, method: str, headers: str, is_allowed: bool) -> None:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method)]
    asked += [("Access-Control-Request-Headers", headers)] if headers else []
    if not is_allowed:
        with pytest.raises(ServiceError) as error:
            preflight([RULE], Headers(asked))
        assert error.value.code == "CorsPreflightFailure"
        return
    answer = preflight([RULE], Headers(asked))
    assert dict(answer.headers)["Access-Control-Allow-Origin"] == origin
    assert dict(cross_origin_fields([RULE], origin, "GET"))["Vary"] == "Origin"


def test_a_blob_comes_back_from_the_archive_when_it_is_due() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def path(details: str) -> Any:
        return SimpleNamespace(details=details, detail=orjson.loads(details).get)

    archived = path(with_tier(path("{}"), "Archive", "Standard", now))
    on_the_way = path(with_tier(archived, "Cool", "Standard", now))
    assert tier_of(on_the_way, now).status == "rehydrate-pending-to-cool"
    assert tier_of(on_the_way, now + timedelta(hours=14)).name == "Archive"
    assert tier_of(on_the_way, now + timedelta(hours=15)).name == "Cool"
    with pytest.raises(ServiceError) as error:
        with_tier(on_the_way, "Hot", "High", now)
    assert error.value.code == "BlobBeingRehydrated"
