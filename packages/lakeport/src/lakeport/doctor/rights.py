"""The data roles that a principal has on an account, and how fresh they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lakeport import identity
from lakeport.doctor.findings import Finding
from lakeport.errors import LakeportError
from lakeport.identity import asking
from lakeport.identity.caller import caller
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case

FRESH = timedelta(minutes=10)
"""For how long a new role may not count everywhere. Source: identity.md 4.4 ("Real propagation")."""
DATA_ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
}
ASSIGNMENTS = "2022-04-01"
ACCOUNTS = "2023-01-01"


@dataclass(frozen=True)
class Assignment:
    """A data role given to a principal or to a group of theirs."""

    role: str
    scope: str
    made_at: datetime


def roles(case: Case) -> Iterator[Finding]:
    """List the data roles that reach the account."""
    if KINDS[case.profile.credential].opens_storage_only:
        yield Finding("roles", "fine", "none are needed: a key or SAS says itself what it allows")
        return
    if not case.profile.subscription_id:
        yield Finding("roles", "note", "cannot be listed: the profile names no subscription", "Set subscription_id")
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
    named = ", ".join(sorted({f"{one.role} (at {one.scope.rsplit('/', 1)[-1]})" for one in found}))
    newest = max(one.made_at for one in found)
    if case.clock.now() - newest < FRESH:
        minutes = int((case.clock.now() - newest).total_seconds() // 60)
        said = f"{named}; the newest was given {minutes} minutes ago and may not count yet"
        return Finding("roles", "note", said, "Next: lakeport doctor --wait 600", may_pass=True)
    return Finding("roles", "fine", named)


def _assignments(case: Case) -> Iterator[Assignment]:
    profile = case.profile
    opens = identity.credential(profile)
    who = caller(opens, profile)
    query = f"api-version={ASSIGNMENTS}&$filter={quote(f'assignedTo({chr(39)}{who.object_id}{chr(39)})')}"
    account = _account_id(case)
    for one in _listed(case, f"{account}/providers/Microsoft.Authorization/roleAssignments?{query}"):
        properties = one["properties"]
        role = DATA_ROLES.get(str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower())
        if role:
            made_at = datetime.fromisoformat(str(properties["createdOn"])[:19] + "+00:00")
            yield Assignment(role, str(properties["scope"]), made_at)


def _account_id(case: Case) -> str:
    url = f"/subscriptions/{case.profile.subscription_id}/providers/Microsoft.Storage/storageAccounts?api-version={ACCOUNTS}"
    found = [str(one["id"]) for one in _listed(case, url) if one["name"] == case.account]
    if not found:
        raise LakeportError(f"subscription {case.profile.subscription_id} shows no storage account {case.account}")
    return found[0]


def _listed(case: Case, path: str) -> Iterator[dict[str, Any]]:  # Any: JSON
    cloud = case.profile.cloud
    url: str | None = f"{cloud.control_plane}{path}"
    while url:
        answer = asking.get(cloud, url, identity.credential(case.profile), cloud.control_scope)
        body = answer.json()
        if answer.status_code != 200:
            error = body.get("error", {})
            raise LakeportError(str(error.get("message", answer.status_code)), code=str(error.get("code", "")))
        yield from body.get("value", [])
        url = body.get("nextLink")
