"""Workload identity: an app signs in with another issuer's token, which it names letter by letter."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lakeport_local.entra.claims import issuer
from lakeport_local.entra.federated_credentials import EXCHANGE_AUDIENCE, FederatedCredential
from lakeport_local.entra.issuers import read_issuer_keys
from lakeport_local.state import Resource, Resources

if TYPE_CHECKING:
    from tests.unit.local.entra.conftest import World

    from lakeport_local.core import Response
    from lakeport_local.state import Store

CLUSTER = "https://oidc.example/cluster/"
SUBJECT = "system:serviceaccount:default:Loader"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="session")
def cluster_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def federated(world: World, cluster_key: rsa.RSAPrivateKey) -> World:
    """Contoso's app takes the cluster's tokens."""
    world.directory.federated.put(
        world.app.client_id,
        FederatedCredential("cccccccc-0000-4000-8000-000000000001", "cluster", CLUSTER, SUBJECT),
    )
    pem = cluster_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    world.directory.issuers.put(CLUSTER, read_issuer_keys(pem))
    return world


def token(
    world: World, key: Any, *, algorithm: str = "RS256", headers: dict[str, str] | None = None, **changes: Any
) -> str:  # Any: keys and claims of all kinds
    now = int(world.clock.now().timestamp())
    claims = {"iss": CLUSTER, "sub": SUBJECT, "aud": [EXCHANGE_AUDIENCE], "iat": now, "nbf": now, "exp": now + 3600}
    return jwt.encode(claims | changes, key, algorithm, headers)


def sign_in(world: World, assertion: str, **changes: str | None) -> Response:
    form = world.form(client_secret=None, client_assertion_type=JWT_BEARER, client_assertion=assertion, **changes)
    return world.post(form)


def outcome(response: Response) -> object:
    document = json.loads(response.body if isinstance(response.body, bytes) else b"")
    return document.get("error_codes", [response.status])[0]


def test_the_clusters_token_signs_the_app_in(federated: World, cluster_key: rsa.RSAPrivateKey) -> None:
    response = sign_in(federated, token(federated, cluster_key))
    assert response.status == 200
    claims = jwt.decode(json.loads(response.body)["access_token"], options={"verify_signature": False})  # type: ignore[arg-type]
    assert (claims["oid"], claims["appidacr"]) == (federated.app.object_id, "2")


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"iss": CLUSTER.rstrip("/")}, 700211),
        ({"iss": CLUSTER.upper()}, 700211),
        ({"sub": "system:serviceaccount:default:other"}, 700213),
        ({"sub": SUBJECT.lower()}, 7002138),
        ({"aud": "api://azureadtokenexchange"}, 700212),
        ({"aud": [EXCHANGE_AUDIENCE, "another"]}, 700212),
        ({"exp": 1}, 700024),
        ({"nbf": 9_999_999_999}, 700024),
        ({"exp": None}, 50027),
        ({"headers": {"kid": "another"}}, 200),  # the one key of a PEM file, whatever a token calls it
        ({"algorithm": "PS256"}, 5002738),
    ],
    ids=str,
)
def test_what_differs_is_refused_by_its_number(
    federated: World, cluster_key: rsa.RSAPrivateKey, changes: dict[str, Any], number: int
) -> None:
    assert outcome(sign_in(federated, token(federated, cluster_key, **changes))) == number


def test_a_token_that_another_key_signed_is_refused(federated: World) -> None:
    assert outcome(sign_in(federated, token(federated, rsa.generate_private_key(65537, 2048)))) == 50013


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_no_private_key_signed_is_refused(federated: World, algorithm: str) -> None:
    key = "x" * 64 if algorithm == "HS256" else None
    assert outcome(sign_in(federated, token(federated, key, algorithm=algorithm))) == 5002738


def test_a_key_that_the_issuers_set_does_not_name_is_refused(federated: World, cluster_key: rsa.RSAPrivateKey) -> None:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(cluster_key.public_key())) | {"kid": "first"}
    federated.directory.issuers.put(CLUSTER, read_issuer_keys(json.dumps({"keys": [jwk]}).encode()))
    assert outcome(sign_in(federated, token(federated, cluster_key, headers={"kid": "second"}))) == 7000272
    assert sign_in(federated, token(federated, cluster_key, headers={"kid": "first"})).status == 200


def test_an_issuer_whose_keys_nobody_told_is_not_asked(world: World, cluster_key: rsa.RSAPrivateKey) -> None:
    credential = FederatedCredential("cccccccc-0000-4000-8000-000000000001", "cluster", CLUSTER, SUBJECT)
    world.directory.federated.put(world.app.client_id, credential)
    assert outcome(sign_in(world, token(world, cluster_key))) == 50166


def test_an_app_without_federated_credentials_says_so(world: World, cluster_key: rsa.RSAPrivateKey) -> None:
    assert outcome(sign_in(world, token(world, cluster_key))) == 70025


def test_an_identity_here_signs_in_as_an_app(federated: World) -> None:
    tenant = federated.app.tenant_id
    node = federated.directory.add_managed_identity(
        tenant,
        name="node",
        resource_id="/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node",
        object_id="dddddddd-0000-4000-8000-000000000001",
        client_id="dddddddd-0000-4000-8000-000000000002",
    )
    federated.directory.federated.put(
        federated.app.client_id, FederatedCredential("e" * 36, "node", issuer(tenant, 2), node.object_id)
    )
    principal = federated.directory.principal(tenant, node.object_id)
    assert principal is not None
    api = federated.directory.apis.named(tenant, EXCHANGE_AUDIENCE)
    assert api is not None

    def issued(lifetime: timedelta = timedelta(hours=24), **changes: Any) -> str:  # Any: fields of all kinds
        return federated.tokens.issue(
            replace(principal, **changes), api.audience(EXCHANGE_AUDIENCE), lifetime=lifetime, appidacr="2", version=2
        )

    assert sign_in(federated, issued()).status == 200
    assert outcome(sign_in(federated, issued(kind="User"))) in (700213, 700229)
    assert outcome(sign_in(federated, issued(timedelta(seconds=-1)))) == 500133
    head, _, signature = issued().split(".")
    _, body, _ = issued().split(".")
    assert outcome(sign_in(federated, f"{head}.{body}.{signature}")) == 50013


def test_a_new_key_signs_and_the_old_one_is_believed_until_it_retires(world: World) -> None:
    form = world.form()
    before = json.loads(world.post(form).body)["access_token"]  # type: ignore[arg-type]
    old = world.tokens.key.id
    new = world.tokens.key.rotate()
    after = json.loads(world.post(form).body)["access_token"]  # type: ignore[arg-type]
    audiences = {"https://storage.azure.com"}
    assert jwt.get_unverified_header(after)["kid"] == new != old
    keys = world.send("GET", f"/{world.app.tenant_id}/discovery/v2.0/keys")
    assert [one["kid"] for one in json.loads(keys.body)["keys"]] == [new, old]  # type: ignore[arg-type]
    for issued in (before, after):
        assert world.tokens.verify(issued, audiences=audiences).object_id == world.app.object_id
    assert world.tokens.key.retire(old)
    world.tokens.forget()
    assert world.tokens.verify(after, audiences=audiences).object_id == world.app.object_id
    with pytest.raises(Exception, match="signature"):
        world.tokens.verify(before, audiences=audiences)


def test_an_api_of_the_tenant_gets_the_format_that_it_asks_for(world: World) -> None:
    from lakeport_local.entra import Catalog

    catalog = Catalog(world.directory, world.directory._store)
    entry = catalog.registration(world.app.client_id)
    assert entry is not None
    catalog.set_profile(entry, {"identifierUris": ["api://Sales"], "api": {"requestedAccessTokenVersion": 2}})
    response = world.post(world.form(scope="api://sales/.default"))
    claims = jwt.decode(json.loads(response.body)["access_token"], options={"verify_signature": False})  # type: ignore[arg-type]
    assert (claims["ver"], claims["aud"], claims["iss"]) == ("2.0", world.app.client_id, issuer(world.app.tenant_id, 2))
    assert claims["azp"] == world.app.client_id
    assert "appid" not in claims
    assert outcome(world.post(world.form(scope="api://purchases/.default"))) == 500011


def test_a_managed_identity_here_signs_in_with_the_clusters_token(
    federated: World, cluster_key: rsa.RSAPrivateKey, store: Store
) -> None:
    above = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node"
    node = federated.directory.add_managed_identity(
        federated.app.tenant_id,
        name="node",
        resource_id=above,
        object_id="dddddddd-0000-4000-8000-000000000001",
        client_id="dddddddd-0000-4000-8000-000000000002",
    )
    signed = token(federated, cluster_key)
    assert outcome(sign_in(federated, signed, client_id=node.client_id)) == 70025
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
    properties = {"issuer": CLUSTER, "subject": SUBJECT, "audiences": [EXCHANGE_AUDIENCE]}
    Resources(store).put(Resource(f"{above}/federatedIdentityCredentials/one", kind, "one", properties=properties))
    response = sign_in(federated, signed, client_id=node.client_id)
    assert response.status == 200
    claims = jwt.decode(json.loads(response.body)["access_token"], options={"verify_signature": False})  # type: ignore[arg-type]
    assert claims["oid"] == node.object_id
    assert outcome(sign_in(federated, token(federated, cluster_key, sub="other"), client_id=node.client_id)) == 700213
