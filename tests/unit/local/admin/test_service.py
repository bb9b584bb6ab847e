"""Who may ask the operator's door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from lakeport_local.admin import AdminService, Faults, KeyUnknown, NothingWaits
from lakeport_local.core import Headers, MemorySink, Request, Response

TOKEN = "the-token"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Nobody:
    """An authority where nobody waits to sign in."""

    def decide(self, user_code: str, user: str, *, is_approved: bool) -> dict[str, Any]:
        raise NothingWaits(user_code)

    def keys(self) -> list[dict[str, Any]]:
        return []

    async def rotate(self) -> None:
        """Keep the key."""

    def retire(self, key_id: str) -> None:
        raise KeyUnknown(key_id)

    def throttle_identities(self, per_second: int | None) -> None:
        """Take as many as come."""

    def assertion(self, tenant_id: str, object_id: str) -> str:
        raise KeyUnknown(object_id)


class Still:
    """A local Azure where nothing happens."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.authority = Nobody()
        self.moved = timedelta()
        self.set: dict[str, Any] = {"role_delay_s": 0.0, "throttle_per_minute": None, "token_life_s": None}

    def openapi(self) -> dict[str, Any]:
        return {"openapi": "3.1.0"}

    def switches(self) -> dict[str, Any]:
        return self.set

    def set_role_delay(self, delay: timedelta) -> None:
        self.set["role_delay_s"] = delay.total_seconds()

    def set_throttle(self, per_minute: int | None) -> None:
        self.set["throttle_per_minute"] = per_minute

    def set_token_life(self, longest: timedelta | None) -> None:
        self.set["token_life_s"] = None if longest is None else longest.total_seconds()

    def hold_snapshots(self, after_files: int | None) -> None:
        self.set["hold_snapshots_after"] = after_files

    def status(self) -> dict[str, Any]:
        return {"running": True}

    def stop(self) -> None:
        """Stay."""

    async def reset(self) -> dict[str, Any]:
        return self.status()

    def now(self) -> datetime:
        return NOW + self.moved

    async def advance(self, by: timedelta) -> None:
        self.moved += by

    def things(self) -> list[dict[str, Any]]:
        return []

    async def credential(self, tenant_id: str, object_id: str) -> dict[str, Any] | None:
        return None

    def decisions(self, request_id: str) -> list[dict[str, Any]]:
        return []


def request(
    method: str = "GET",
    path: str = "status",
    *,
    token: str = TOKEN,
    client: str = "127.0.0.1",
    is_explicit: bool = True,
    body: bytes = b"",
    **headers: str,
) -> Request:
    sent = Headers(
        [("Authorization", f"Bearer {token}"), *((name.replace("_", "-"), headers[name]) for name in headers)]
    )
    sink = MemorySink()
    sink.write(body)
    return Request(
        method, "http", "127.0.0.1", 1, f"/_lakeport/{path}", "", sent, client, None, "id", NOW, sink, is_explicit
    )


def refused(asked: Request) -> int:
    answer = AdminService(Still(), TOKEN).open_body(asked)
    assert isinstance(answer, Response)
    return answer.status


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(token="another"), 401),
        (request(token=""), 401),
        (request(client="203.0.113.7"), 404),
        (request(is_explicit=False), 404),
        (request(Origin="http://localhost"), 403),
        (request(Sec_Fetch_Site="none"), 403),
    ],
    ids=["wrong token", "no token", "another machine", "by an Azure host name", "a page", "a browser"],
)
def test_nobody_but_the_operator_is_heard(asked: Request, status: int) -> None:
    assert refused(asked) == status


async def answered(asked: Request) -> tuple[int, dict[str, Any]]:
    service = AdminService(Still(), TOKEN)
    assert isinstance(service.open_body(asked), MemorySink)
    answer = service.handle(asked)
    response = answer if isinstance(answer, Response) else await answer
    assert isinstance(response.body, bytes)
    return response.status, orjson.loads(response.body)


async def test_the_clock_is_told_after_it_moved() -> None:
    assert await answered(request("POST", "clock", body=b'{"advance_s": 86400}')) == (
        200,
        {"now": "2026-01-02T00:00:00Z"},
    )


@pytest.mark.parametrize("body", [b'{"advance_s": -1}', b"{}", b"[]", b"not json"])
async def test_a_clock_moves_by_seconds_and_forward_only(body: bytes) -> None:
    assert (await answered(request("POST", "clock", body=body)))[0] == 400


async def test_a_principal_that_is_not_there_is_not_found() -> None:
    assert (await answered(request("POST", "credentials/t/o")))[0] == 404
