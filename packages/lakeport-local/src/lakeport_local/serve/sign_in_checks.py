"""What must hold for the parts of a topology that say how apps and people sign in.

Source: identity.md 1.4, 1.7, 1.9; Microsoft Graph, "federatedIdentityCredential".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.entra.issuers import read_issuer_keys
from lakeport_local.entra.objects import BLOCKABLE
from lakeport_local.entra.redirects import is_redirect_uri
from lakeport_local.serve import schema
from lakeport_local.serve.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_OURS = re.compile(r"https://login\.microsoftonline\.com/[^/]+/v2\.0")
_MOST_CREDENTIALS = 20


def sign_in_problems(document: schema.Document, files: Mapping[str, bytes | None]) -> Iterator[Problem]:
    """Yield what is wrong with issuers, apps' registrations and what tenants block."""
    yield from _issuers(document, files)
    known = {issuer.url for issuer in document.issuers}
    for t, tenant in enumerate(document.tenants):
        for number, name in enumerate(tenant.block_sign_ins):
            if name not in BLOCKABLE:
                yield Problem(
                    f"tenants[{t}].block_sign_ins[{number}]", f"{name!r} must be one of {', '.join(BLOCKABLE)}"
                )
        for a, app in enumerate(tenant.apps):
            yield from _app(f"tenants[{t}].apps[{a}]", app, known)
        yield from _machines(f"tenants[{t}]", tenant)


def _machines(place: str, tenant: schema.Tenant) -> Iterator[Problem]:
    groups = [
        (f"{place}.subscriptions[{s}].resource_groups[{g}]", group)
        for s, subscription in enumerate(tenant.subscriptions)
        for g, group in enumerate(subscription.resource_groups)
    ]
    known = {one.name.lower() for _, group in groups for one in group.managed_identities}
    for at, group in groups:
        for number, machine in enumerate(group.virtual_machines):
            for i, name in enumerate(machine.identities):
                if name.lower() not in known:
                    where = f"{at}.virtual_machines[{number}].identities[{i}]"
                    yield Problem(where, f"no managed identity {name!r} in {tenant.name}")


def _issuers(document: schema.Document, files: Mapping[str, bytes | None]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, issuer in enumerate(document.issuers):
        place = f"issuers[{number}]"
        if not issuer.url.startswith("https://") or _OURS.fullmatch(issuer.url):
            yield Problem(f"{place}.url", f"{issuer.url!r} must be the https URL of an issuer outside")
        if issuer.url in seen:
            yield Problem(f"{place}.url", f"{issuer.url!r} is there twice")
        seen.add(issuer.url)
        if issuer.keys != schema.GENERATED:
            yield from _keys(f"{place}.keys", issuer.keys, files.get(issuer.keys))


def _keys(place: str, path: str, data: bytes | None) -> Iterator[Problem]:
    if data is None:
        yield Problem(place, f"{path!r} cannot be read")
        return
    try:
        read_issuer_keys(data)
    except ValueError as error:
        yield Problem(place, f"{path!r} holds no public keys of an issuer: {error}")


def _app(place: str, app: schema.App, known: set[str]) -> Iterator[Problem]:
    if app.token_version not in (1, 2):
        yield Problem(f"{place}.token_version", f"{app.token_version} must be 1 or 2")
    for number, uri in enumerate(app.redirect_uris):
        if not is_redirect_uri(uri):
            yield Problem(f"{place}.redirect_uris[{number}]", f"{uri!r} must be an https URI, or http on this machine")
    names: set[str] = set()
    for number, one in enumerate(app.federated_credentials):
        at = f"{place}.federated_credentials[{number}]"
        if not _NAME.fullmatch(one.name) or one.name.lower() in names or number >= _MOST_CREDENTIALS:
            yield Problem(f"{at}.name", f"{one.name!r} must be 3 to 120 letters, digits, '-' and '_', and the only one")
        names.add(one.name.lower())
        if one.issuer not in known and not _OURS.fullmatch(one.issuer):
            yield Problem(f"{at}.issuer", f"{one.issuer!r} is neither in [[issuers]] nor a tenant's v2.0 issuer")
        if not one.subject or len(one.audiences) != 1:
            yield Problem(at, "needs a subject and exactly one audience")
