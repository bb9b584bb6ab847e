"""Injected trouble: which requests it strikes and what they get."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.admin import Fault, Faults, FaultUnknown, FaultyService
from lakeport_local.core import Headers, MemorySink, Request, Response

if TYPE_CHECKING:
    from lakeport_local.core import BodySink

HOST = "lake1.dfs.core.windows.net"


class Well:
    """A service that is well."""

    def open_body(self, request: Request) -> BodySink | Response:
        return MemorySink()

    def handle(self, request: Request) -> Response:
        return Response(200, body=b"well")


def asked(method: str = "GET", host: str = HOST, path: str = "/fs/a") -> Request:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Request(method, "https", host, 443, path, "", Headers(), "127.0.0.1", None, "id", at)


def answered(service: FaultyService, request: Request) -> Response:
    sink = service.open_body(request)
    answer = sink if isinstance(sink, Response) else service.handle(request)
    assert isinstance(answer, Response)
    return answer


def service_with(**members: Any) -> FaultyService:
    faults = Faults()
    faults.add(Fault.read(members))
    return FaultyService(Well(), faults)


def test_a_fault_strikes_as_often_as_it_says_and_then_is_gone() -> None:
    service = service_with(kind="503", count=2, retry_after_s=7)
    answers = [answered(service, asked()) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].header("Retry-After") == "7"


@pytest.mark.parametrize(
    ("members", "request_"),
    [
        ({"host": "*.blob.core.windows.net"}, asked()),
        ({"path": "/other/*"}, asked()),
        ({"method": "PUT"}, asked()),
    ],
    ids=["host", "path", "method"],
)
def test_a_fault_leaves_other_requests_alone(members: dict[str, str], request_: Request) -> None:
    assert answered(service_with(kind="500", **members), request_).status == 200


def test_a_host_pattern_matches_every_account() -> None:
    assert answered(service_with(kind="429", host="*.dfs.core.windows.net"), asked()).status == 429


def test_a_reset_promises_a_body_that_never_comes() -> None:
    body = answered(service_with(kind="reset"), asked()).body
    assert not isinstance(body, bytes)
    with pytest.raises(ConnectionAbortedError):
        body.read(1)


async def test_a_slow_answer_is_the_services_own() -> None:
    service = service_with(kind="slow", delay_s=0)
    assert isinstance(service.open_body(asked()), MemorySink)
    late = service.handle(asked())
    assert inspect.isawaitable(late)
    assert (await late).body == b"well"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"kind": "418"}, "kind '418' is none of"),
        ({"kind": "503", "cuont": 1}, "unknown member 'cuont'"),
        ({"kind": "503", "count": True}, "count must be int"),
        ({"kind": "503", "count": -1}, "must not be negative"),
    ],
    ids=["kind", "member", "type", "range"],
)
def test_a_bad_fault_is_refused_by_name(members: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultUnknown, match=said):
        Fault.read(members)
