"""Injected trouble: which requests it strikes and what they get."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.admin import Fault, Faults, FaultUnknown, FaultyService
from lakeport_local.core import Cut, Headers, Later, MemorySink, Request, Response

if TYPE_CHECKING:
    from lakeport_local.core import BodySink, BodySource

HOST = "lake1.dfs.core.windows.net"


class Well:
    """A service that is well."""

    def open_body(self, request: Request) -> BodySink | Response:
        return MemorySink()

    def handle(self, request: Request) -> Response:
        return Response(200, body=b"well" + request.data)


def asked(method: str = "GET", host: str = HOST, path: str = "/fs/a", **headers: str) -> Request:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    fields = Headers([(name.replace("_", "-"), value) for name, value in headers.items()])
    return Request(method, "https", host, 443, path, "", fields, "127.0.0.1", None, "id", at)


def answered(service: FaultyService, request: Request, data: bytes = b"") -> Response:
    sink = service.open_body(request)
    if isinstance(sink, Response):
        return sink
    if data:
        sink.write(data)
    request.body = sink
    answer = service.handle(request)
    assert isinstance(answer, Response)
    return answer


def service_with(**members: Any) -> FaultyService:
    faults = Faults()
    faults.add(Fault.read(members))
    return FaultyService(Well(), faults, "storage")


def body_of(answer: Response) -> BodySource:
    assert not isinstance(answer.body, bytes)
    return answer.body


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


def test_a_reset_cuts_the_connection_at_once() -> None:
    with pytest.raises(Cut):
        answered(service_with(kind="reset"), asked())


async def test_a_slow_answer_is_the_services_own() -> None:
    service = service_with(kind="slow", delay_s=0)
    request = asked()
    sink = service.open_body(request)
    assert not isinstance(sink, Response)
    request.body = sink
    late = service.handle(request)
    assert inspect.isawaitable(late)
    assert (await late).body == b"well"


def test_a_request_is_done_before_its_answer_is_lost() -> None:
    service = service_with(kind="reset-answer")
    request = asked("PUT")
    sink = service.open_body(request)
    assert not isinstance(sink, Response)
    request.body = sink
    with pytest.raises(Cut):
        service.handle(request)
    assert isinstance(request.body, MemorySink), "the service was given its own sink"


def test_a_byte_of_a_requests_body_arrives_as_another() -> None:
    request = asked("PUT", content_length="3")
    assert answered(service_with(kind="corrupt-request", after_bytes=1), request, b"abc").body == b"wella\x9dc"


def test_a_connection_is_cut_inside_a_requests_body() -> None:
    sink = service_with(kind="reset-request", after_bytes=5).open_body(asked("PUT", content_length="9"))
    assert not isinstance(sink, Response)
    sink.write(b"abc")
    with pytest.raises(Cut):
        sink.write(b"def")


@pytest.mark.parametrize(("kind", "is_polite"), [("reset-body", False), ("truncate", True)])
def test_an_answers_body_ends_early(kind: str, is_polite: bool) -> None:
    body = body_of(answered(service_with(kind=kind, after_bytes=2), asked()))
    assert (body.size_bytes, body.read(100)) == (4, b"we")
    with pytest.raises(Cut) as cut:
        body.read(100)
    assert cut.value.is_polite is is_polite


def test_an_answers_body_stops_and_goes_on() -> None:
    body = body_of(answered(service_with(kind="stall-body", after_bytes=0, delay_s=9), asked()))
    assert body.read(100) == b"w", "the head goes with the first byte"
    with pytest.raises(Later) as later:
        body.read(100)
    assert (later.value.seconds, body.read(100), body.read(100)) == (9, b"ell", b"")


def test_an_answers_body_comes_slowly() -> None:
    body = body_of(answered(service_with(kind="slow-body", bytes_per_second=40), asked()))
    assert body.read(100) == b"we"
    with pytest.raises(Later):
        body.read(100)
    assert body.read(100) == b"ll"


def test_a_byte_of_an_answers_body_is_another() -> None:
    body = body_of(answered(service_with(kind="corrupt", after_bytes=3), asked()))
    assert (body.read(2), body.read(2)) == (b"we", b"l\x93")


def test_a_fault_can_be_for_one_operation_service_and_principal() -> None:
    claims = "eyJvaWQiOiAidGhlLW9iamVjdCIsICJhcHBpZCI6ICJ0aGUtYXBwIn0"  # oid and appid
    request = asked("PUT", authorization=f"Bearer x.{claims}.y")
    request.operation = ("blob", "PUT", "block")
    for members in ({"operation": "blob * block"}, {"service": "stor*"}, {"principal": "the-app"}):
        assert answered(service_with(kind="500", **members), request).status == 500
    for members in ({"operation": "blob * page"}, {"service": "vault"}, {"principal": "sas"}):
        assert answered(service_with(kind="500", **members), request).status == 200


def test_the_same_seed_strikes_the_same_requests_in_whatever_order_they_come() -> None:
    paths = [f"/fs/{number}" for number in range(400)]

    def struck(order: list[str], seed: int) -> set[str]:
        service = service_with(kind="500", count=0, probability=0.25, seed=seed)
        return {path for path in order if answered(service, asked(path=path)).status == 500}

    assert struck(paths, 1) == struck(paths[::-1], 1) != struck(paths, 2)
    assert 60 < len(struck(paths, 1)) < 140


def test_requests_that_are_skipped_pass_first() -> None:
    service = service_with(kind="500", skip=2)
    assert [answered(service, asked()).status for _ in range(4)] == [200, 200, 500, 200]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"kind": "418"}, "kind '418' is none of"),
        ({"kind": "503", "cuont": 1}, "unknown member 'cuont'"),
        ({"kind": "503", "count": True}, "count must be int"),
        ({"kind": "503", "count": -1}, "must not be negative"),
        ({"kind": "503", "probability": 0}, "probability must be above 0"),
        ({"kind": "slow-body", "bytes_per_second": 0}, "bytes_per_second 1 or more"),
    ],
    ids=["kind", "member", "type", "range", "probability", "rate"],
)
def test_a_bad_fault_is_refused_by_name(members: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultUnknown, match=said):
        Fault.read(members)
