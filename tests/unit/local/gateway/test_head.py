"""Heads that are read, and heads that are refused."""

from __future__ import annotations

import pytest

from lakeport_local.gateway.head import BadHead, Head, parse_head
from lakeport_local.gateway.limits import Limits


def read(text: str) -> Head:
    return parse_head(text.encode("latin-1"), Limits())


def test_a_head_is_read_whole() -> None:
    head = read(
        "PUT /a%20b?x=%2F HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nExpect: 100-continue\r\nX-Ms-Meta-A: \tv \r\n\r\n"
    )
    assert (head.method, head.target, head.length_bytes) == ("PUT", "/a%20b?x=%2F", 12)
    assert head.fields[-1] == ("X-Ms-Meta-A", "v")
    assert head.keep_alive
    assert head.expects_continue


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        ("1.1", "keep-alive", True),
        ("1.1", "Close", False),
        ("1.1", "foo, close", False),
        ("1.0", "", False),
        ("1.0", "Keep-Alive", True),
    ],
)
def test_the_connection_stays_open_as_the_peer_says(version: str, connection: str, stays: bool) -> None:
    assert read(f"GET / HTTP/{version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n").keep_alive is stays


def test_connect_and_an_upgrade_are_read_as_any_request() -> None:
    assert read("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n").target == "h:443"
    assert read("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n").method == "GET"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param("Content-Length: 5\r\nTransfer-Encoding: chunked", 400, id="both lengths"),
        pytest.param("Transfer-Encoding: chunked\r\nContent-Length: 5", 400, id="both lengths, other order"),
        pytest.param("Content-Length: 5\r\nContent-Length: 5", 400, id="one length twice"),
        pytest.param("Content-Length: 5\r\nContent-Length: 6", 400, id="two lengths"),
        pytest.param("Content-Length: 5, 5", 400, id="a list of lengths"),
        pytest.param("Content-Length: +5", 400, id="a signed length"),
        pytest.param("Content-Length: -5", 400, id="a negative length"),
        pytest.param("Content-Length: 0x5", 400, id="a hexadecimal length"),
        pytest.param("Content-Length: 5 5", 400, id="a length with a space"),
        pytest.param("Content-Length: ", 400, id="an empty length"),
        pytest.param("Content-Length: 99999999999999999999", 400, id="a length beyond 64 bits"),
        pytest.param("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, id="two codings"),
        pytest.param("Transfer-Encoding: gzip, chunked", 501, id="another coding first"),
        pytest.param("Transfer-Encoding: identity", 400, id="an obsolete coding"),
        pytest.param("Transfer-Encoding: xchunked", 400, id="nearly chunked"),
        pytest.param("Transfer-Encoding : chunked", 400, id="a space before the colon"),
        pytest.param("Content-Length : 5", 400, id="a space before the length's colon"),
        pytest.param("X-A: 1\r\n folded", 400, id="a folded field"),
        pytest.param("X-A: 1\r\n\tfolded", 400, id="a field folded by a tab"),
        pytest.param("X-A: 1\nX-B: 2", 400, id="a bare line feed"),
        pytest.param("X-A: 1\rX-B: 2", 400, id="a bare carriage return"),
        pytest.param("X-A: 1\x002", 400, id="a NUL"),
        pytest.param("X-A: 1\x012", 400, id="a control character"),
        pytest.param("X A: 1", 400, id="a space in a name"),
        pytest.param("X-A", 400, id="no colon"),
        pytest.param(": 1", 400, id="no name"),
        pytest.param("Host: other", 400, id="two hosts"),
        pytest.param("Expect: a miracle", 417, id="another expectation"),
        pytest.param("\r\n".join(f"X-{i}: 1" for i in range(200)), 431, id="too many fields"),
    ],
)
def test_an_ambiguous_or_malformed_field_is_refused(fields: str, status: int) -> None:
    with pytest.raises(BadHead) as refused:
        read(f"PUT / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n")
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("line", "status"),
    [
        pytest.param("GET / HTTP/2.0", 505, id="another version"),
        pytest.param("GET / HTTP/1.2", 400, id="a version that is none"),
        pytest.param("PRI * HTTP/2.0", 400, id="HTTP/2's preface"),
        pytest.param("GET /", 400, id="HTTP/0.9"),
        pytest.param("GET  / HTTP/1.1", 400, id="two spaces"),
        pytest.param("GET /a b HTTP/1.1", 400, id="a space in the target"),
        pytest.param("GET /\xe9 HTTP/1.1", 400, id="a raw letter beyond ASCII"),
        pytest.param("MAKEITSO / HTTP/1.1", 400, id="an unknown method"),
        pytest.param("get / HTTP/1.1", 400, id="a method in lower case"),
        pytest.param(f"GET /{'a' * 33_000} HTTP/1.1", 414, id="a long target"),
    ],
)
def test_a_request_line_that_is_none_is_refused(line: str, status: int) -> None:
    with pytest.raises(BadHead) as refused:
        read(f"{line}\r\nHost: h\r\n\r\n")
    assert refused.value.status == status


def test_a_request_without_host_is_refused_unless_it_is_http10() -> None:
    with pytest.raises(BadHead):
        read("GET / HTTP/1.1\r\n\r\n")
    assert read("GET / HTTP/1.0\r\n\r\n").is_http10


def test_chunks_of_http10_are_refused() -> None:
    with pytest.raises(BadHead):
        read("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
