"""Tokens: the claims that services need, and nothing forged is believed."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lakeport_local.core import RandomIds
from lakeport_local.entra import Directory, TokenRefused, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.access import Principal
    from lakeport_local.core import FixedClock
    from lakeport_local.entra import App, Tenant
    from lakeport_local.state import Store

STORAGE = "https://storage.azure.com"
USER = "ada00000-0000-4000-8000-000000000001"
IDENTITY = "1de00000-0000-4000-8000-000000000001"
GROUP = "99900000-0000-4000-8000-000000000001"
HOUR = timedelta(hours=1)


@pytest.fixture
def principal(directory: Directory, app: App) -> Principal:
    found = directory.principal(app.tenant_id, app.object_id)
    assert found is not None
    return found


@pytest.fixture
def token(tokens: Tokens, principal: Principal) -> str:
    return tokens.issue(principal, STORAGE, lifetime=HOUR, appidacr="1")


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def refusal(tokens: Tokens, token: str, audience: str = STORAGE) -> str:
    with pytest.raises(TokenRefused) as refused:
        tokens.verify(token, audiences={audience})
    return refused.value.kind


def test_an_apps_token_has_the_v1_claims_and_another_library_believes_it(
    tokens: Tokens, token: str, app: App, clock: FixedClock
) -> None:
    jwk = jwt.PyJWK(tokens.key.public_jwk(), algorithm="RS256")
    claims = jwt.decode(
        token,
        jwk,
        algorithms=["RS256"],
        audience=STORAGE,
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    now = int(clock.now().timestamp())
    expected = {
        "aud": STORAGE,
        "iss": f"https://sts.windows.net/{app.tenant_id}/",
        "idp": f"https://sts.windows.net/{app.tenant_id}/",
        "appid": app.client_id,
        "appidacr": "1",
        "oid": app.object_id,
        "sub": app.object_id,
        "idtyp": "app",
        "tid": app.tenant_id,
        "ver": "1.0",
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 3600,
        "xms_lakeport_local": True,
    }
    assert {name: claims[name] for name in expected} == expected
    assert set(claims) - set(expected) == {"aio", "rh", "uti"}
    assert jwt.get_unverified_header(token) == {
        "typ": "JWT",
        "alg": "RS256",
        "kid": tokens.key.id,
        "x5t": tokens.key.id,
    }


def test_a_managed_identitys_token_names_its_resource(tokens: Tokens, directory: Directory, contoso: Tenant) -> None:
    directory.add_managed_identity(
        contoso.id, name="mi", resource_id="/subscriptions/S/x", object_id=IDENTITY, client_id=USER
    )
    principal = directory.principal(contoso.id, IDENTITY)
    assert principal is not None
    token = tokens.issue(principal, STORAGE, lifetime=HOUR, appidacr="2", resource_id="/subscriptions/S/x")
    assert claims_of(token)["xms_mirid"] == "/subscriptions/S/x"
    assert tokens.verify(token, audiences={STORAGE}) == principal


def test_a_guests_token_names_home_groups_and_a_subject_per_app(
    tokens: Tokens, directory: Directory, contoso: Tenant, fabrikam: Tenant
) -> None:
    home = directory.add_user(fabrikam.id, name="eve@fabrikam.onmicrosoft.com", object_id=IDENTITY, password=None)
    directory.add_user(contoso.id, name=home.mail, object_id=USER, password=None, guest_of=home)
    directory.add_group(contoso.id, name="analysts", object_id=GROUP, members=[USER])
    guest = directory.principal(contoso.id, USER)
    assert guest is not None
    claims = claims_of(tokens.issue(guest, STORAGE, lifetime=HOUR, appidacr="0"))
    assert (claims["acct"], claims["idp"], claims["unique_name"]) == (
        1,
        f"https://sts.windows.net/{fabrikam.id}/",
        home.mail,
    )
    assert (claims["groups"], claims["scp"], claims["idtyp"]) == ([GROUP], "user_impersonation", "user")
    assert claims["sub"] != claims["oid"] == USER


def test_a_token_is_believed_until_it_expires(
    tokens: Tokens, token: str, principal: Principal, clock: FixedClock
) -> None:
    clock.advance(HOUR - timedelta(seconds=1))
    assert tokens.verify(token, audiences={STORAGE}) == principal
    clock.advance(timedelta(seconds=1))
    assert refusal(tokens, token) == "expired"
    assert refusal(tokens, token) == "expired"


def test_a_token_from_tomorrow_is_not_yet_valid(tokens: Tokens, principal: Principal, clock: FixedClock) -> None:
    clock.advance(timedelta(days=1))
    token = tokens.issue(principal, STORAGE, lifetime=HOUR, appidacr="1")
    clock.advance(timedelta(days=-1))
    assert refusal(tokens, token) == "not_yet_valid"


@pytest.mark.parametrize("audience", [STORAGE + "/", STORAGE.upper(), "https://vault.azure.net", ""])
def test_the_audience_is_compared_exactly(tokens: Tokens, token: str, audience: str) -> None:
    assert tokens.verify(token, audiences={STORAGE}).object_id
    assert refusal(tokens, token, audience) == "audience"


def test_a_removed_principals_token_is_refused_at_once(
    tokens: Tokens, directory: Directory, token: str, app: App
) -> None:
    assert tokens.verify(token, audiences={STORAGE}).object_id
    directory.remove(app.tenant_id, app.object_id)
    assert refusal(tokens, token) == "unknown_principal"


def test_a_group_that_was_undone_is_forgotten(
    tokens: Tokens, directory: Directory, store: Store, token: str, app: App
) -> None:
    def look_and_fail() -> None:
        with store.transaction():
            directory.add_group(app.tenant_id, name="g", object_id=GROUP, members=[app.object_id])
            assert tokens.verify(token, audiences={STORAGE}).groups == {GROUP}
            raise LookupError

    with pytest.raises(LookupError):
        look_and_fail()
    assert tokens.verify(token, audiences={STORAGE}).groups == frozenset()


def test_a_new_group_is_seen_without_a_new_token(tokens: Tokens, directory: Directory, token: str, app: App) -> None:
    assert tokens.verify(token, audiences={STORAGE}).groups == frozenset()
    directory.add_group(app.tenant_id, name="g", object_id=GROUP, members=[app.object_id])
    assert tokens.verify(token, audiences={STORAGE}).groups == {GROUP}


def test_another_folders_token_is_refused(
    tokens: Tokens, directory: Directory, principal: Principal, store: Store, clock: FixedClock
) -> None:
    assert tokens.key.id
    (store.folder / "entra-signing.pem").rename(store.folder / "old.pem")
    other = Tokens(directory, store, RandomIds(), clock)
    forged = other.issue(principal, STORAGE, lifetime=HOUR, appidacr="1")
    assert refusal(tokens, forged) == "signature"


def test_the_key_survives_and_is_private(
    tokens: Tokens, directory: Directory, store: Store, clock: FixedClock, token: str
) -> None:
    assert Tokens(directory, store, RandomIds(), clock).verify(token, audiences={STORAGE}).object_id
    assert (store.folder / "entra-signing.pem").stat().st_mode & 0o777 == 0o600


def segment(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    return jwt.get_unverified_header(token), claims_of(token), token.rsplit(".", 1)[1]


def with_header(token: str, **changes: object) -> str:
    header, claims, signature = parts(token)
    return f"{segment(header | changes)}.{segment(claims)}.{signature}"


def with_claims(token: str, **changes: object) -> str:
    header, claims, signature = parts(token)
    return f"{segment(header)}.{segment(claims | changes)}.{signature}"


def by_hmac(token: str, secret: bytes) -> str:
    header, claims, _ = parts(token)
    signed = f"{segment(header | {'alg': 'HS256'})}.{segment(claims)}"
    return f"{signed}.{segment(jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), secret))}"


def by_own_key(token: str, **header: object) -> str:
    key = rsa.generate_private_key(65537, 2048)
    old, claims, _ = parts(token)
    return jwt.encode(claims, key, "RS256", headers=old | header)


FORGERIES: dict[str, Callable[[str, Tokens], str]] = {
    "a changed tenant": lambda token, _: with_claims(token, tid="22222222-2222-4222-8222-222222222222"),
    "a changed issuer": lambda token, _: with_claims(token, iss="https://sts.windows.net/other/"),
    "a changed audience": lambda token, _: with_claims(token, aud="https://vault.azure.net"),
    "a changed object": lambda token, _: with_claims(token, oid=USER),
    "a later end": lambda token, _: with_claims(token, exp=4_000_000_000),
    "an earlier begin": lambda token, _: with_claims(token, nbf=0),
    "alg none, signature kept": lambda token, _: with_header(token, alg="none"),
    "alg none, no signature": lambda token, _: with_header(token, alg="none").rsplit(".", 1)[0] + ".",
    "alg None in odd case": lambda token, _: with_header(token, alg="nOnE").rsplit(".", 1)[0] + ".",
    "alg PS256": lambda token, _: with_header(token, alg="PS256"),
    "alg RS512": lambda token, _: with_header(token, alg="RS512"),
    "another key id": lambda token, _: with_header(token, kid="other"),
    "a critical extension": lambda token, _: with_header(token, crit=["b64"], b64=False),
    "HS256 with the public key": lambda token, tokens: by_hmac(
        token,
        jwt.PyJWK(tokens.key.public_jwk(), algorithm="RS256").key.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ),
    ),
    "HS256 with the certificate": lambda token, tokens: by_hmac(token, tokens.key.public_jwk()["x5c"][0].encode()),  # type: ignore[index]
    "signed by one's own key": lambda token, _: by_own_key(token),
    "own key in the header": lambda token, _: by_own_key(token, jwk={"kty": "RSA"}, jku="https://evil.example/keys"),
    "a cut signature": lambda token, _: token[:-4],
    "an empty signature": lambda token, _: token.rsplit(".", 1)[0] + ".",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_is_refused_for_its_signature(
    tokens: Tokens, token: str, fabrikam: Tenant, forge: Callable[[str, Tokens], str]
) -> None:
    assert refusal(tokens, forge(token, tokens)) == "signature"
    assert tokens.verify(token, audiences={STORAGE}).object_id


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "...", "a.b.c", "é.b.c", "e30.e30.e30", "x" * 100_000, "bnVsbA.bnVsbA.bnVsbA"),
        *("e30.\x00.e30", "W10.W10.W10", "\ud800.a.b", segment(b"[" * 30_000) + ".e30.e30"),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_is_no_token_is_malformed(tokens: Tokens, text: str) -> None:
    assert refusal(tokens, text) in {"malformed", "signature"}


@pytest.mark.parametrize("claim", ["iss", "tid"])
def test_a_well_signed_token_of_an_unknown_tenant_is_refused(
    tokens: Tokens, directory: Directory, token: str, fabrikam: Tenant, claim: str
) -> None:
    claims = claims_of(token) | {claim: fabrikam.id if claim == "tid" else f"https://sts.windows.net/{fabrikam.id}/"}
    assert refusal(tokens, tokens.key.sign(json.dumps(claims).encode())) == "issuer"


def test_the_memory_of_verified_tokens_is_bounded(
    tokens: Tokens, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakeport_local.entra.tokens._MOST_VERIFIED", 3)
    for _ in range(5):
        tokens.verify(tokens.issue(principal, STORAGE, lifetime=HOUR, appidacr="1"), audiences={STORAGE})
    assert len(tokens._verified) == 3
