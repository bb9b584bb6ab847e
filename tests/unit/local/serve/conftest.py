"""Every operation of every service over two organisations, from the services' own tables; and a forger of tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lakeport_local.admin import AdminService
from lakeport_local.admin.service import _TABLE as ADMIN
from lakeport_local.arm import ControlPlane, Operation, ResourceType
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import Tokens
from lakeport_local.entra.claims import issuer
from lakeport_local.gateway import Callers
from lakeport_local.graph.routes import ROUTES as GRAPH
from lakeport_local.serve.azure import LocalAzure, Options
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store
from lakeport_local.storage.blob import OPERATIONS as BLOB
from lakeport_local.storage.dfs import OPERATIONS as DFS
from lakeport_local.vault.routes import ROUTES as VAULT

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.core import Service

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GUID = "00000000-0000-4000-8000-000000000000"
AUDIENCES = {
    "arm": "https://management.azure.com/",
    "storage": "https://storage.azure.com",
    "vault": "https://vault.azure.net",
    "graph": "https://graph.microsoft.com",
}
HOSTS = {"arm": "management.azure.com", "vault": "contoso-vault.vault.azure.net", "graph": "graph.microsoft.com"}
STRANGE = "another tenant's own"


@dataclass(frozen=True)
class Call:
    """One operation of a service."""

    service: str
    method: str
    host: str
    path: str
    query: str = ""


class World:
    """Two organisations in memory, every service over them, and a forger."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock, ids = Store(None), FixedClock(NOW), RandomIds()
        self.rooms = Rooms(self.store, self.clock, ids, Callers(bytes(32)))
        topology = load(None)
        provision(self.rooms.stores, topology.document, topology.certificates)
        self.contoso, self.fabrikam = topology.document.tenants
        self.local = LocalAzure(Options(folder, is_memory=True))
        self.services: dict[str, Service] = {**self.rooms.services, "admin": AdminService(self.local, "the-token")}
        self.tokens = Tokens(self.rooms.stores.directory, self.store, ids, self.clock)
        self.other_key = rsa.generate_private_key(65537, 2048)

    def close(self) -> None:
        self.local.close()
        self.store.close()

    def calls(self) -> Iterator[Call]:
        """Yield every operation of the tables, on what contoso has."""
        yield from self._arm()
        group = [("dfs", *key) for key in DFS] + [("blob", *key) for key in BLOB]
        for api, level, method, word in group:
            place = {"account": "", "file_system": "share-data", "container": "share-data", "path": "share-data/a"}
            yield Call(
                "storage", method, f"sourcestorage.{api}.core.windows.net", f"/{place[level]}", _query(api, level, word)
            )
        for route in VAULT:
            path = "/".join(GUID if part.startswith("{") else part for part in route.path)
            yield Call("vault", route.method, HOSTS["vault"], f"/{path}", "api-version=7.4")
        for one in GRAPH:
            path = "/".join(GUID if part.startswith("{") else part for part in one.path)
            yield Call("graph", one.method, HOSTS["graph"], f"/v1.0/{path}")
        for method, pattern, _ in ADMIN:
            yield Call("admin", method, "127.0.0.1", "/_lakeport/" + pattern.replace("([^/]+)", "x"))

    def _arm(self) -> Iterator[Call]:
        plane = self.rooms.services["arm"]
        assert isinstance(plane, ControlPlane)
        subscription = self.contoso.subscriptions[0].id
        group = f"/subscriptions/{subscription}/resourceGroups/data-share-automation"
        for provider in plane.entries.providers.values():
            version = (provider.versions or (provider.newest,))[-1]
            entries: list[ResourceType | Operation] = [*provider.resource_types, *provider.operations]
            for entry in entries:
                namespace, *types = entry.name.split("/")
                known = {"subscriptions": subscription, "resourcegroups": "data-share-automation"}
                path = f"{group}/providers/{namespace}" + "".join(f"/{one}/{GUID}" for one in types)
                if namespace == "Microsoft.Resources" and types[0].lower() == "subscriptions":
                    path = "".join(f"/{one}/{known.get(one.lower(), GUID)}" for one in types)
                hooks = {"put": "PUT", "patch": "PATCH", "delete": "DELETE"}
                methods = ["GET", *(hooks[name] for name in hooks if getattr(entry, name, None) is not None)]
                for method in [entry.method] if isinstance(entry, Operation) else methods:
                    yield Call("arm", method, HOSTS["arm"], path, f"api-version={version}")

    async def send(
        self, call: Call, token: str | None, body: bytes = b"{}", content_type: str = "application/json"
    ) -> Response:
        fields = [("Content-Type", content_type), ("x-ms-version", "2023-11-03"), ("Content-Length", str(len(body)))]
        fields += [("Authorization", f"Bearer {token}")] if token is not None else []
        request = Request(
            call.method, "https", call.host, 443, call.path, call.query, Headers(fields), "127.0.0.1", None, GUID, NOW,
        )  # fmt: skip
        if call.service == "admin":
            request = replace(request, explicit=True)
        service = self.services[call.service]
        sink = service.open_body(request)
        if isinstance(sink, Response):
            return sink
        sink.write(body if call.method in {"PUT", "PATCH", "POST"} else b"")
        sink.finish()
        request.body = sink
        answer = service.handle(request)
        return await answer if isinstance(answer, Awaitable) else answer

    def genuine(self, service: str) -> str:
        """Return a token of contoso's provider that a service believes."""
        provider = self.rooms.stores.directory.find(self.contoso.id, "provider")
        assert provider is not None
        return self.tokens.issue(provider, AUDIENCES[service], lifetime=timedelta(hours=1), appidacr="1")

    def forgeries(self, service: str) -> dict[str, str]:
        """Return tokens that no service may believe, by what is wrong with them."""
        audience = AUDIENCES.get(service, AUDIENCES["arm"])
        directory = self.rooms.stores.directory
        provider = directory.find(self.contoso.id, "provider")
        stranger = directory.find(self.fabrikam.id, "consumer")
        analysts = directory.find(self.contoso.id, "analysts")
        assert provider is not None
        assert stranger is not None
        assert analysts is not None

        def issued(who: Any = provider, aud: str = audience, **more: Any) -> str:  # Any: what `issue` takes
            return self.tokens.issue(who, aud, **{"lifetime": timedelta(hours=1), "appidacr": "1", **more})

        good = issued()
        head, body, signature = good.split(".")
        claims: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})
        jwk = self.tokens.key.public_jwk()
        public = jwt.PyJWK(jwk, algorithm="RS256").key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        kid = {"kid": self.tokens.key.id, "x5t": self.tokens.key.id}

        def signed(**changes: Any) -> str:  # Any: claims of all kinds
            return self.tokens.key.sign(json.dumps(claims | changes).encode())

        own_jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.other_key.public_key()))
        flipped = ("B" if signature[0] != "B" else "C") + signature[1:]
        wrong = {f"audience of {name}": issued(aud=aud) for name, aud in AUDIENCES.items() if name != service}
        born = int(NOW.timestamp())
        return {
            **wrong,
            "empty": "",
            "no token": "x",
            "three words": "a.b.c",
            "no signature": f"{head}.{body}.",
            "cut": f"{head}.{body}",
            "signature flipped": f"{head}.{body}.{flipped}",
            "claims exchanged": f"{head}.{_segment(claims | {'oid': GUID})}.{signature}",
            "algorithm none": jwt.encode(claims, "", "none", kid),
            "HS256 with the public key": _hmac(claims, public, kid),
            "HS256 with the modulus": _hmac(claims, str(jwk["n"]).encode(), kid),
            "another key": jwt.encode(claims, self.other_key, "RS256", kid),
            "another key, brought along": jwt.encode(claims, self.other_key, "RS256", {**kid, "jwk": own_jwk}),
            "another key, named so": jwt.encode(
                claims, self.other_key, "RS256", {"kid": "other", "jku": "https://evil.example"}
            ),
            "PS256": jwt.encode(claims, self.other_key, "PS256", kid),
            "expired": issued(lifetime=timedelta(seconds=-1)),
            "ends now": signed(exp=born),
            "not yet": signed(nbf=born + 3600),
            "newer issuer in the older format": signed(iss=issuer(self.contoso.id, 2)),
            "older issuer in the newer format": signed(ver="2.0"),
            "the newer format": issued(version=2),
            "no version": signed(ver="3.0"),
            "the other tenant's issuer": signed(iss=issuer(self.fabrikam.id)),
            "a tenant that is not here": signed(tid=GUID, iss=issuer(GUID)),
            "the other tenant's principal": signed(oid=stranger.object_id),
            "a principal that is not here": signed(oid=GUID),
            "a group's": signed(oid=analysts.object_id),
            STRANGE: issued(stranger),
        }


def _segment(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def _hmac(claims: dict[str, Any], key: bytes, headers: dict[str, str]) -> str:
    """Sign with HMAC as an attacker would: PyJWT refuses to take a public key for it."""
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT', **headers})}.{_segment(claims)}"
    digest = hmac.digest(key, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _query(api: str, level: str, word: str) -> str:
    if api == "dfs":
        name = "action" if level == "path" and word not in {"file", "directory", "rename"} else "resource"
        scope = {"resource": "filesystem", "recursive": "true"} if level == "file_system" else {}
        return urlencode(
            {**({name: word} if word and word != "rename" else {}), **scope, "position": "0", "mode": "set"}
        )
    where = {"account": "service", "container": "container"}.get(level)
    scope = {"restype": where} if where else {}
    return urlencode({**scope, **({"comp": word} if word not in {"", "put", "copy"} else {})})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
