"""What a token costs: issued by the authority, and checked on a hot path; CPU seconds of one core, with bare signing as the peer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.figure import Figure
from joserfc import jws
from joserfc.jwk import RSAKey

from lakeport_local.core import Headers, MemorySink, RandomIds, Request, Response, ShiftableClock
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.entra import Tokens

_ISSUED = 300
_CHECKED = 20_000
_STORAGE = "https://storage.azure.com"


def measure() -> Iterator[Figure]:
    """Yield rates and costs in CPU time; the peer's runs in alternation with ours."""
    store = Store(None)
    rooms = Rooms(store, ShiftableClock(), RandomIds(), Callers(bytes(32)))
    topology = load(None)
    provision(rooms.stores, topology.document, topology.certificates)
    ask = _asker(rooms, topology.document.tenants[0].id)
    key, payload = RSAKey.generate_key(2048), b"x" * 700

    def sign() -> None:
        jws.serialize_compact({"alg": "RS256"}, payload, key, algorithms=["RS256"])

    for warm in (ask, sign):
        _cpu_s(warm, 20)
    ours, peers = zip(*((_cpu_s(ask, _ISSUED // 3), _cpu_s(sign, _ISSUED // 3)) for _ in range(3)), strict=True)
    rate = 1 / min(ours)
    yield Figure("token requests answered (client secret)", rate, "requests/s", at_least=300)
    yield Figure("peer: bare RS256 signatures by joserfc", 1 / min(peers), "signatures/s")
    yield Figure("a token request, in bare signatures", min(ours) / min(peers), "x")
    yield from _checks(rooms.tokens, rooms, topology.document.tenants[0].id)
    store.close()


def _checks(tokens: Tokens, rooms: Rooms, tenant_id: str) -> Iterator[Figure]:
    principal = rooms.stores.directory.find(tenant_id, "provider")
    assert principal is not None
    token = tokens.issue(principal, _STORAGE, lifetime=timedelta(hours=1), appidacr="1")
    audiences = frozenset({_STORAGE})
    cached = _cpu_s(lambda: tokens.verify(token, audiences=audiences), _CHECKED)
    yield Figure("bearer check, seen before", cached * 1e6, "us", at_most=50)

    def anew() -> None:
        tokens.forget()
        tokens.verify(token, audiences=audiences)

    yield Figure("bearer check, never seen", _cpu_s(anew, 500) * 1e6, "us")


def _asker(rooms: Rooms, tenant_id: str) -> Callable[[], None]:
    secret = next(one for one in rooms.stores.credentials.all() if one.name == "provider")
    form = {"grant_type": "client_credentials", "client_id": secret.client_id, "client_secret": secret.client_secret}
    body = urlencode(form | {"scope": f"{_STORAGE}/.default"}).encode()
    headers = Headers([("content-type", "application/x-www-form-urlencoded"), ("content-length", str(len(body)))])
    asked = Request(
        "POST", "https", "login.microsoftonline.com", 443, f"/{tenant_id}/oauth2/v2.0/token", "", headers, "127.0.0.1", None,
        "0f0f0f0f-0000-4000-8000-000000000001", datetime.now(UTC),
    )  # fmt: skip
    service = rooms.services["entra"]

    def ask() -> None:
        sink = MemorySink()
        sink.write(body)
        answer = service.handle(replace(asked, body=sink))
        assert isinstance(answer, Response)
        assert answer.status == 200

    return ask


def _cpu_s(once: Callable[[], object], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        once()
    return (time.process_time() - begun) / times
