"""Every operation of every service, tried with every kind of token that is not to be believed: refused, in the service's words.

Operations come from the services' own tables, so a new one is tried by itself; tokens from one list of forgeries.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from tests.unit.local.serve.conftest import Call, World

    from lakeport_local.core import Response

OPEN = "/metadata/"  # the cloud's own description needs no token
ARM_CODES = {"InvalidAuthenticationToken", "ExpiredAuthenticationToken", "InvalidAuthenticationTokenAudience"}
STRANGE = "another tenant's own"
AUDIENCES = ("arm", "storage", "vault", "graph")
AT_HOME = {"graph"}
"""Services where another tenant's own token opens that tenant's own directory, as it must."""


def code_of(call: Call, response: Response) -> str:
    """Return the code of a refusal, by the format of its service."""
    body = response.body if isinstance(response.body, bytes) else b""
    if call.service == "storage":
        return response.header("x-ms-error-code") or ""
    if call.service == "admin":
        return "admin"
    return str(json.loads(body)["error"]["code"])


def allowed_codes(call: Call, wrong: str) -> set[str]:
    if call.service == "arm":
        return {"InvalidAuthenticationTokenTenant"} if wrong == STRANGE else {*ARM_CODES, "AuthenticationFailed"}
    return {
        "storage": {"InvalidAuthenticationInfo", "NoAuthenticationInformation", "AuthenticationFailed"},
        "vault": {"Unauthorized"},
        "graph": {"InvalidAuthenticationToken"},
        "admin": {"admin"},
    }[call.service]


async def test_no_operation_believes_a_token_that_it_must_not(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    calls = [call for call in world.calls() if OPEN not in call.path]
    forged = {service: world.forgeries(service) for service in (*AUDIENCES, "admin")}
    tried, believed = 0, []
    for call in calls:
        for wrong, token in forged[call.service].items():
            if wrong == STRANGE and call.service in AT_HOME:
                continue
            response = await world.send(call, token)
            tried += 1
            if response.status != 401 or code_of(call, response) not in allowed_codes(call, wrong):
                believed.append((call.service, call.method, call.path, wrong, response.status, response.body))
    with capsys.disabled():
        print(
            f"\ntokens apart: {tried} refusals over {len(calls)} operations and {len(forged['arm'])} forgeries", end=""
        )
    assert believed[:20] == []
    assert tried >= 1000
    assert {call.service for call in calls} == {*AUDIENCES, "admin"}


async def test_the_genuine_token_is_believed_everywhere(world: World) -> None:
    """The counterpart: the refusals above are for the tokens. What is deleted on the way is missing then, which is no 401."""
    for call in world.calls():
        if call.service != "admin":
            assert (await world.send(call, world.genuine(call.service))).status != 401, call
