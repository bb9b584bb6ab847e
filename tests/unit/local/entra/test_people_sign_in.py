"""People sign in: device code, authorization code with PKCE, refresh; every code once, for its app, in its time."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import orjson
import pytest

from lakeport_local.entra import ARM, GRAPH, STORAGE, TokenRefused

if TYPE_CHECKING:
    from tests.unit.local.entra.conftest import World

    from lakeport_local.core import Response
    from lakeport_local.entra import Tenant, User

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
ADA = "ada00000-0000-4000-8000-000000000001"
GUEST = "ada00000-0000-4000-8000-000000000002"
PASSWORD = "ada's own"
SCOPE = "https://storage.azure.com/.default offline_access openid profile"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://localhost:8400"


@pytest.fixture
def ada(world: World, contoso: Tenant) -> User:
    return world.directory.add_user(contoso.id, name="ada@contoso.onmicrosoft.com", object_id=ADA, password=PASSWORD)


def body(response: Response) -> dict[str, Any]:
    assert isinstance(response.body, bytes)
    return dict(orjson.loads(response.body))


def number(response: Response) -> int:
    return int(body(response)["error_codes"][0])


def text(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


def token_path(tenant: str) -> str:
    return f"/{tenant}/oauth2/v2.0/token"


# Device code


def begin(world: World, tenant: str = "organizations", **changes: str) -> dict[str, Any]:
    form = urlencode({"client_id": CLI, "scope": SCOPE} | changes).encode()
    response = world.send("POST", f"/{tenant}/oauth2/v2.0/devicecode", form)
    assert response.status == 200
    return body(response)


def poll(world: World, flow: dict[str, Any], tenant: str = "organizations", **changes: str) -> Response:
    form = {
        "grant_type": DEVICE_GRANT,
        "client_id": CLI,
        "device_code": flow["device_code"],
        "code": flow["device_code"],
    }
    return world.post(form | {"client_info": "1"} | changes, token_path(tenant))


def decide(world: World, flow: dict[str, Any], caller: str | None = None, **fields: str) -> Response:
    form = {"user_code": flow["user_code"], "decision": "approve"} | fields
    return world.send("POST", "/common/oauth2/deviceauth", urlencode(form).encode(), caller=caller)


def test_a_device_waits_until_a_person_approves_and_then_gets_everything(world: World, ada: User) -> None:
    flow = begin(world)
    assert (flow["expires_in"], flow["interval"]) == (900, 5)
    assert flow["user_code"] in flow["message"]
    assert flow["verification_uri"] in flow["message"]
    assert (number(poll(world, flow)), body(poll(world, flow))["error"]) == (70016, "authorization_pending")
    approved = decide(world, flow, login=ada.name, passwd=PASSWORD)
    assert approved.status == 200
    answer = body(poll(world, flow))
    principal = world.tokens.verify(answer["access_token"], audiences=STORAGE.audiences)
    assert (principal.object_id, principal.client_id, principal.kind) == (ADA, CLI, "User")
    assert "https://storage.azure.com/.default" in answer["scope"].split()
    info = answer["client_info"]
    uid = orjson.loads(base64.urlsafe_b64decode(info + "=" * (-len(info) % 4)))
    assert uid == {"uid": ADA, "utid": ada.home_tenant_id}
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["tid"], claims["preferred_username"]) == (CLI, ada.tenant_id, ada.name)
    assert answer["refresh_token"]


def test_an_id_token_is_no_access_token(world: World, ada: User) -> None:
    flow = begin(world)
    decide(world, flow, login=ada.name, passwd=PASSWORD)
    with pytest.raises(TokenRefused):
        world.tokens.verify(body(poll(world, flow))["id_token"], audiences={CLI})


def test_a_device_code_is_good_once(world: World, ada: User) -> None:
    flow = begin(world)
    decide(world, flow, login=ada.name, passwd=PASSWORD)
    assert [poll(world, flow).status, number(poll(world, flow))] == [200, 54005]


def test_a_declined_an_expired_and_an_unknown_device_code_have_their_own_errors(world: World, ada: User) -> None:
    declined, expired = begin(world), begin(world)
    decide(world, declined, login=ada.name, passwd=PASSWORD, decision="decline")
    assert body(poll(world, declined))["error"] == "authorization_declined"
    world.clock.advance(timedelta(minutes=15))
    assert body(poll(world, expired))["error"] == "expired_token"
    assert decide(world, expired, login=ada.name, passwd=PASSWORD).status == 400
    assert body(poll(world, {"device_code": "made up"}))["error"] == "bad_verification_code"
    assert (
        body(poll(world, begin(world), client_id="aebc6443-996d-45c2-90f0-388ff96faa56"))["error"]
        == "bad_verification_code"
    )


def test_only_who_knows_the_password_approves_a_device(world: World, ada: User) -> None:
    flow = begin(world)
    for login, password in ((ada.name, "wrong"), ("nobody@contoso.onmicrosoft.com", PASSWORD), ("", "")):
        refused = decide(world, flow, login=login, passwd=password)
        assert (refused.status, "AADSTS50126" in text(refused)) == (400, True)
    assert number(poll(world, flow)) == 70016
    assert decide(world, {"user_code": "WRONGCODE"}, login=ada.name, passwd=PASSWORD).status == 400


def test_a_session_of_a_person_approves_without_a_password(world: World, ada: User) -> None:
    flow = begin(world)
    assert decide(world, flow, caller=world.app.object_id).status == 400
    assert decide(world, flow, caller=ada.object_id).status == 200
    assert poll(world, flow).status == 200


def test_a_device_sign_in_stays_at_the_tenant_where_it_began(world: World, ada: User, fabrikam: Tenant) -> None:
    flow = begin(world, ada.tenant_id)
    decide(world, flow, caller=ADA)
    assert number(poll(world, flow, fabrikam.id)) == 700005


def test_a_device_flow_begins_only_for_known_apps_and_scopes(world: World) -> None:
    def refused(tenant: str, **form: str) -> int:
        return number(world.send("POST", f"/{tenant}/oauth2/v2.0/devicecode", urlencode(form).encode()))

    assert refused("organizations", scope=SCOPE) == 900144
    assert refused("organizations", client_id=GUEST, scope=SCOPE) == 700016
    assert refused("organizations", client_id=CLI) == 900144
    assert refused("organizations", client_id=CLI, scope="https://a.example/x https://b.example/y") == 70011
    assert refused("nobody.example", client_id=CLI, scope=SCOPE) == 90002
    assert number(world.send("GET", "/organizations/oauth2/v2.0/devicecode")) == 900561


def test_a_public_client_presents_no_secret_and_a_confidential_one_must(world: World, ada: User) -> None:
    flow = begin(world)
    decide(world, flow, caller=ADA)
    assert number(poll(world, flow, client_secret="x")) == 700025
    own = begin(world, ada.tenant_id, client_id=world.app.client_id)
    decide(world, own, caller=ADA)
    assert number(poll(world, own, ada.tenant_id, client_id=world.app.client_id)) == 7000218


def test_a_guest_signs_in_at_the_host_and_stays_the_same_account(world: World, ada: User, fabrikam: Tenant) -> None:
    flow = begin(world, fabrikam.id)
    decide(world, flow, caller=ADA)
    assert number(poll(world, flow, fabrikam.id)) == 50020
    world.directory.add_user(fabrikam.id, name=ada.mail, object_id=GUEST, password=None, guest_of=ada)
    flow = begin(world, fabrikam.id)
    decide(world, flow, caller=GUEST)
    answer = body(poll(world, flow, fabrikam.id))
    principal = world.tokens.verify(answer["access_token"], audiences=STORAGE.audiences)
    assert (principal.tenant_id, principal.object_id) == (fabrikam.id, GUEST)
    info = answer["client_info"]
    assert orjson.loads(base64.urlsafe_b64decode(info + "=" * (-len(info) % 4)))["uid"] == ADA


# Refresh


@pytest.fixture
def refresh(world: World, ada: User) -> str:
    flow = begin(world)
    decide(world, flow, caller=ADA)
    return str(body(poll(world, flow))["refresh_token"])


def refreshed(world: World, token: str, tenant: str = "organizations", **changes: str) -> Response:
    form = {"grant_type": "refresh_token", "client_id": CLI, "refresh_token": token, "scope": SCOPE} | changes
    return world.post(form, token_path(tenant))


def test_one_refresh_token_serves_other_resources_and_tenants(
    world: World, ada: User, refresh: str, fabrikam: Tenant
) -> None:
    answer = body(refreshed(world, refresh, scope="https://management.core.windows.net//.default offline_access"))
    assert world.tokens.verify(answer["access_token"], audiences=ARM.audiences).object_id == ADA
    graph = body(refreshed(world, answer["refresh_token"], scope="User.Read"))
    assert world.tokens.verify(graph["access_token"], audiences=GRAPH.audiences).object_id == ADA
    assert "refresh_token" not in graph
    assert number(refreshed(world, refresh, fabrikam.id)) == 50020
    world.directory.add_user(fabrikam.id, name=ada.mail, object_id=GUEST, password=None, guest_of=ada)
    there = body(refreshed(world, refresh, fabrikam.id))
    assert world.tokens.verify(there["access_token"], audiences=STORAGE.audiences).tenant_id == fabrikam.id


def test_the_older_endpoint_refreshes_with_texts(world: World, ada: User, refresh: str) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": CLI,
        "refresh_token": refresh,
        "resource": "https://management.azure.com/",
    }
    answer = body(world.post(form, f"/{ada.tenant_id}/oauth2/token"))
    assert all(isinstance(value, str) for value in answer.values())
    assert world.tokens.verify(answer["access_token"], audiences=ARM.audiences).object_id == ADA


def test_a_refresh_token_is_refused_when_changed_old_anothers_or_orphaned(
    world: World, ada: User, refresh: str
) -> None:
    def error(response: Response) -> tuple[str, int]:
        return body(response)["error"], number(response)

    middle = len(refresh) // 2
    changed = refresh[:middle] + ("A" if refresh[middle] != "A" else "B") + refresh[middle + 1 :]
    for token in (changed, refresh[:-2], "x", "é", "lakeport-local.1.", ""):
        assert refreshed(world, token).status == 400
    assert error(refreshed(world, changed)) == ("invalid_grant", 70000)
    assert error(refreshed(world, refresh, client_id=world.app.client_id)) == ("invalid_grant", 70000)
    assert number(refreshed(world, refresh, scope="https://unknown.example/.default")) == 500011
    world.clock.advance(timedelta(days=90))
    assert error(refreshed(world, refresh)) == ("invalid_grant", 700082)
    world.clock.advance(timedelta(days=-90))
    world.directory.remove(ada.tenant_id, ADA)
    assert error(refreshed(world, refresh)) == ("invalid_grant", 50034)


# Authorization code


def question(**changes: str | None) -> dict[str, str]:
    asked = {
        "client_id": CLI,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": 'a"<b>',
        "response_mode": "form_post",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "nonce": "the nonce",
        "client_info": "1",
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def authorize(
    world: World, asked: dict[str, str], caller: str | None = ADA, form: dict[str, str] | None = None
) -> Response:
    path, query = "/organizations/oauth2/v2.0/authorize", urlencode(asked)
    if form is None:
        return world.send("GET", path, query=query, caller=caller)
    return world.send("POST", path, urlencode(form).encode(), query=query, caller=caller)


def posted(response: Response) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text(response))
    return {name: unescape(value) for name, value in found}


def redeem(world: World, code: str, **changes: str) -> Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": CLI,
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        "scope": SCOPE,
    }
    return world.post(form | changes, token_path("organizations"))


def test_a_signed_in_person_is_sent_back_with_a_code_that_gives_tokens(world: World, ada: User) -> None:
    response = authorize(world, question())
    assert f'action="{REDIRECT}"' in text(response)
    fields = posted(response)
    assert set(fields) == {"code", "session_state", "client_info", "state"}
    assert fields["state"] == 'a"<b>'
    answer = body(redeem(world, fields["code"]))
    assert world.tokens.verify(answer["access_token"], audiences=STORAGE.audiences).object_id == ADA
    assert jwt.decode(answer["id_token"], options={"verify_signature": False})["nonce"] == "the nonce"


@pytest.mark.parametrize("mode", ["query", "fragment", None])
def test_the_answer_may_come_in_the_address(world: World, ada: User, mode: str | None) -> None:
    response = authorize(world, question(response_mode=mode))
    url = urlsplit(response.header("Location") or "")
    assert (response.status, url.netloc) == (302, "localhost:8400")
    fields = parse_qs(url.fragment if mode == "fragment" else url.query)
    assert fields["state"] == ['a"<b>']
    assert redeem(world, fields["code"][0]).status == 200


def test_without_a_session_a_person_gives_name_and_password(world: World, ada: User) -> None:
    shown = authorize(world, question(login_hint='"><script>'), caller=None)
    assert "<script>" not in text(shown)
    assert 'type="password"' in text(shown)
    assert "frame-ancestors 'none'" in (shown.header("Content-Security-Policy") or "")
    wrong = authorize(world, question(), None, {"login": ada.name, "passwd": "wrong"})
    assert (wrong.status, "AADSTS50126" in text(wrong)) == (400, True)
    right = authorize(world, question(), None, {"login": ada.name.upper(), "passwd": PASSWORD})
    assert redeem(world, posted(right)["code"]).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example"},
        {"redirect_uri": "http://localhost.evil.example:8400"},
        {"redirect_uri": "http://localhost:8400/elsewhere"},
        {"redirect_uri": "http://user@localhost:8400"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://localhost:x"},
        {"redirect_uri": None},
        {"client_id": GUEST},
        {"client_id": None},
        {"response_mode": "web_message"},
    ],
    ids=str,
)
def test_nothing_is_sent_to_where_nobody_registered(world: World, ada: User, changes: dict[str, str | None]) -> None:
    response = authorize(world, question(**changes))
    assert (response.status, response.header("Location"), posted(response)) == (400, None, {})
    assert "AADSTS" in text(response)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "https://a.example/x https://b.example/y"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_bad_question_is_answered_to_the_app_with_its_state(
    world: World, ada: User, changes: dict[str, str | None], error: str
) -> None:
    fields = posted(authorize(world, question(**changes)))
    assert (fields["error"], fields["state"]) == (error, 'a"<b>')


def test_without_a_prompt_and_without_a_session_login_is_required(world: World, ada: User) -> None:
    assert posted(authorize(world, question(prompt="none"), caller=None))["error"] == "login_required"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:8401"}, 500112),
        ({"client_id": "aebc6443-996d-45c2-90f0-388ff96faa56"}, 70000),
    ],
    ids=str,
)
def test_a_code_tried_wrongly_is_used_up(world: World, ada: User, changes: dict[str, str], expected: int) -> None:
    code = posted(authorize(world, question()))["code"]
    assert number(redeem(world, code, **changes)) == expected
    assert number(redeem(world, code)) == 54005


def test_a_code_is_good_once_and_for_ten_minutes_and_only_as_what_it_is(world: World, ada: User) -> None:
    code, late, other = (posted(authorize(world, question()))["code"] for _ in range(3))
    assert [redeem(world, code).status, number(redeem(world, code))] == [200, 54005]
    assert number(poll(world, {"device_code": other})) == 70018
    assert number(redeem(world, begin(world)["device_code"])) == 70000
    assert number(redeem(world, "made up")) == 70000
    world.clock.advance(timedelta(minutes=10))
    assert number(redeem(world, late)) == 70008


def test_codes_are_kept_as_hashes_and_not_for_ever(world: World, ada: User) -> None:
    code = posted(authorize(world, question()))["code"]
    kept = world.directory._db.execute("SELECT * FROM sign_ins").fetchall()
    assert not [row for row in kept if code in [str(value) for value in row]]
    world.clock.advance(timedelta(days=2))
    begin(world)
    assert len(world.directory._db.execute("SELECT * FROM sign_ins").fetchall()) == 1
