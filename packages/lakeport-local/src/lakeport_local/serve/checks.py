"""What must hold between the entries of a topology: names by Azure's rules, nothing twice, every reference known.

Source: storage.md 8 (accounts, containers, paths), data-share.md 6 (share accounts), identity.md 5 (vaults).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509

from lakeport_local.arm.providers.storage_settings import network_rules
from lakeport_local.core import ServiceError
from lakeport_local.serve import schema
from lakeport_local.serve.reading import Problem
from lakeport_local.serve.references import role_assignment_problems
from lakeport_local.serve.sign_in_checks import sign_in_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_NAMES: dict[type[msgspec.Struct], tuple[re.Pattern[str], str]] = {
    schema.Tenant: (re.compile(r"[^/:\s][^/:]{0,62}"), "1 to 63 characters without '/' and ':'"),
    schema.App: (re.compile(r"[^/:\s][^/:]{0,119}"), "1 to 120 characters without '/' and ':'"),
    schema.User: (re.compile(r"[^@/\s]+@[^@/\s]+\.[^@/\s]+"), "a sign-in name such as ada@contoso.onmicrosoft.com"),
    schema.Group: (re.compile(r"[^/:\s][^/:]{0,255}"), "1 to 256 characters without '/' and ':'"),
    schema.Subscription: (re.compile(r"[^/\s][^/]{0,63}"), "1 to 64 characters without '/'"),
    schema.ResourceGroup: (
        re.compile(r"[-\w.()]{0,89}[-\w()]"),
        "1 to 90 of letters, digits, -_.(), no '.' at the end",
    ),
    schema.StorageAccount: (re.compile(r"[a-z0-9]{3,24}"), "3 to 24 lower-case letters and digits"),
    schema.DataShareAccount: (
        re.compile(r"[^<>%&:\\?/#*$^();,.|+={}\[\]!~@\s]{3,90}"),
        "3 to 90 characters, none of <>%&:\\?/#*$^();,.|+={}[]!~@",
    ),
    schema.KeyVault: (
        re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]"),
        "3 to 24 letters, digits and single hyphens, beginning with a letter",
    ),
    schema.VirtualMachine: (re.compile(r"[A-Za-z0-9][\w-]{0,63}"), "1 to 64 letters, digits, '-' and '_'"),
    schema.ManagedIdentity: (re.compile(r"[A-Za-z0-9][\w-]{2,127}"), "3 to 128 letters, digits, '-' and '_'"),
}
_FILE_SYSTEM = re.compile(r"(?!.*--)[a-z0-9][-a-z0-9]{1,61}[a-z0-9]")
_SECRET_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_LOCATION = re.compile(r"[a-z0-9]{2,64}")
_GLOBAL: tuple[type[msgspec.Struct], ...] = (schema.StorageAccount, schema.KeyVault)


def check(document: schema.Document, certificates: Mapping[str, bytes | None]) -> list[Problem]:
    """Return everything that is wrong with a document whose ids are filled in, in the order of the file.

    Args:
        document: The entries.
        certificates: What the files that apps name hold, by path; None for one that cannot be read.
    """
    if not document.tenants:
        return [Problem("", "no tenants; begin with [[tenants]]")]
    entries = list(_entries(document, ""))
    problems = list(_name_problems(entries))
    problems += _repeated("tenant id", ((f"{place}.id", e.id) for place, e in entries if isinstance(e, schema.Tenant)))
    problems += _repeated(
        "subscription id", ((f"{place}.id", e.id) for place, e in entries if isinstance(e, schema.Subscription))
    )
    for kind in _GLOBAL:
        named = [(f"{place}.name", e.name) for place, e in entries if isinstance(e, kind)]  # type: ignore[attr-defined]
        problems += _repeated("the name", named, siblings=False)
    for place, entry in entries:
        for one in _CHECKS.get(type(entry), ()):
            problems += one(place, entry)
        if isinstance(entry, schema.App):
            problems += _certificate(place, entry, certificates)
    problems += sign_in_problems(document, certificates)
    for number, tenant in enumerate(document.tenants):
        place = f"tenants[{number}]"
        problems += _principals(place, tenant)
        problems += _members(place, tenant)
        problems += _guests(place, tenant, document)
        problems += role_assignment_problems(place, tenant)
    return problems


def _entries(entry: msgspec.Struct, place: str) -> Iterator[tuple[str, msgspec.Struct]]:
    """Yield every entry below this one with its place, in the order of the schema."""
    for name in entry.__struct_fields__:
        value = getattr(entry, name)
        for number, member in enumerate(value if isinstance(value, list) else ()):
            if isinstance(member, msgspec.Struct):
                inside = f"{place}.{name}[{number}]" if place else f"{name}[{number}]"
                yield inside, member
                yield from _entries(member, inside)


def _name_problems(entries: list[tuple[str, msgspec.Struct]]) -> Iterator[Problem]:
    siblings: dict[str, set[str]] = {}
    for place, entry in entries:
        rule = _NAMES.get(type(entry))
        if rule is None:
            continue
        name: str = entry.name  # type: ignore[attr-defined]  # every entry with a rule has a name
        if not rule[0].fullmatch(name):
            yield Problem(f"{place}.name", f"{name[:100]!r} must be {rule[1]}")
        seen = siblings.setdefault(place.rsplit("[", 1)[0], set())
        if name.lower() in seen:
            yield Problem(f"{place}.name", f"{name!r} is there twice")
        seen.add(name.lower())


def _repeated(what: str, placed: Iterable[tuple[str, str]], *, siblings: bool = True) -> Iterator[Problem]:
    """Yield a problem for each value that stands at an earlier place too; `siblings` False: not in the same list."""
    seen: dict[str, str] = {}
    for place, value in placed:
        first = seen.setdefault(value.lower(), place)
        is_sibling = first.rsplit("[", 1)[0] == place.rsplit("[", 1)[0]
        if first != place and (siblings or not is_sibling):
            yield Problem(place, f"{what} {value!r} is taken by {first}")


def _tenant(place: str, tenant: schema.Tenant) -> Iterator[Problem]:
    if not _DOMAIN.fullmatch(tenant.domain):
        yield Problem(f"{place}.domain", f"{tenant.domain!r} is no domain name")


def _group(place: str, group: schema.ResourceGroup) -> Iterator[Problem]:
    if not _LOCATION.fullmatch(group.location):
        yield Problem(f"{place}.location", f"{group.location!r} is no region name such as westeurope")


def _storage(place: str, account: schema.StorageAccount) -> Iterator[Problem]:
    if account.key and not _is_key(account.key):
        yield Problem(f"{place}.key", "must be base64 of at least 32 bytes")
    for number, name in enumerate(account.file_systems):
        if not _FILE_SYSTEM.fullmatch(name):
            rule = "3 to 63 lower-case letters, digits and single hyphens"
            yield Problem(f"{place}.file_systems[{number}]", f"{name!r} must be {rule}")
        elif name in account.file_systems[:number]:
            yield Problem(f"{place}.file_systems[{number}]", f"{name!r} is there twice")
    for number, address in enumerate(account.allow_ips or ()):
        if not _is_ip_rule(address):
            yield Problem(
                f"{place}.allow_ips[{number}]", f"{address!r} is no public IPv4 address, or range of /30 or wider"
            )


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) >= 32
    except binascii.Error:
        return False


def _is_ip_rule(text: str) -> bool:
    try:
        network_rules({"ipRules": [{"value": text}]})
    except ServiceError:
        return False
    return True


def _vault(place: str, vault: schema.KeyVault) -> Iterator[Problem]:
    for name, value in vault.secrets.items():
        if not _SECRET_NAME.fullmatch(name):
            yield Problem(f"{place}.secrets", f"{name!r} must be 1 to 127 letters, digits and hyphens")
        if len(value.encode()) > 25 * 1024:
            yield Problem(f"{place}.secrets.{name}", "is longer than 25 KB")


_CHECKS: dict[type[msgspec.Struct], tuple[Callable[..., Iterator[Problem]], ...]] = {
    schema.Tenant: (_tenant,),
    schema.ResourceGroup: (_group,),
    schema.StorageAccount: (_storage,),
    schema.KeyVault: (_vault,),
}


def _certificate(place: str, app: schema.App, files: Mapping[str, bytes | None]) -> Iterator[Problem]:
    if app.certificate in {"", schema.GENERATED}:
        return
    pem = files.get(app.certificate)
    where = f"{place}.certificate"
    if pem is None:
        yield Problem(where, f"{app.certificate!r} cannot be read")
    elif b"PRIVATE KEY" in pem:
        yield Problem(where, f"{app.certificate!r} holds a private key; give the certificate alone")
    else:
        try:
            x509.load_pem_x509_certificate(pem)
        except ValueError:
            yield Problem(where, f"{app.certificate!r} holds no PEM certificate")


def _placed_principals(place: str, tenant: schema.Tenant) -> Iterator[tuple[str, str, str]]:
    """Yield (place, name, object id) of every principal of a tenant that has a name of its own."""
    for key in ("apps", "users", "groups"):
        for number, one in enumerate(getattr(tenant, key)):
            yield f"{place}.{key}[{number}]", one.name, one.object_id
    for s, subscription in enumerate(tenant.subscriptions):
        for g, group in enumerate(subscription.resource_groups):
            for key in ("managed_identities", "virtual_machines"):
                for number, one in enumerate(getattr(group, key)):
                    yield f"{place}.subscriptions[{s}].resource_groups[{g}].{key}[{number}]", one.name, one.object_id


def _principals(place: str, tenant: schema.Tenant) -> Iterator[Problem]:
    found = list(_placed_principals(place, tenant))
    yield from _repeated("the name", [(f"{at}.name", name) for at, name, _ in found], siblings=False)
    yield from _repeated("object id", [(f"{at}.object_id", object_id) for at, _, object_id in found])
    apps = [(f"{place}.apps[{number}].client_id", app.client_id) for number, app in enumerate(tenant.apps)]
    yield from _repeated("client id", apps)


def _members(place: str, tenant: schema.Tenant) -> Iterator[Problem]:
    known = {name.lower() for _, name, _ in _placed_principals(place, tenant)}
    inside = {group.name.lower(): {member.lower() for member in group.members} for group in tenant.groups}
    for number, group in enumerate(tenant.groups):
        for index, member in enumerate(group.members):
            if member.lower() not in known:
                at = f"{place}.groups[{number}].members[{index}]"
                yield Problem(at, f"no app, user, group or managed identity {member!r} in {tenant.name}")
        if group.name.lower() in _reached(group.name.lower(), inside):
            yield Problem(f"{place}.groups[{number}].members", f"{group.name!r} contains itself")


def _reached(group: str, inside: Mapping[str, set[str]]) -> set[str]:
    """Return the names of everything in a group, through groups in it."""
    reached: set[str] = set()
    waiting = [group]
    while waiting:
        fresh = inside.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _guests(place: str, tenant: schema.Tenant, document: schema.Document) -> Iterator[Problem]:
    homes = {one.name.lower(): one for one in document.tenants}
    for number, user in enumerate(tenant.users):
        if not user.guest_from:
            continue
        at = f"{place}.users[{number}].guest_from"
        home = homes.get(user.guest_from.lower())
        if home is None or home is tenant:
            others = ", ".join(one.name for one in document.tenants if one is not tenant) or "none"
            yield Problem(at, f"no other tenant {user.guest_from!r} (there are: {others})")
        elif user.name.lower() not in {one.name.lower() for one in home.users if not one.guest_from}:
            yield Problem(at, f"tenant {home.name} has no user {user.name!r}; a guest's name is its home account's")
        if user.password:
            yield Problem(f"{place}.users[{number}].password", "a guest signs in at home; leave the key out")
