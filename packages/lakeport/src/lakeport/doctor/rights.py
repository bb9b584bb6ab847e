"""The data roles that a principal has on an account, and how fresh they are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.access.accounts import account_id
from lakeport.access.roles import DATA_ROLES, Roles
from lakeport.doctor.findings import Finding
from lakeport.errors import Forbidden, LakeportError
from lakeport.identity.caller import caller
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.access.roles import Assignment
    from lakeport.doctor.findings import Case

FRESH = timedelta(minutes=10)
"""For how long a new role may not count everywhere. Source: identity.md 4.4 ("Real propagation")."""


def roles(case: Case) -> Iterator[Finding]:
    """List the data roles that reach the account."""
    if KINDS[case.profile.credential].opens_storage_only:
        yield Finding("roles", "fine", "none are needed: a key or SAS says itself what it allows")
        return
    try:
        found = list(_assignments(case))
    except LakeportError as error:
        hint = "Ask somebody who reads the subscription, or give Reader on the account"
        yield Finding("roles", "note", f"cannot be listed: {error.message}", error.hint or hint, error.code)
        return
    yield judged(found, case)


def judged(found: list[Assignment], case: Case) -> Finding:
    """Say what a principal's data roles mean."""
    if not found:
        hint = (
            "Lists of the paths decide alone. For all of it: az role assignment create --role "
            f"'Storage Blob Data Reader' --assignee OBJECT_ID --scope .../storageAccounts/{case.account}"
        )
        return Finding("roles", "note", f"{case.who} has no data role on {case.account}", hint)
    named = ", ".join(sorted({f"{DATA_ROLES[one.role_id][0]} (at {one.scope.rsplit('/', 1)[-1]})" for one in found}))
    newest = max((one.made_at for one in found if one.made_at is not None), default=None)
    if newest is not None and case.clock.now() - newest < FRESH:
        minutes = int((case.clock.now() - newest).total_seconds() // 60)
        said = f"{named}; the newest was given {minutes} minutes ago and may not count yet"
        return Finding("roles", "note", said, "Next: lakeport doctor --wait 600", may_pass=True)
    return Finding("roles", "fine", named)


def _assignments(case: Case) -> Iterator[Assignment]:
    profile = case.profile
    opens = identity.credential(profile)
    who = caller(opens, profile)
    found = Roles(profile, opens).of_caller(who.object_id, account_id(profile, case.account))
    if found is None:
        raise Forbidden(f"{case.who} may not read role assignments")
    return (one for one in found if one.role_id in DATA_ROLES)
