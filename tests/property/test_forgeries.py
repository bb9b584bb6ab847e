"""Each field of every kind and version of signature, and of tokens, altered in turn: nothing altered is accepted.

The strings to sign are written here a second time, from the published tables, and the newest ones are compared with what
Microsoft's own library signs.

Source: storage.md 4.3 to 4.7.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas
from azure.storage.filedatalake import UserDelegationKey, generate_directory_sas
from tests.property.lake import ACCOUNT, AT, FOREIGN_TENANT, KEY, OTHER_KEY, TENANT, LakeInProcess, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN, END = f"{AT - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", f"{AT + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
LATER = f"{AT + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
RESPONSE = ["rscc", "rscd", "rsce", "rscl", "rsct"]
SIGNER, BOUND, AGENT, FOREIGNER = (object_id(number) for number in (1, 2, 3, 4))
PATH = "/data/a/b/f"


def account_fields(sv: str) -> list[str]:
    return ["ACCOUNT", "sp", "ss", "srt", "st", "se", "sip", "spr", "sv", *(["ses"] if sv >= "2020-12-06" else []), ""]


def service_fields(sv: str) -> list[str]:
    middle = (["sr", "TIME"] if sv >= "2018-11-09" else []) + (["ses"] if sv >= "2020-12-06" else [])
    return ["sp", "st", "se", "RESOURCE", "si", "sip", "spr", "sv", *middle, *RESPONSE]


def delegated_fields(sv: str) -> list[str]:
    names = ["sp", "st", "se", "RESOURCE", "skoid", "sktid", "skt", "ske", "sks", "skv"]
    names += ["saoid", "suoid", "scid"] if sv >= "2020-02-10" else []
    names += ["skdutid", "sduoid"] if sv >= "2025-07-05" else []
    names += ["sip", "spr", "sv", "sr", "TIME"]
    names += ["ses"] if sv >= "2020-12-06" else []
    names += ["HEADERS", "QUERY"] if sv >= "2026-04-06" else []
    return names + RESPONSE


def signed(names: list[str], fields: dict[str, str], key: str, **fixed: str) -> dict[str, str]:
    text = "\n".join(fixed.get(name, "") if name.isupper() else fields.get(name, "") for name in names)
    digest = hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
    return {**fields, "sig": base64.b64encode(digest).decode()}


@dataclass
class Genuine:
    """A signature that opens the file, and what goes with it."""

    name: str
    fields: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    token: str | None = None

    def status(self, lake: LakeInProcess, fields: dict[str, str] | str | None = None, path: str = PATH) -> int:
        text = encoded(self.fields if fields is None else fields)
        answer = lake.ask("GET", path, self.query, sas=text, headers=self.headers, token=self.token, api="blob")
        return answer.status


def encoded(fields: dict[str, str] | str) -> str:
    return fields if isinstance(fields, str) else "&".join(f"{name}={quote(one, '')}" for name, one in fields.items())


def delegation_key(lake: LakeInProcess, version: str, tenant: str = "") -> dict[str, str]:
    principal = lake.directory.principal(TENANT, SIGNER)
    assert principal is not None
    wanted = f"<DelegatedUserTid>{tenant}</DelegatedUserTid>" if tenant else ""
    answer = lake.ask(
        "POST",
        "/",
        "restype=service&comp=userdelegationkey",
        body=f"<KeyInfo><Start>{BEGIN}</Start><Expiry>{LATER}</Expiry>{wanted}</KeyInfo>".encode(),
        token=lake.token(principal),
        headers={"x-ms-version": version},
        api="blob",
    )
    assert answer.status == 200, answer
    return dict(re.findall(r"<(\w+)>([^<]+)</\1>", answer.body.decode()))


def genuine(lake: LakeInProcess) -> Iterator[Genuine]:
    """Every kind of signature in every layout, with every field in it that the layout has."""
    time, more = {"st": BEGIN, "se": END}, {"sip": "127.0.0.0-127.0.0.9", "spr": "https,http"}
    shown = {"rscc": "no-cache", "rsct": "text/plain"}
    for sv in ("2015-04-05", "2019-12-12", "2020-12-06", "2026-10-06"):
        for key in (KEY, OTHER_KEY):
            fields = {"sv": sv, "ss": "bq", "srt": "co", "sp": "rl", **time, **more}
            yield Genuine(f"account {sv}", signed(account_fields(sv), fields, key, ACCOUNT="lake1"))
        for sr, resource in (("c", "/blob/lake1/data"), ("b", "/blob/lake1/data/a/b/f")):
            fields = {"sv": sv, "sr": sr, "sp": "r", **time, **more, **shown}
            yield Genuine(f"service {sr} {sv}", signed(service_fields(sv), fields, KEY, RESOURCE=resource))
        fields = {"sv": sv, "sr": "c", "si": "readers", "st": BEGIN}
        yield Genuine(f"policy {sv}", signed(service_fields(sv), fields, KEY, RESOURCE="/blob/lake1/data"))
        if sv >= "2020-02-10":
            fields = {"sv": sv, "sr": "d", "sdd": "1", "sp": "r", **time, **more}
            yield Genuine(f"directory {sv}", signed(service_fields(sv), fields, KEY, RESOURCE="/blob/lake1/data/a"))
    yield from genuine_delegated(lake, {**time, **more, **shown})


def genuine_delegated(lake: LakeInProcess, base: dict[str, str]) -> Iterator[Genuine]:
    names = {"SignedOid": "skoid", "SignedTid": "sktid", "SignedStart": "skt", "SignedExpiry": "ske"}
    names |= {"SignedService": "sks", "SignedVersion": "skv", "SignedDelegatedUserTid": "skdutid"}
    tokens = {}
    for tenant, one in ((TENANT, BOUND), (FOREIGN_TENANT, FOREIGNER)):
        principal = lake.directory.principal(tenant, one)
        assert principal is not None
        tokens[one] = lake.token(principal)
    for sv in ("2018-11-09", "2020-02-10", "2020-12-06", "2025-07-05", "2026-04-06", "2026-10-06"):
        for kind in ("plain", "directory", "agent", "subject", "bound", "foreign"):
            if sv < {"plain": "", "bound": "2025", "foreign": "2025"}.get(kind, "2020"):
                continue
            key = delegation_key(lake, sv, FOREIGN_TENANT if kind == "foreign" else "")
            fields = {"sv": sv, "sr": "c", "sp": "r", **base}
            fields |= {names[name]: text for name, text in key.items() if name in names}
            fields |= {"scid": object_id(9)} if sv >= "2020-02-10" else {}
            fields |= {"sr": "d", "sdd": "2"} if kind == "directory" else {}
            fields |= {"agent": {"saoid": AGENT}, "subject": {"suoid": AGENT}}.get(kind, {})
            fields |= {"bound": {"sduoid": BOUND}, "foreign": {"sduoid": FOREIGNER}}.get(kind, {})
            found = Genuine(f"delegated {kind} {sv}", {}, token=tokens.get(fields.get("sduoid", "")))
            blocks = {"HEADERS": "", "QUERY": ""}
            if sv >= "2026-04-06":
                fields |= {"srh": "x-ms-foo,x-ms-bar", "srq": "q"}
                blocks = {"HEADERS": "x-ms-foo:1\nx-ms-bar:2\n", "QUERY": "\nq:3"}
                found = replace(found, headers={"x-ms-foo": "1", "x-ms-bar": "2"}, query="q=3")
            resource = "/blob/lake1/data" + ("/a/b" if kind == "directory" else "")
            yield replace(found, fields=signed(delegated_fields(sv), fields, key["Value"], RESOURCE=resource, **blocks))


OTHERS = {
    "sv": [
        "2015-04-05",
        "2018-11-09",
        "2020-02-10",
        "2020-12-06",
        "2025-07-05",
        "2026-04-06",
        "2026-10-06",
        "9999-99-99",
    ],
    "sp": ["racwdlmeop", "rl", "lr", "rw", "w", "rr"],
    "se": [LATER, "2031-01-01", "2030-01-01T13:00Z", END.replace("Z", ".0Z"), END.replace("Z", "+00:00")],
    "st": ["2029-01-01T00:00:00Z", "2029-12-31"],
    "sr": ["b", "c", "d", "bs", "bv", "cb"],
    "sdd": ["0", "1", "2", "3", "01", "02", "+1", "1.0", "-1", "\u0661"],
    "ss": ["b", "bqtf", "qb"],
    "srt": ["sco", "o", "oc"],
    "sip": ["127.0.0.1", "0.0.0.0-255.255.255.255", "127.0.0.0-127.0.0.255"],
    "spr": ["https", "http", "http,https"],
    "si": ["writers", "Readers"],
    "skoid": [BOUND, AGENT, SIGNER.upper()],
    "sktid": [FOREIGN_TENANT],
    "skt": ["2029-01-01T00:00:00Z"],
    "ske": ["2040-01-01T00:00:00Z", LATER.replace("Z", ".0Z")],
    "sks": ["f", "bf"],
    "skv": ["2019-02-02", "2026-02-06"],
    "saoid": [SIGNER, BOUND],
    "suoid": [SIGNER, BOUND, ""],
    "scid": [SIGNER],
    "skdutid": [TENANT],
    "sduoid": [SIGNER, AGENT],
    "srh": ["x-ms-foo", "x-ms-bar,x-ms-foo", "X-MS-FOO,x-ms-bar", ""],
    "srq": ["q,q", "Q", "comp"],
    "rscc": ["max-age=1"],
    "rsct": ["text/html"],
    "ses": ["scope"],
    "rscd": ["attachment"],
}


def altered(one: Genuine) -> Iterator[dict[str, str] | str]:
    """Every field in turn: gone, empty, another value, another letter, a control character, given twice; and more fields."""
    fields = one.fields
    for name, value in fields.items():
        yield {key: text for key, text in fields.items() if key != name}
        for other in [*OTHERS.get(name, []), "", f"{value}\n", f"\n{value}", f"{value} ", f"{value}\x00", f"{value},"]:
            if other != value:
                yield {**fields, name: other}
        for at in {0, len(value) // 2, len(value) - 1}:
            yield {**fields, name: value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]}
        yield f"{encoded(fields)}&{name}={quote(value, '')}"
        yield f"{name.upper()}={quote(value, '')}&{encoded(fields)}"
    for name in OTHERS.keys() - fields.keys():
        for other in filter(None, OTHERS[name]):
            yield {**fields, name: other}
    raw = base64.b64decode(fields["sig"])
    yield from (
        {**fields, "sig": base64.b64encode(bytes([*raw[:at], raw[at] ^ 128, *raw[at + 1 :]])).decode()}
        for at in range(0, 32, 7)
    )
    yield from (
        {**fields, "sig": text} for text in ("A" * 44, base64.b64encode(bytes(32)).decode(), fields["sig"].rstrip("="))
    )
    last = fields["sig"][-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    yield {**fields, "sig": fields["sig"][:-2] + alphabet[alphabet.index(last) ^ 1] + "="}


def differing(one: Genuine, forgery: dict[str, str] | str) -> object:
    if isinstance(forgery, str):
        return forgery
    return {name: forgery.get(name) for name in {*one.fields, *forgery} if one.fields.get(name) != forgery.get(name)}


@pytest.fixture
def opened(lake: LakeInProcess) -> LakeInProcess:
    """A lake with a file, a policy, and a signer who may do everything."""
    for number in (1, 2, 3):
        lake.add_app(number)
    lake.add_app(4, FOREIGN_TENANT)
    lake.add_account("lake1", allowCrossTenantDelegationSas=True)
    lake.give_role("Storage Blob Data Owner", SIGNER, ACCOUNT)
    lake.ask("PUT", "/data", "resource=filesystem")
    lake.ask("PUT", PATH, "resource=file")
    acl = {"x-ms-acl": f"user::rwx,user:{AGENT}:rwx,group::---,other::---"}
    for path in ("/data/", "/data/a", "/data/a/b", PATH):
        assert lake.ask("PATCH", path, "action=setAccessControl", headers=acl).status == 200
    policies = "".join(
        f"<SignedIdentifier><Id>{name}</Id><AccessPolicy><Expiry>{END}</Expiry><Permission>{letters}</Permission>"
        "</AccessPolicy></SignedIdentifier>"
        for name, letters in (("readers", "r"), ("writers", "rw"))
    )
    body = f"<SignedIdentifiers>{policies}</SignedIdentifiers>".encode()
    assert lake.ask("PUT", "/data", "restype=container&comp=acl", body=body, api="blob").status == 200
    return lake


@pytest.mark.timeout(600)
def test_no_altered_signature_is_accepted(opened: LakeInProcess) -> None:
    lake, tried = opened, 0
    kinds = list(genuine(lake))
    for one in kinds:
        assert one.status(lake) == 200, (one.name, one.fields)
        for forgery in altered(one):
            status = one.status(lake, forgery)
            assert status in {400, 401, 403}, (one.name, status, differing(one, forgery))
            tried += 1
        for path in ("/data/a/c", "/data/x/b/f", "/data/a/b%2F..%2F..%2Fx/f"):
            if "ss" not in one.fields and not (one.fields["sr"] == "c" or path.startswith("/data/a/c")):
                assert one.status(lake, path=path) in {400, 403}, (one.name, path)
                tried += 1
        assert one.status(lake) == 200
    print(f"\n{tried} forgeries of {len(kinds)} signatures")
    assert tried >= 2000


def test_what_is_signed_is_what_the_library_signs(opened: LakeInProcess) -> None:
    key = delegation_key(opened, "2026-10-06")
    given = UserDelegationKey()  # type: ignore[no-untyped-call]  # the library's
    for name in ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion", "Value"):
        setattr(given, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), key[name])
    bounds: dict[str, Any] = {"permission": "r", "expiry": END, "start": BEGIN}
    found = {
        "account": generate_account_sas("lake1", KEY, "co", permission="r", expiry=END, start=BEGIN),
        "container": generate_container_sas("lake1", "data", KEY, **bounds),
        "blob": generate_blob_sas("lake1", "data", "a/b/f", account_key=KEY, **bounds, content_type="text/plain"),
        "directory": generate_directory_sas("lake1", "data", "a", KEY, **bounds),
        "delegated": generate_directory_sas("lake1", "data", "a", given, **bounds, correlation_id=object_id(9)),
        "headers": generate_blob_sas(
            "lake1", "data", "a/b/f", user_delegation_key=given, **bounds, request_headers={"x-ms-foo": "1"}
        ),
    }
    for kind, text in found.items():
        fields = dict(parse_qsl(text, keep_blank_values=True))
        resource = {"c": "/blob/lake1/data", "d": "/blob/lake1/data/a"}.get(
            fields.get("sr", ""), "/blob/lake1/data/a/b/f"
        )
        sv = fields["sv"]
        names = delegated_fields(sv) if "skoid" in fields else service_fields(sv)
        names = account_fields(sv) if "ss" in fields else names
        blocks = {"HEADERS": "x-ms-foo:1\n" if "srh" in fields else "", "QUERY": ""}
        value = key["Value"] if "skoid" in fields else KEY
        again = signed(names, {**fields, "sig": ""}, value, RESOURCE=resource, ACCOUNT="lake1", **blocks)
        assert again["sig"] == fields["sig"], (kind, fields)
        headers = {"x-ms-foo": "1"} if "srh" in fields else {}
        assert opened.ask("GET", PATH, sas=text, headers=headers, api="blob").status == 200, kind


def test_no_altered_token_is_accepted(opened: LakeInProcess) -> None:
    principal = opened.directory.principal(TENANT, SIGNER)
    stranger = opened.directory.principal(FOREIGN_TENANT, FOREIGNER)
    assert principal is not None
    assert stranger is not None
    token = opened.token(principal)
    head, claims, signature = token.split(".")

    def part(text: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
        return found

    def packed(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    forgeries = []
    for name, value in part(claims).items():
        others = [None, "", [], {}, value, [value], f"{value} ", f"{value}"[::-1], 9_999_999_999, -1, True, "*"]
        forgeries += [f"{head}.{packed({**part(claims), name: other})}.{signature}" for other in others]
        forgeries.append(f"{head}.{packed({key: one for key, one in part(claims).items() if key != name})}.{signature}")
    for name in ("alg", "kid", "typ", "x5t", "jku", "jwk", "crit"):
        forgeries += [
            f"{packed({**part(head), name: other})}.{claims}.{signature}" for other in ("none", "HS256", "", None, 1)
        ]
    forgeries += [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token) - 1, 3)
    ]
    forgeries += [
        token[:-20],
        f"{token}.{signature}",
        f"{head}.{claims}.",
        f"{head}..{signature}",
        "",
        ".",
        "..",
        token.upper(),
    ]
    for audience in (
        "https://management.azure.com",
        "https://lake2.dfs.core.windows.net",
        "https://storage.azure.com.evil",
    ):
        forgeries.append(opened.token(principal, audience))
    forgeries += [opened.token(stranger), opened.token(principal, hours=-1)]
    assert opened.ask("GET", PATH, token=token).status == 200
    for forgery in forgeries:
        answer = opened.ask("GET", PATH, token=forgery)
        assert (answer.status, answer.code) == (401, "InvalidAuthenticationInfo"), forgery
    assert opened.ask("GET", PATH, token=token).status == 200
    print(f"\n{len(forgeries)} forged tokens")
