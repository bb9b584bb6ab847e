"""What exists at first start: `topology.toml`, read, checked and with every id filled in.

Nothing is written before the whole file has been found good.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from lakeport_local.core import derived_id
from lakeport_local.serve import schema
from lakeport_local.serve.checks import check
from lakeport_local.serve.reading import Problem, TopologyRefused, decode

if TYPE_CHECKING:
    from pathlib import Path

BUILT_IN = "two-organisations"
"""The name of the topology that exists without a file."""


class Topology(msgspec.Struct, frozen=True):
    """A topology, checked.

    Attributes:
        document: The entries, every id filled in.
        certificates: The certificates and issuers' keys that it names, by the path as written.
    """

    document: schema.Document
    certificates: dict[str, bytes] = {}


def load(file: Path | None) -> Topology:
    """Read a topology file, or the built-in one.

    Args:
        file: The file; None for `two-organisations`.

    Raises:
        TopologyRefused: The file cannot be read, or something in it is wrong.
    """
    if file is None:
        return parse((resources.files(__package__) / f"{BUILT_IN}.toml").read_text(), BUILT_IN, None)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise TopologyRefused(str(file), [Problem("", f"cannot be read: {reason}")]) from error
    return parse(text, file.name, file.parent)


def parse(text: str, source: str, folder: Path | None) -> Topology:
    """Read topology text.

    Args:
        text: TOML.
        source: Its name, for refusals.
        folder: Where certificate paths start; None when the text may name no files.

    Raises:
        TopologyRefused: Something in it is wrong.
    """
    document = resolved(decode(text, source))
    certificates = _certificates(document, folder)
    problems = check(document, certificates)
    if problems:
        raise TopologyRefused(source, problems)
    return Topology(document, {path: pem for path, pem in certificates.items() if pem is not None})


def _certificates(document: schema.Document, folder: Path | None) -> dict[str, bytes | None]:
    """Read the files of certificates and issuers' keys; None for one that cannot be read."""
    paths = {app.certificate for tenant in document.tenants for app in tenant.apps}
    paths |= {issuer.keys for issuer in document.issuers}
    found: dict[str, bytes | None] = {}
    for path in paths - {"", schema.GENERATED}:
        try:
            found[path] = None if folder is None else (folder / path).read_bytes()
        except OSError:
            found[path] = None
    return found


def resolved(document: schema.Document) -> schema.Document:
    """Return the document with every absent id derived from the names, the same in every state folder."""
    return replace(document, tenants=[_tenant(tenant) for tenant in document.tenants])


def _tenant(tenant: schema.Tenant) -> schema.Tenant:
    def derived(kind: str, name: str) -> str:
        return derived_id(kind, tenant.name, name)

    return replace(
        tenant,
        id=tenant.id.lower() or derived_id("tenant", tenant.name),
        domain=tenant.domain or f"{tenant.name.lower()}.onmicrosoft.com",
        apps=[
            replace(
                app,
                client_id=app.client_id.lower() or derived("application", app.name),
                object_id=app.object_id.lower() or derived("service principal", app.name),
            )
            for app in tenant.apps
        ],
        users=[replace(one, object_id=one.object_id.lower() or derived("user", one.name)) for one in tenant.users],
        groups=[replace(one, object_id=one.object_id.lower() or derived("group", one.name)) for one in tenant.groups],
        subscriptions=[_subscription(tenant, subscription) for subscription in tenant.subscriptions],
    )


def _subscription(tenant: schema.Tenant, subscription: schema.Subscription) -> schema.Subscription:
    def identity(group: str, one: schema.ManagedIdentity) -> schema.ManagedIdentity:
        names = (tenant.name, subscription.name, group, one.name)
        return replace(
            one,
            client_id=one.client_id.lower() or derived_id("identity's application", *names),
            object_id=one.object_id.lower() or derived_id("identity", *names),
        )

    def machine(group: str, one: schema.VirtualMachine) -> schema.VirtualMachine:
        names = (tenant.name, subscription.name, group, one.name)
        return replace(
            one,
            client_id=one.client_id.lower() or derived_id("machine's application", *names),
            object_id=one.object_id.lower() or derived_id("machine's identity", *names),
        )

    return replace(
        subscription,
        id=subscription.id.lower() or derived_id("subscription", tenant.name, subscription.name),
        resource_groups=[
            replace(
                group,
                managed_identities=[identity(group.name, one) for one in group.managed_identities],
                virtual_machines=[machine(group.name, one) for one in group.virtual_machines],
            )
            for group in subscription.resource_groups
        ],
    )
