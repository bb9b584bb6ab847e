"""The providing side: what is there, and what to change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport.access import roles
from lakeport.errors import Conflict, LakeportError, NotFound
from lakeport.share import invitations, resources, schedules
from lakeport.share.resources import Account, DataSet, Invitation, Setting, Share, Subscriber
from lakeport.share.steps import Grant, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lakeport.access.roles import Assignment, Role, Store
    from lakeport.share.desired import Provider, WishedDataSet
    from lakeport.share.glance import Looking, RoleBook
    from lakeport.share.resources import Document

SCHEDULE = "schedule"
"""The name of the one schedule of a share that we make."""


@dataclass(frozen=True)
class Observed:
    """What the providing side is.

    Attributes:
        assignments: The roles of the account's identity by store; `None` where they may not be read.
        asked_subscribers: Whether `subscribers` are all there are; otherwise nobody asked for them.
    """

    account: Account | None = None
    share: Share | None = None
    data_sets: tuple[DataSet, ...] = ()
    schedules: tuple[Setting, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    assignments: Mapping[Store, list[Assignment] | None] = field(default_factory=dict)
    asked_subscribers: bool = True


def observe(wished: Provider, control: Looking, role_book: RoleBook, *, with_subscribers: bool = True) -> Observed:
    """Look at the providing side; sends reads only. Subscribers are asked for wherever a step may depend on them."""
    found = control.get("account")
    if found is None:
        return Observed()
    account = resources.read(Account, found)
    stores = dict.fromkeys(one.store for one in wished.data_sets if one.store is not None)
    assignments = {store: role_book.of(account.principal_id, store.scope) for store in stores}
    share = control.get("share", wished.share)
    if share is None:
        return Observed(account, assignments=assignments)
    is_asked = with_subscribers or any(one.expires_at or one.again for one in wished.invitees)
    subscribers = control.all("subscriber", wished.share) if is_asked else []
    return Observed(
        account,
        resources.read(Share, share),
        tuple(resources.read(DataSet, one) for one in control.all("data set", wished.share)),
        tuple(resources.read(Setting, one) for one in control.all("schedule", wished.share)),
        tuple(resources.read(Invitation, one) for one in control.all("invitation", wished.share)),
        tuple(resources.read(Subscriber, one) for one in subscribers),
        assignments,
        is_asked,
    )


def plan(wished: Provider, seen: Observed, now: datetime, *, grant: bool) -> Plan:
    """Decide what to change.

    Args:
        wished: What should be.
        seen: What is.
        now: The instant new schedules start after.
        grant: Missing roles are given; otherwise they are a refusal.

    Returns:
        The steps in an order that works; empty when everything is in step.
    """
    account = account_steps(wished.place.account, wished.location, seen.account)
    rest = [
        *_share(wished, seen),
        *_data_sets(wished, seen),
        *_schedule(wished, seen, now),
        *invitations.steps(wished, seen),
    ]
    if seen.account is None:
        follows = "; ".join(f"{step.verb} {step.title}" for step in rest)
        return Plan(account.steps, wished.notes, account.refusals, follows=f"when its identity exists: {follows}")
    needed = {one.store: roles.READER for one in wished.data_sets if one.store is not None}
    role = role_steps(wished.place.account, seen.account, seen.assignments, needed, grant=grant)
    notes = (*wished.notes, *role.notes, *_notes(wished, seen))
    return Plan((*account.steps, *role.steps, *rest), notes, account.refusals + role.refusals)


def account_steps(name: str, location: str, account: Account | None) -> Plan:
    """Decide about a data share account: make it, wait for it, or refuse."""
    if account is None and not location:
        hint = f"Give location: in the file to have it made, or: az datashare account create --name {name}"
        return Plan(refusals=(NotFound(f"there is no data share account {name!r}", hint=hint),))
    if account is None:
        body = {"location": location, "identity": {"type": "SystemAssigned"}}
        return Plan((Step("create", "account", (), f"there is no data share account {name}", body=body),))
    if location and account.location and plain_location(location) != plain_location(account.location):
        said = f"the data share account {name!r} lies in {account.location}, and the file says {location}"
        hint = f"An account cannot move: write location: {account.location}, or name another account"
        return Plan(refusals=(Conflict(said, hint=hint),))
    if account.provisioning_state == "Creating":
        return Plan((Step("wait", "account", (), f"the data share account {name} is still being created"),))
    if account.provisioning_state != "Succeeded":
        return Plan(refusals=(LakeportError(f"the data share account {name!r} is {account.provisioning_state}"),))
    return Plan()


def plain_location(location: str) -> str:
    """Return a region's name as the service compares it.

    Example:
        >>> plain_location("West Europe")
        'westeurope'
    """
    return location.lower().replace(" ", "")


def role_steps(
    name: str,
    account: Account,
    assignments: Mapping[Store, list[Assignment] | None],
    needed: Mapping[Store, Role],
    *,
    grant: bool,
) -> Plan:
    """Decide about the storage roles of a share account's identity."""
    steps: list[Step] = []
    notes: list[str] = []
    refusals: list[LakeportError] = []
    for store, role in needed.items():
        state = roles.has(role, store, assignments.get(store))
        if state is None:
            notes.append(f"could not check that the identity of {name} has {role.name} on storage account {store.name}")
        elif not state and grant:
            undo = f"az role assignment delete --assignee {account.principal_id} --role {role.id} --scope {store.scope}"
            why = f"the identity of {name} needs it and has no such role"
            steps.append(Step("grant", "role", (), why, undo, grant=Grant(role, account.principal_id, store)))
        elif not state:
            refusals.append(roles.missing(role, account.principal_id, store, name))
    return Plan(tuple(steps), tuple(notes), tuple(refusals))


def _share(wished: Provider, seen: Observed) -> Iterator[Step]:
    kept = seen.share or Share()
    description, terms = wished.description or kept.description, wished.terms or kept.terms
    properties = {"shareKind": kept.share_kind, "description": description, "terms": terms}
    body: Document = {"properties": {key: value for key, value in properties.items() if value}}
    undo = f"lakeport share destroy {wished.where}"
    if seen.share is None:
        yield Step("create", "share", (wished.share,), "it does not exist", undo, body)
    elif (description, terms) != (kept.description, kept.terms):
        yield Step("update", "share", (wished.share,), "its description or terms differ", "", body)


def _data_sets(wished: Provider, seen: Observed) -> Iterator[Step]:
    present = {one.name.lower(): one for one in seen.data_sets}
    for one in wished.data_sets:
        names = (wished.share, one.name)
        existing = present.get(one.name.lower())
        body: Document = {"kind": one.kind, "properties": one.properties}
        if existing is None:
            yield Step("create", "data set", names, "the share does not have it", body=body)
        elif not _is_same(one, existing):
            yield Step("delete", "data set", names, "it names another place; a data set cannot be changed")
            yield Step("create", "data set", names, "it names the wished place", body=body)


def _is_same(wished: WishedDataSet, existing: DataSet) -> bool:
    if wished.kind != existing.kind:
        return False
    return all(_folded(existing.properties.get(key)) == _folded(value) for key, value in wished.properties.items())


def _folded(value: object) -> object:
    return value.strip("/").lower() if isinstance(value, str) else value


def _schedule(wished: Provider, seen: Observed, now: datetime) -> Iterator[Step]:
    if wished.schedule is None:
        return
    for one in seen.schedules:
        names = (wished.share, one.name)
        if isinstance(wished.schedule, str):
            yield Step("delete", "schedule", names, "the file wants no schedule")
        elif not schedules.is_met(wished.schedule, one.recurrence_interval, one.synchronization_time):
            spoken = schedules.spoken(one.recurrence_interval, one.synchronization_time)
            yield Step("delete", "schedule", names, f"it is {spoken}; a schedule cannot be changed")
        else:
            return
    if not isinstance(wished.schedule, str):
        properties = schedules.properties(wished.schedule, now)
        body: Document = {"kind": "ScheduleBased", "properties": properties}
        spoken = schedules.spoken(*properties.values())
        yield Step("create", "schedule", (wished.share, SCHEDULE), f"the file wants {spoken}", body=body)


def _notes(wished: Provider, seen: Observed) -> Iterator[str]:
    names = {one.name.lower() for one in wished.data_sets}
    for one in seen.data_sets:
        if one.name.lower() not in names:
            yield f"data set {one.name} is shared and not in the file; it is left as it is"
    yield from invitations.notes(wished, seen)
    for subscriber in seen.subscribers:
        if subscriber.share_subscription_status == "Revoked":
            tenant = subscriber.consumer_tenant_name
            undo = f"lakeport share reinstate {wished.where} --to {tenant}"
            yield f"{tenant}'s subscription is revoked; {undo} gives it back"
