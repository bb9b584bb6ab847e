"""Signing in: a token for storage, and whom it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.doctor.findings import Finding
from lakeport.errors import LakeportError
from lakeport.identity.caller import caller
from lakeport.identity.storage_key import end_of
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case

STORAGE = "https://storage.azure.com/.default"


def token(case: Case) -> Iterator[Finding]:
    """Ask for a token; or read the key or SAS that takes its place."""
    kind = KINDS[case.profile.credential]
    try:
        if kind.opens_storage_only:
            yield _key(case)
            return
        identity.credential(case.profile).get_token(STORAGE)
        who = caller(identity.credential(case.profile), case.profile)
    except LakeportError as error:
        yield Finding("sign-in", "problem", error.message, error.hint, error.code, ends=True)
        return
    said = f"signs in by {kind.name} to tenant {who.tenant_id} as object {who.object_id}"
    yield Finding("sign-in", "fine", said + (f" (client {who.client_id})" if who.client_id else ""))


def _key(case: Case) -> Finding:
    found = identity.storage_credential(case.profile, case.account, case.clock)
    signature = getattr(found, "signature", "")
    end = end_of(signature) if signature else None
    if end is not None and end <= case.clock.now():
        return Finding("sign-in", "problem", f"the SAS ended at {end:%Y-%m-%d %H:%M}Z", "Make a new one", ends=True)
    until = f", good until {end:%Y-%m-%d %H:%M}Z" if end else ""
    return Finding("sign-in", "fine", f"has {KINDS[case.profile.credential].meaning}{until}")
