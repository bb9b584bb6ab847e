"""The token endpoint with a certificate: every dialect in which clients sign, and nothing forged passes."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lakeport_local.entra import STORAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.local.entra.conftest import World

    from lakeport_local.core import Response
    from lakeport_local.entra import Tenant

PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
}
BORN = datetime(2026, 1, 1, tzinfo=UTC)
FAR = "dddddddd-0000-4000-8000-000000000001"


@dataclass
class Pair:
    """A key and its certificate, as an app's owner holds them."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def thumbprint(self, algorithm: str = "sha1", *, padded: bool = False) -> str:
        return encoded(hashlib.new(algorithm, self.der).digest(), padded=padded)


def encoded(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def certificate_for(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: int = 365) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(BORN).not_valid_after(BORN + timedelta(days=days)).sign(key, hashes.SHA256())


@pytest.fixture(scope="session")
def pair() -> Pair:
    key = rsa.generate_private_key(65537, 2048)
    return Pair(key, certificate_for(key))


@pytest.fixture(scope="session")
def stranger() -> Pair:
    key = rsa.generate_private_key(65537, 2048)
    return Pair(key, certificate_for(key))


@pytest.fixture
def signed_in(world: World, pair: Pair) -> World:
    world.directory.add_certificate(world.app, pair.pem)
    return world


def claims(world: World, *, as_float: bool = False, minutes: int = 10, **changes: object) -> dict[str, Any]:
    now = world.clock.now().timestamp() + (0.25 if as_float else 0)
    document = {
        "aud": f"https://login.microsoftonline.com/{world.app.tenant_id}/oauth2/v2.0/token",
        "iss": world.app.client_id,
        "sub": world.app.client_id,
        "jti": "one-and-the-same",
        "iat": now if as_float else int(now),
        "exp": now + 60 * minutes if as_float else int(now) + 60 * minutes,
    } | changes
    return {name: value for name, value in document.items() if value is not None}


def signed(
    header: dict[str, Any],
    payload: dict[str, Any],
    pair: Pair,
    *,
    padded: bool = False,
    scheme: padding.AsymmetricPadding | None = None,
) -> str:
    """Sign what stands there, padded or not: not even a JOSE library would write the padded form."""
    text = ".".join(encoded(json.dumps(part).encode(), padded=padded) for part in (header, payload))
    signature = pair.key.sign(text.encode(), scheme or PADDINGS[header["alg"]], hashes.SHA256())
    return f"{text}.{encoded(signature, padded=padded)}"


def present(world: World, assertion: str, path: str = "") -> Response:
    form = world.form(
        client_secret=None,
        client_assertion=assertion,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    return world.post(form, path)


def number(response: Response) -> int:
    assert isinstance(response.body, bytes)
    document = orjson.loads(response.body)
    assert response.status == (401 if document["error"] == "invalid_client" else 400)
    return int(document["error_codes"][0])


def x5c(pair: Pair) -> list[str]:
    return [base64.b64encode(pair.der).decode()]


DIALECTS: dict[str, Callable[[World, Pair], str]] = {
    "azure-identity sync, az": lambda world, pair: jwt.encode(
        claims(world, as_float=True), pair.key, "RS256", headers={"x5t": pair.thumbprint(padded=True)}
    ),
    "azure-identity sync with chain": lambda world, pair: jwt.encode(
        claims(world, as_float=True), pair.key, "RS256", headers={"x5t": pair.thumbprint(padded=True), "x5c": x5c(pair)}
    ),
    "azure-identity async": lambda world, pair: signed(
        {"typ": "JWT", "alg": "PS256", "x5t#S256": pair.thumbprint("sha256", padded=True)},
        claims(world, iat=None, nbf=int(world.clock.now().timestamp()), minutes=30),
        pair,
        padded=True,
    ),
    "msal with public_certificate": lambda world, pair: jwt.encode(
        claims(world, as_float=True), pair.key, "PS256", headers={"x5t#S256": pair.thumbprint("sha256"), "x5c": x5c(pair)}
    ),
    "pyarrow, C++": lambda world, pair: jwt.encode(
        claims(world, iat=None, nbf=int(world.clock.now().timestamp())),
        pair.key,
        "RS256",
        headers={"x5t": pair.thumbprint(), "kid": hashlib.sha1(pair.der).hexdigest().upper()},
    ),
    "Node": lambda world, pair: jwt.encode(
        claims(world, nbf=int(world.clock.now().timestamp())), pair.key, "PS256", headers={"x5t#S256": pair.thumbprint("sha256")}
    ),
    "kid alone, hexadecimal": lambda world, pair: jwt.encode(
        claims(world), pair.key, "RS256", headers={"kid": hashlib.sha1(pair.der).hexdigest().upper()}
    ),
    "chain alone, registered leaf": lambda world, pair: jwt.encode(
        claims(world), pair.key, "RS256", headers={"x5c": x5c(pair)}
    ),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_clients_dialect_is_understood(
    signed_in: World, pair: Pair, dialect: Callable[[World, Pair], str]
) -> None:
    response = present(signed_in, dialect(signed_in, pair))
    assert response.status == 200
    assert isinstance(response.body, bytes)
    token = orjson.loads(response.body)["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["appidacr"] == "2"
    assert signed_in.tokens.verify(token, audiences=STORAGE.audiences).client_id == signed_in.app.client_id


def test_one_assertion_may_be_used_again(signed_in: World, pair: Pair) -> None:
    assertion = DIALECTS["azure-identity sync, az"](signed_in, pair)
    assert [present(signed_in, assertion).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    "audience",
    [
        "https://login.microsoftonline.com/{id}/oauth2/v2.0/token",
        "https://login.microsoftonline.com/{id}/oauth2/token",
        "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
        "https://login.windows.net/{id}/oauth2/token",
        "https://westeurope.login.microsoft.com/{id}/oauth2/v2.0/token",
        "https://login.microsoftonline.com/{id}/v2.0",
        "https://sts.windows.net/{id}/",
        "https://127.0.0.1:10443/{id}/oauth2/v2.0/token",
    ],
)
def test_the_audience_may_be_any_name_of_the_tenants_endpoint(signed_in: World, pair: Pair, audience: str) -> None:
    named = claims(signed_in, aud=audience.format(id=signed_in.app.tenant_id))
    assert present(signed_in, jwt.encode(named, pair.key, "RS256", headers={"x5t": pair.thumbprint()})).status == 200


EPOCH = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/oauth2/v2.0/token"}, 700023),
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}, 700023),
        ({"aud": "https://evil.example/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token"}, 700023),
        (
            {"aud": "https://login.microsoftonline.com.evil.example/11111111-1111-4111-8111-111111111111/oauth2/token"},
            700023,
        ),
        ({"aud": "http://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/token"}, 700023),
        ({"aud": "https://["}, 700023),
        ({"aud": 7}, 700023),
        ({"aud": None}, 700023),
        ({"iss": FAR}, 700021),
        ({"sub": FAR}, 700021),
        ({"iss": FAR, "sub": FAR}, 700021),
        ({"iss": None}, 700021),
        ({"iss": "https://kubernetes.example/", "sub": "system:serviceaccount:a:b"}, 70025),
        ({"exp": EPOCH - 300}, 700024),
        ({"exp": EPOCH + 2 * 86_400}, 700024),
        ({"exp": 1e300}, 700024),
        ({"nbf": EPOCH + 301}, 700024),
        ({"iat": EPOCH + 301}, 700024),
        ({"exp": None}, 50027),
        ({"exp": "tomorrow"}, 50027),
        ({"exp": True}, 50027),
        ({"nbf": []}, 50027),
    ],
    ids=str,
)
def test_a_claim_that_is_wrong_has_its_number(
    signed_in: World, pair: Pair, changes: dict[str, Any], expected: int
) -> None:
    header = {"typ": "JWT", "alg": "RS256", "x5t": pair.thumbprint()}
    assert number(present(signed_in, signed(header, claims(signed_in, **changes), pair))) == expected


@pytest.mark.parametrize("changes", [{"exp": EPOCH - 299}, {"nbf": EPOCH + 300}, {"exp": EPOCH + 86_400}], ids=str)
def test_five_minutes_of_skew_are_allowed(signed_in: World, pair: Pair, changes: dict[str, Any]) -> None:
    header = {"typ": "JWT", "alg": "RS256", "x5t": pair.thumbprint()}
    assert present(signed_in, signed(header, claims(signed_in, **changes), pair)).status == 200


def without_key(world: World, algorithm: str) -> str:
    header, payload = ({"alg": algorithm, "x5t": "x"}, claims(world))
    return ".".join(encoded(json.dumps(part).encode()) for part in (header, payload)) + "."


def swapped_payload(world: World, pair: Pair) -> str:
    header, _, signature = DIALECTS["Node"](world, pair).split(".")
    return f"{header}.{encoded(json.dumps(claims(world, jti='other')).encode())}.{signature}"


FORGERIES: dict[str, tuple[Callable[[World, Pair, Pair], str], int]] = {
    "a key nobody registered": (
        lambda world, _, other: jwt.encode(claims(world), other.key, "RS256", headers={"x5t": other.thumbprint()}), 700027
    ),
    "a registered name with another key": (
        lambda world, pair, other: jwt.encode(claims(world), other.key, "RS256", headers={"x5t": pair.thumbprint()}), 700027
    ),
    "a stranger's chain, registered name": (
        lambda world, pair, other: jwt.encode(
            claims(world), other.key, "PS256", headers={"x5t#S256": pair.thumbprint("sha256"), "x5c": x5c(other)}
        ), 700027
    ),
    "a stranger's chain alone": (
        lambda world, _, other: jwt.encode(claims(world), other.key, "RS256", headers={"x5c": x5c(other)}), 700027
    ),
    "a changed payload": (lambda world, pair, _: swapped_payload(world, pair), 700027),
    "a signature cut off": (lambda world, pair, _: DIALECTS["Node"](world, pair).rsplit(".", 1)[0] + ".", 700027),
    "RS256 declared, PS256 signed": (
        lambda world, pair, _: signed(
            {"alg": "RS256", "x5t": pair.thumbprint()}, claims(world), pair, scheme=PADDINGS["PS256"]
        ), 700027
    ),
    "no name of a key": (lambda world, pair, _: jwt.encode(claims(world), pair.key, "RS256"), 5002723),
    "alg none": (lambda world, *_: without_key(world, "none"), 5002738),
    "alg HS256, keyed with the certificate": (
        lambda world, pair, _: jwt.encode(claims(world), encoded(pair.der), "HS256", headers={"x5t": pair.thumbprint()}), 5002738
    ),
    "alg RS512": (
        lambda world, pair, _: jwt.encode(claims(world), pair.key, "RS512", headers={"x5t": pair.thumbprint()}), 5002738
    ),
    "an alg that is a list": (lambda *_: encoded(b'{"alg":["RS256"]}') + ".e30.AA", 5002738),
    "no JWT": (lambda *_: "not a token", 50027),
    "two segments": (lambda *_: "e30.e30", 50027),
    "no JSON": (lambda *_: "YQ.YQ.YQ", 50027),
    "letters beyond ASCII": (lambda *_: "é.é.é", 50027),
}  # fmt: skip


@pytest.mark.parametrize(("forge", "expected"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_assertion_is_refused(
    signed_in: World, pair: Pair, stranger: Pair, forge: Callable[[World, Pair, Pair], str], expected: int
) -> None:
    assert number(present(signed_in, forge(signed_in, pair, stranger))) == expected


def test_a_certificate_opens_no_other_app_and_no_other_tenant(signed_in: World, pair: Pair, fabrikam: Tenant) -> None:
    other = signed_in.directory.add_app(fabrikam.id, name="consumer", client_id=FAR, object_id=FAR)
    named = claims(
        signed_in, iss=FAR, sub=FAR, aud=f"https://login.microsoftonline.com/{fabrikam.id}/oauth2/v2.0/token"
    )
    assertion = jwt.encode(named, pair.key, "RS256", headers={"x5t": pair.thumbprint()})
    form = signed_in.form(
        client_id=other.client_id,
        client_secret=None,
        client_assertion=assertion,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    assert number(signed_in.post(form, f"/{fabrikam.id}/oauth2/v2.0/token")) == 700027
    assert number(present(signed_in, DIALECTS["Node"](signed_in, pair), f"/{fabrikam.id}/oauth2/v2.0/token")) == 700016


def test_an_expired_or_future_certificate_is_refused(signed_in: World, pair: Pair) -> None:
    now = signed_in.clock.now()
    for dates in ({"ends_at": now}, {"starts_at": now + timedelta(seconds=1), "ends_at": now + timedelta(days=1)}):
        signed_in.directory.add_certificate(signed_in.app, pair.pem, **dates)
        assert number(present(signed_in, DIALECTS["Node"](signed_in, pair))) == 700027
    signed_in.directory.add_certificate(signed_in.app, pair.pem)
    assert present(signed_in, DIALECTS["Node"](signed_in, pair)).status == 200


def test_only_rsa_certificates_are_registered(world: World, pair: Pair) -> None:
    elliptic = certificate_for(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.PEM)
    bare_key = pair.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (elliptic, bare_key, b"", b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011  # the words are cryptography's
            world.directory.add_certificate(world.app, pem)
    assert world.directory.certificates(world.app.client_id) == []


def test_a_private_key_beside_the_certificate_is_not_kept(world: World, pair: Pair) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    private = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kept = world.directory.add_certificate(world.app, private + pair.pem)
    assert kept.der == pair.der
