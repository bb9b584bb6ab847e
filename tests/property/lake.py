"""A lake in this process, asked as its gateway asks it: requests in, answers out, with any credential."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lakeport_local.access import Access, DecisionLog, Principal
from lakeport_local.access.roles import ASSIGNMENTS, BUILT_IN_ROLES
from lakeport_local.core import FixedClock, Headers, MemorySink, Request, Response, SequentialIds, http_date
from lakeport_local.entra import Directory, Tokens
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.storage import Lake, StorageService

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY = base64.b64encode(bytes(range(64))).decode()
OTHER_KEY = base64.b64encode(bytes(range(64, 128))).decode()
TENANT, FOREIGN_TENANT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SUBSCRIPTION = "/subscriptions/aaaaaaaa-0000-4000-8000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/lakes"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/lake1"
AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
VERSION = "2026-10-06"


@dataclass(frozen=True)
class Answer:
    """What came back; `code` is empty unless it is a refusal."""

    status: int
    code: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str


def object_id(number: int) -> str:
    """Return a principal's object id."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def signed_as_key(request: Request, account: str, key: str) -> str:
    """Return the Authorization header of a request, from the published rule."""
    fields = {name: value for name, value in request.headers if name.startswith("x-ms-")}
    lines = [request.method, "", "", *[request.headers.get(name) or "" for name in ("content-length", "content-md5")]]
    lines[3] = "" if lines[3] == "0" else lines[3]
    lines += [request.headers.get("content-type") or "", ""]
    names = ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")
    lines += [request.headers.get(name) or "" for name in names]
    lines += [f"{name}:{fields[name]}" for name in sorted(fields)]
    query = sorted(part.partition("=")[::2] for part in request.raw_query.split("&") if part)
    resource = "".join(f"\n{name.lower()}:{unquote(value)}" for name, value in query)
    text = "\n".join([*lines, f"/{account}{request.raw_path}{resource}"])
    digest = hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


class LakeInProcess:
    """The storage service over a store in memory, with a clock that tests move."""

    def __init__(self) -> None:
        self.store, ids = Store(None), SequentialIds()
        self.clock = FixedClock(AT)
        self.resources = Resources(self.store)
        self.log = DecisionLog()
        self.directory = Directory(self.store, ids, self.clock)
        for tenant, name in ((TENANT, "contoso"), (FOREIGN_TENANT, "fabrikam")):
            self.directory.add_tenant(id=tenant, name=name, domain=f"{name}.onmicrosoft.com")
        for name in ("lake1", "lake2"):
            self.add_account(name)
        self.tokens = Tokens(self.directory, self.store, ids, self.clock)
        self.lake = Lake(self.store, self.resources, ids, self.clock)
        access = Access(self.resources, self.log)
        self.service = StorageService(self.lake, access, self.tokens, self.directory)
        self._asked = 0

    def add_account(self, name: str, **properties: object) -> Resource:
        """Make an account, or set its properties; all have the same two keys."""
        internal = {"keys": [KEY, OTHER_KEY], "tenant_id": TENANT}
        where = ACCOUNT.removesuffix("lake1") + name
        kind = "Microsoft.Storage/storageAccounts"
        return self.resources.put(Resource(where, kind, name, properties={**properties}, internal=internal))

    def add_app(self, number: int, tenant: str = TENANT) -> Principal:
        """Return an app of a tenant."""
        given = object_id(number)
        self.directory.add_app(tenant, name=f"app-{number}", client_id=given.replace("4000", "4111"), object_id=given)
        found = self.directory.principal(tenant, given)
        assert found is not None
        return found

    def token(self, principal: Principal, audience: str = "https://storage.azure.com", hours: float = 8) -> str:
        """Return a bearer token."""
        return self.tokens.issue(principal, audience, lifetime=timedelta(hours=hours), appidacr="1")

    def give_role(self, role: str, principal: str, scope: str) -> str:
        """Assign a built-in role by name; return the assignment's id."""
        definition = next(one.id for one in BUILT_IN_ROLES.values() if one.name == role)
        properties = {"roleDefinitionId": definition, "principalId": principal, "scope": scope}
        name = f"{definition[:8]}-{principal[:8]}"
        path = f"{scope}/providers/{ASSIGNMENTS}/{name}"
        return self.resources.put(Resource(path, ASSIGNMENTS, name, properties=properties)).id

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        api: str = "dfs",
        account: str = "lake1",
        key: str | None = KEY,
        token: str | None = None,
        sas: str | None = None,
        scheme: str = "https",
        client: str = "127.0.0.1",
    ) -> Answer:
        """Send a request, with the account's key unless another credential is given, and return the answer."""
        fields = [("content-length", str(len(body)))]
        fields += list(headers.items()) if hasattr(headers, "items") else list(headers)
        fields += [] if any(name == "x-ms-version" for name, _ in fields) else [("x-ms-version", VERSION)]
        query = "&".join(part for part in (query, sas) if part)
        host, port = f"{account}.{api}.core.windows.net", 443 if scheme == "https" else 80
        self._asked += 1
        name = f"r{self._asked}"
        sink = MemorySink()
        sink.write(body)
        request = Request(
            method, scheme, host, port, path, query, Headers(fields), client, None, name, self.clock.now(), sink
        )
        if token is not None:
            request.headers = Headers([*fields, ("authorization", f"Bearer {token}")])
        elif sas is None and key is not None:
            fields.append(("x-ms-date", http_date(self.clock.now())))
            request.headers = Headers(fields)
            request.headers = Headers([*fields, ("authorization", signed_as_key(request, account, key))])
        return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        response = self.service.handle(request)
        assert isinstance(response, Response)  # nothing here is so large that it is hashed beside
        body = response.body
        if not isinstance(body, bytes):
            source = body
            body = b"".join(iter(lambda: source.read(1 << 20), b""))
            source.close()
        headers = {name.lower(): value for name, value in response.headers}
        return Answer(response.status, headers.get("x-ms-error-code", ""), headers, body, request.id)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()
