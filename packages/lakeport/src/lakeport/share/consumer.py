"""The receiving side: what is there, and what to change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport.access import roles
from lakeport.errors import Conflict, LakeportError, Revoked
from lakeport.share import resources, schedules, senders
from lakeport.share.provider import account_steps, role_steps
from lakeport.share.resources import (
    Account,
    ConsumerInvitation,
    Mapping,
    Setting,
    SourceDataSet,
    Subscription,
    Trigger,
)
from lakeport.share.steps import Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Table

    from lakeport.access.roles import Assignment, Roles, Store
    from lakeport.share.control import Control
    from lakeport.share.desired import Consumer
    from lakeport.share.resources import Document
    from lakeport.types import TenantId

TRIGGER = "follow"
"""The name of the one trigger that we make in a subscription."""


@dataclass(frozen=True)
class Received:
    """A received share with all that hangs on it."""

    subscription: Subscription
    offered: tuple[SourceDataSet, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    schedules: tuple[Setting, ...] = ()

    @property
    def unmapped(self) -> tuple[SourceDataSet, ...]:
        """What is offered and goes nowhere yet."""
        mapped = {mapping.data_set_id.lower() for mapping in self.mappings}
        return tuple(source for source in self.offered if source.data_set_id.lower() not in mapped)


@dataclass(frozen=True)
class Observed:
    """What the receiving side is.

    Attributes:
        invitations: Those addressed to the caller that wait for an answer, from anybody.
        received: The received shares that the rules want.
        others: Names of subscriptions that no rule wants.
        origins: The tenants of those who made what is offered and not mapped, as far as they can be placed.
    """

    account: Account | None = None
    invitations: tuple[ConsumerInvitation, ...] = ()
    received: tuple[Received, ...] = ()
    others: tuple[str, ...] = ()
    assignments: Table[Store, list[Assignment] | None] = field(default_factory=dict)
    origins: Table[str, TenantId | None] = field(default_factory=dict)


def observe(wished: Consumer, control: Control, role_book: Roles) -> Observed:
    """Look at the receiving side; sends reads only."""
    found = control.get("account")
    invitations = tuple(
        invitation
        for invitation in (resources.read(ConsumerInvitation, one) for one in control.invitations())
        if invitation.invitation_status in {"", "Pending"}
    )
    if found is None:
        return Observed(None, invitations)
    account = resources.read(Account, found)
    assignments = {store: role_book.of(account.principal_id, store.scope) for store in wished.stores}
    subscriptions = [resources.read(Subscription, one) for one in control.all("subscription")]
    wanted = [one for one in subscriptions if wished.rule_for(one)]
    with ThreadPoolExecutor(8) as pool:
        received = tuple(pool.map(lambda one: look_at(one, control), wanted))
    others = tuple(one.name for one in subscriptions if one not in wanted)
    makers = {source.created_by.lower() for one in received if one.unmapped for source in one.offered}
    return Observed(account, invitations, received, others, assignments, wished.places(makers - {""}))


def look_at(subscription: Subscription, control: Control) -> Received:
    """Look at one received share; the provider's half of a share that is not active cannot be asked."""
    name = subscription.name
    mappings = tuple(resources.read(Mapping, one) for one in control.all("mapping", name))
    triggers = tuple(resources.read(Trigger, one) for one in control.all("trigger", name))
    if subscription.share_subscription_status != "Active":
        return Received(subscription, (), mappings, triggers)
    offered = tuple(resources.read(SourceDataSet, one) for one in control.source_data_sets(name))
    found = tuple(resources.read(Setting, one) for one in control.source_schedules(name))
    return Received(subscription, offered, mappings, triggers, found)


def plan(wished: Consumer, seen: Observed, *, grant: bool) -> Plan:
    """Decide what to change.

    Args:
        wished: What should be.
        seen: What is.
        grant: Missing roles are given; otherwise they are a refusal.

    Returns:
        The steps in an order that works; empty when everything is in step. What an accepted invitation brings can be
        planned only when it has been accepted: `follows` says so.
    """
    account = account_steps(wished.place.account, wished.location, seen.account)
    if seen.account is None:
        return Plan(account.steps, wished.notes, account.refusals, follows="what is offered, when its identity exists")
    needed = dict.fromkeys(wished.stores, roles.CONTRIBUTOR)
    role = role_steps(wished.place.account, seen.account, seen.assignments, needed, grant=grant)
    accepting, notes = _accept(wished, seen)
    each = [received_plan(wished, one, seen.origins) for one in seen.received]
    steps = (*account.steps, *role.steps, *accepting, *(step for one in each for step in one.steps))
    notes = [*wished.notes, *role.notes, *notes, *(note for one in each for note in one.notes)]
    held = tuple(error for one in each for error in one.held)
    follows = "the mappings and triggers of what is accepted: its data sets can be seen only then" if accepting else ""
    return Plan(steps, tuple(notes), account.refusals + role.refusals, held, follows)


def _accept(wished: Consumer, seen: Observed) -> tuple[list[Step], list[str]]:
    taken = {one.subscription.name.lower() for one in seen.received} | {name.lower() for name in seen.others}
    active = {
        _source(one.subscription) for one in seen.received if one.subscription.share_subscription_status == "Active"
    }
    used = {one.subscription.invitation_id.lower() for one in seen.received}
    steps, notes = [], []
    for one in seen.invitations:
        sender = f"share {one.share_name} of {one.provider_tenant_name}"
        if one.invitation_id.lower() in used:
            continue
        if wished.rule_for(one) is None:
            notes.append(f"the invitation to {sender} is not accepted: no accept rule names it")
        elif _source(one) in active:
            notes.append(f"another invitation to {sender} is left open: the share is already received")
        else:
            name = _free_name(one, taken)
            taken.add(name.lower())
            active.add(_source(one))
            properties = {"invitationId": one.invitation_id, "sourceShareLocation": one.location}
            undo = f"lakeport receive destroy {wished.where} --share {name}"
            steps.append(
                Step("create", "subscription", (name,), f"{sender} is offered", undo, {"properties": properties})
            )
    return steps, notes


def _source(one: Subscription | ConsumerInvitation) -> tuple[str, str]:
    return one.provider_tenant_name.lower(), one.share_name.lower()


def _free_name(one: ConsumerInvitation, taken: set[str]) -> str:
    name = one.share_name
    return name if name.lower() not in taken else f"{name}-{one.invitation_id.split('-')[0]}"


def received_plan(wished: Consumer, one: Received, origins: Table[str, TenantId | None]) -> Plan:
    """Decide what to change in one received share."""
    status = one.subscription.share_subscription_status
    if status != "Active":
        return Plan(held=(why_inactive(one.subscription),))
    rule = wished.rule_for(one.subscription)
    doubted = senders.doubt(rule, one.subscription, one.offered, origins) if rule and one.unmapped else None
    if doubted is not None:
        return Plan(tuple(_unmapped(one)), held=(doubted,))
    mapped = [_mapped(wished, one, source) for source in one.offered]
    steps = [*_unmapped(one), *(step for part in mapped for step in part.steps), *_trigger(wished, one)]
    notes = [note for part in mapped for note in part.notes]
    held = tuple(error for part in mapped for error in part.held)
    if wished.follow and not one.schedules:
        notes.append(
            f"share {one.subscription.share_name} has no schedule: snapshots come by lakeport receive sync only"
        )
    return Plan(tuple(steps), tuple(notes), held=held)


def _unmapped(one: Received) -> Iterator[Step]:
    """Mappings of what is no longer offered go first: a new data set may have the old one's name."""
    offered = {source.data_set_id.lower() for source in one.offered}
    for mapping in one.mappings:
        if mapping.data_set_id.lower() not in offered:
            why = "the provider no longer shares this data set"
            yield Step("delete", "mapping", (one.subscription.name, mapping.name), why)


def why_inactive(one: Subscription) -> LakeportError:
    """Return the error that says why a received share brings nothing new."""
    what = f"share {one.share_name} of {one.provider_tenant_name or one.provider_name}"
    hint = "What was received stays; ask the provider to reinstate it"
    if one.share_subscription_status in {"Revoked", "Revoking"}:
        return Revoked(f"{what} was revoked by its provider: no snapshot can start", hint=hint)
    if one.share_subscription_status == "SourceDeleted":
        hint = f"What was received stays; lakeport receive destroy --share {one.name} forgets the share"
        return Revoked(f"{what} was deleted by its provider", hint=hint)
    return LakeportError(f"{what} is {one.share_subscription_status}")


def _mapped(wished: Consumer, one: Received, source: SourceDataSet) -> Plan:
    share = one.subscription.share_name
    rule = next((rule for rule in wished.destinations if rule.fits(share, source)), None)
    what = f"data set {source.data_set_name} of share {share}"
    if rule is None:
        return Plan(notes=(f"{what} is not mapped: no map rule fits it",))
    try:
        body = rule.body(share, source)
    except ValueError as error:
        return Plan(held=(Conflict(f"{what} cannot be mapped: {error}"),))
    offered = {other.data_set_id for other in one.offered}
    existing = [mapping for mapping in one.mappings if mapping.data_set_id.lower() == source.data_set_id.lower()]
    if any(_is_there(body, mapping) for mapping in existing):
        return Plan()
    why = "it goes to another place; a mapping cannot be changed"
    steps = [Step("delete", "mapping", (one.subscription.name, mapping.name), why) for mapping in existing]
    elsewhere = {other.name.lower() for other in one.mappings if other not in existing and other.data_set_id in offered}
    is_free = source.data_set_name.lower() not in elsewhere
    name = source.data_set_name if is_free else f"{source.data_set_name}-{source.data_set_id.split('-')[0]}"
    names = (one.subscription.name, name)
    why = f"the data set goes to {spoken_target(body['properties'])}"
    return Plan((*steps, Step("create", "mapping", names, why, body=body)))


def _is_there(body: Document, mapping: Mapping) -> bool:
    if mapping.kind != body["kind"]:
        return False
    return all(
        str(mapping.properties.get(key, "")).strip("/").lower() == str(value).strip("/").lower()
        for key, value in body["properties"].items()
    )


def spoken_target(properties: Document) -> str:
    """Return a mapping's place as a URL without the cloud's suffix: `STORE: FILE_SYSTEM/PATH`."""
    path = properties.get("folderPath") or properties.get("filePath") or properties.get("prefix") or ""
    root = properties.get("fileSystem") or properties.get("containerName") or ""
    return f"{properties.get('storageAccountName')}: {root}/{path}"


def _trigger(wished: Consumer, one: Received) -> Iterator[Step]:
    if not wished.follow:
        return
    source = one.schedules[0] if one.schedules else None
    is_followed = False
    for trigger in one.triggers:
        names = (one.subscription.name, trigger.name)
        if source is None:
            yield Step("delete", "trigger", names, "the provider has no schedule any more")
        elif trigger.trigger_status == "SourceSynchronizationSettingDeleted":
            yield Step("delete", "trigger", names, "the provider replaced the schedule it followed")
        elif not _follows(trigger, source, wished.mode):
            yield Step(
                "delete", "trigger", names, "it differs from the provider's schedule; a trigger cannot be changed"
            )
        elif trigger.provisioning_state == "Creating":
            is_followed = True
            yield Step("wait", "trigger", names, "it is still being created")
        else:
            is_followed = True
    if source is not None and not is_followed:
        properties = {
            "recurrenceInterval": source.recurrence_interval,
            "synchronizationTime": source.synchronization_time,
            "synchronizationMode": wished.mode,
        }
        spoken = schedules.spoken(source.recurrence_interval, source.synchronization_time)
        body: Document = {"kind": "ScheduleBased", "properties": properties}
        yield Step(
            "create", "trigger", (one.subscription.name, TRIGGER), f"the provider's schedule is {spoken}", body=body
        )


def _follows(trigger: Trigger, source: Setting, mode: str) -> bool:
    same_time = schedules.parse_instant(trigger.synchronization_time) == schedules.parse_instant(
        source.synchronization_time
    )
    same_mode = trigger.synchronization_mode in {"", mode}
    return trigger.recurrence_interval == source.recurrence_interval and same_time and same_mode
