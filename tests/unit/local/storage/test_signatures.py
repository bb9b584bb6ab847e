"""What signed requests and shared access signatures must have signed, against vectors of the reference."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from lakeport_local.core import Headers, Request
from lakeport_local.storage.shared_key import is_signed, signature, strings_to_sign
from lakeport_local.storage.strings import account_string, canonical_resource, service_string

KEY = base64.b64encode(bytes(range(64))).decode()
DELEGATED = base64.b64encode(bytes(range(32))).decode()


def request(
    method: str = "GET", path: str = "/", query: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> Request:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    return Request(
        method, "https", "127.0.0.1", 1, path, query, Headers(headers), "127.0.0.1", None, "r", at, explicit=True
    )


def test_the_shared_key_string_is_the_one_of_the_reference() -> None:
    headers = (("x-ms-version", "2026-10-06"), ("x-ms-date", "Tue, 01 Jan 2030 00:00:00 GMT"))
    asked = request("PUT", "/lake1/fs1/a%20b", "resource=directory", headers)
    assert [signature(KEY, text) for text in strings_to_sign(asked, "lake1")] == [
        "OLd9neID8Xk+fDy2mOMDe0OMnvcO8pETN+1z+xhobVI="
    ]


def test_header_names_may_be_sorted_by_bytes_or_as_the_service_does() -> None:
    asked = request(headers=(("x-ms-foo-bar", "1"), ("x-ms-foobar", "2"), ("x-ms-fooa", "3")))
    found = [text.split("\n")[12:15] for text in strings_to_sign(asked, "a")]
    assert found == [
        ["x-ms-foo-bar:1", "x-ms-fooa:3", "x-ms-foobar:2"],
        ["x-ms-fooa:3", "x-ms-foobar:2", "x-ms-foo-bar:1"],
    ]


def test_query_values_are_decoded_sorted_and_joined() -> None:
    asked = request(path="/c", query="b=2&A=%C3%A4&b=1&comp=list")
    text = next(strings_to_sign(asked, "acct"))
    assert text.endswith("/acct/c\na:\u00e4\nb:1,2\ncomp:list")


def test_a_signature_of_either_key_is_taken_and_no_other() -> None:
    good = signature(KEY, "text")
    assert is_signed(good, ["text"], [DELEGATED, KEY])
    assert not is_signed(good, ["other"], [KEY])
    assert not is_signed(good, ["text"], [DELEGATED])
    assert not is_signed("not base64!", ["text"], [KEY])
    assert not is_signed("", ["text"], [KEY])


def test_the_account_signature_is_the_one_of_the_reference() -> None:
    fields = {
        "sv": "2026-10-06",
        "st": "2030-01-01T00:00:00Z",
        "se": "2030-01-02T00:00:00Z",
        "sp": "rl",
        "spr": "https",
        "ss": "b",
        "srt": "sco",
    }
    text = account_string("lake1", fields)
    assert text is not None
    assert signature(KEY, text) == "LFFA4pXSTATowbWaFFy9Oe/FqArtacGQIGYKEaFMbWc="


DIRECTORY = {"sv": "2026-10-06", "sr": "d", "sp": "rl", "se": "2030-01-02T00:00:00Z", "sdd": "2"}
TIMES = {"st": "2030-01-01T00:00:00Z", "se": "2030-01-02T00:00:00Z"}


def test_the_directory_signature_is_the_one_of_the_reference() -> None:
    resource = canonical_resource("lake1", "fs1", "a/b/below/it", DIRECTORY)
    assert resource == "/blob/lake1/fs1/a/b"
    found = {signature(KEY, service_string({**DIRECTORY, **times}, resource, request()) or "") for times in ({}, TIMES)}
    assert "qoMJpWQxpVrZvRSIfGtDvqz09s1ZK6NrHUDn3S6eKNI=" in found


def test_the_user_delegation_signature_is_the_one_of_the_reference() -> None:
    ids = {
        name: "-".join(digit * count for count in (8, 4, 4, 4, 12))
        for name, digit in (("o", "1"), ("t", "2"), ("s", "3"))
    }
    fields = {
        **DIRECTORY,
        "sp": "rle",
        "skoid": ids["o"],
        "sktid": ids["t"],
        "suoid": ids["s"],
        "skt": "2030-01-01T00:00:00Z",
        "ske": "2030-01-03T00:00:00Z",
        "sks": "b",
        "skv": "2026-10-06",
        "srh": "x-ms-foo",
        "srq": "q",
    }
    asked = request(query="q=2", headers=(("x-ms-foo", "1"),))
    resource = canonical_resource("lake1", "fs1", "a/b", fields)
    found = {signature(DELEGATED, service_string({**fields, **times}, resource, asked) or "") for times in ({}, TIMES)}
    assert "oY5ZaxjFCt8X/WWNhLqjnD7/z/BJv873cMk4LaJcnZQ=" in found
    assert service_string(fields, resource, request(query="q=2")) is None


@pytest.mark.parametrize("path", ["a", "", "a/c"])
def test_a_directory_signature_names_nothing_else_than_its_directory(path: str) -> None:
    assert canonical_resource("lake1", "fs1", path, DIRECTORY) != "/blob/lake1/fs1/a/b"
