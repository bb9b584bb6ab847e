"""Heads of responses."""

from __future__ import annotations

import pytest

from lakeport_local.core import Response
from lakeport_local.gateway.answers import BadResponse, render_head

DATE = "Tue, 01 Jan 2030 00:00:00 GMT"


class Source:
    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def read(self, limit_bytes: int) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing to release."""


def lines(response: Response, method: str = "GET", *, keep_alive: bool = True, is_http10: bool = False) -> list[str]:
    head, _ = render_head(response, method=method, date=DATE, keep_alive=keep_alive, is_http10=is_http10)
    return head.decode("latin-1").split("\r\n")


def test_length_and_date_are_added() -> None:
    assert lines(Response(200, [("ETag", '"1"')], b"abc")) == [
        "HTTP/1.1 200 OK", 'ETag: "1"', "Content-Length: 3", f"Date: {DATE}", "", "",
    ]  # fmt: skip


def test_a_service_says_its_own_date_but_not_a_wrong_length() -> None:
    head = lines(Response(200, [("date", "then"), ("Content-Length", "99"), ("Connection", "close")], b"abc"))
    assert "Date: then" in head
    assert "Content-Length: 3" in head
    assert not [line for line in head if line.startswith("Connection")]


@pytest.mark.parametrize(
    ("method", "response", "length"),
    [
        ("HEAD", Response(200, [("Content-Length", "1234")]), "1234"),
        ("HEAD", Response(200, [], b"abc"), "3"),
        ("HEAD", Response(200, [], Source(-1)), None),
        ("GET", Response(204, [("Content-Length", "0")]), None),
        ("GET", Response(304, [("Content-Length", "12")]), "12"),
        ("GET", Response(304), None),
        ("GET", Response(404), "0"),
        ("GET", Response(200, [], Source(7)), "7"),
    ],
)
def test_content_length_is_what_the_method_and_status_demand(
    method: str, response: Response, length: str | None
) -> None:
    found = [line.partition(": ")[2] for line in lines(response, method) if line.startswith("Content-Length")]
    assert found == ([] if length is None else [length])


def test_a_body_of_unknown_size_is_chunked_unless_the_peer_speaks_http10() -> None:
    assert "Transfer-Encoding: chunked" in lines(Response(200, [], Source(-1)))
    assert "Transfer-Encoding: chunked" not in lines(Response(200, [], Source(-1)), is_http10=True)


def test_the_last_answer_says_so() -> None:
    assert "Connection: close" in lines(Response(200), keep_alive=False)


@pytest.mark.parametrize(
    "response",
    [
        Response(200, [("x-a", "1\r\nx-b: 2")]),
        Response(200, [("x-a", "1\nx-b: 2")]),
        Response(200, [("x-a: 1\r\nx-b", "2")]),
        Response(200, [("x a", "2")]),
        Response(200, [("x-a", "→")]),
        Response(200, [("date", "1\r\nx-b: 2")]),
        Response(200, reason="OK\r\nx-b: 2"),
    ],
)
def test_what_would_break_the_message_apart_is_not_sent(response: Response) -> None:
    with pytest.raises(BadResponse):
        lines(response)
