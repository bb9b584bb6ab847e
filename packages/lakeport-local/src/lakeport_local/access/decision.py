"""The decision itself: pure over the caller, the action, the target and the role assignments in force."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lakeport_local.access.caller import Caller, Principal, SharedAccess, SharedKey, Stranger
from lakeport_local.access.grants import Grant, Way, together
from lakeport_local.access.network import refused_address
from lakeport_local.access.policies import is_permitted
from lakeport_local.access.roles import Assignments, RoleAssignment
from lakeport_local.access.steps import follow
from lakeport_local.access.verdict import Action, Decision, Target
from lakeport_local.core import ShiftableClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakeport_local.access.log import DecisionLog
    from lakeport_local.access.steps import Step
    from lakeport_local.core import Clock
    from lakeport_local.state import Resource, Resources

_BY_KEY = ("the account's key opens all of its data",)


_SUPERUSER = Action(
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/runAsSuperUser/action", is_data=True
)


class Access:
    """Decides, with the role assignments of one store, and logs what it decided.

    Args:
        resources: Where role assignments and custom roles live.
        log: Where decisions go.
        clock: When a role that arrives late holds.

    Attributes:
        role_delay: How long a new role assignment takes to hold; none unless an operator says so.
    """

    def __init__(self, resources: Resources, log: DecisionLog, clock: Clock | None = None) -> None:
        self._assignments = Assignments(resources, clock or ShiftableClock())
        self._log = log
        self.role_delay = timedelta()

    def decide(self, caller: Caller, action: Action, target: Target, *, request_id: str = "") -> Decision:
        """Allow or refuse.

        Args:
            caller: Who asks.
            action: What for.
            target: On what.
            request_id: The request to log the decision under; empty for a question that no request asked.

        Returns:
            The decision, already logged.

        Source: identity.md 4.4 (role assignments), storage.md 5.1 (order of the checks on data).
        """
        # What is remembered must not hold on to the request that the steps come from.
        asked = target if target.steps is None else Target(target.scope, target.tenant_id, target.path)
        if isinstance(caller, SharedKey):
            decision = Decision(True, caller, action, asked, _BY_KEY)
        else:
            decision = self._decide(caller, action, target)
            if asked is not target:
                decision = replace(decision, target=asked)
        if request_id:
            self._log.add(request_id, decision)
        return decision

    def admit(self, client: str, account: Resource, *, request_id: str = "") -> Decision:
        """Allow or refuse a peer by the network rules of a storage account or a vault, before anybody asks who it is."""
        reason = refused_address(client, account.properties)
        target = Target(account.id, str(account.internal.get("tenant_id", "")))
        action = Action(f"{account.type}/connect")
        if reason is None:
            return Decision(True, Stranger(client), action, target, ("the network rules let this address in",))
        decision = Decision(
            False,
            Stranger(client),
            action,
            target,
            (reason,),
            _ways_in(client, account),
        )
        if request_id:
            self._log.add(request_id, decision)
        return decision

    def note_refusal(
        self, client: str, account: Resource, reason: str, ways: tuple[Way, ...], *, request_id: str
    ) -> None:
        """Log that a request was refused before anybody knew who it is from, and what to change."""
        target = Target(account.id, str(account.internal.get("tenant_id", "")))
        action = Action(f"{account.type}/authenticate")
        self._log.add(request_id, Decision(False, Stranger(client), action, target, (reason,), ways))

    def decide_by_policies(
        self, caller: Principal, kind: str, permission: str, vault: Resource, *, request_id: str = ""
    ) -> Decision:
        """Allow or refuse by a key vault's own access policies, where the vault goes by them instead of by roles."""
        target = Target(vault.id, str(vault.properties.get("tenantId", "")).lower())
        is_at_home = caller.tenant_id == target.tenant_id
        allowed = is_at_home and is_permitted(caller, kind, permission, vault.properties.get("accessPolicies") or ())
        reason = f"{'an' if allowed else 'no'} access policy of {vault.name} permits {kind}/{permission}"
        policy = Grant("policy", f"{kind}/{permission}", vault.name, caller.object_id)
        ways = () if allowed or not is_at_home else ((policy,),)
        decision = Decision(allowed, caller, Action(f"{kind}/{permission}", is_data=True), target, (reason,), ways)
        if request_id:
            self._log.add(request_id, decision)
        return decision

    def _decide(self, caller: Caller, action: Action, target: Target) -> Decision:
        match caller:
            case SharedKey():
                return Decision(True, caller, action, target, _BY_KEY)
            case SharedAccess():
                return self._decide_signature(caller, action, target)
            case Stranger():
                return Decision(False, caller, action, target, ("nobody signed in",))
        if caller.tenant_id != target.tenant_id:
            reason = f"the token is of tenant {caller.tenant_id}, the target belongs to tenant {target.tenant_id}"
            return Decision(False, caller, action, target, (reason,))
        for assignment in self._assignments.of(caller):
            if assignment.covers(target.scope) and _grants(assignment, action):
                reason = f"{assignment.role.name} at {assignment.scope or '/'} grants {action.name}"
                return Decision(True, caller, action, target, (reason,))
        refused = self._refuse(caller, action, target)
        return refused if target.steps is None else _decide_lists(refused, caller, target.steps())

    def _decide_signature(self, caller: SharedAccess, action: Action, target: Target) -> Decision:
        """Decide by a signature's letters, then its signer, then the lists of whom it is for: all must allow."""
        parts = [_decide_letters(caller, action, target)]
        if caller.signer is not None:
            parts += self._decide_signer(caller, caller.signer, action, target)
        if caller.subject is not None and target.steps is not None:
            parts.append(_decide_lists(Decision(True, caller, action, target, ()), caller.subject, target.steps()))
        refused = [part for part in parts if not part.allowed]
        reasons = tuple(reason for part in parts for reason in part.reasons)
        return Decision(not refused, caller, action, target, reasons, together(part.ways for part in refused))

    def _decide_signer(
        self, caller: SharedAccess, signer: Principal, action: Action, target: Target
    ) -> Iterator[Decision]:
        """Yield whether a signer may do it, and may name another owner where the signature does (`saoid`)."""
        found = self._decide(signer, action, target)
        yield replace(found, reasons=tuple(f"its signer: {reason}" for reason in found.reasons))
        if not (caller.owner and caller.subject is None):
            return
        acting = self._decide(signer, _SUPERUSER, replace(target, steps=None))
        if not acting.allowed:
            yield replace(acting, reasons=("its signer may not act for another owner (saoid)",))

    def _refuse(self, caller: Principal, action: Action, target: Target) -> Decision:
        held = [
            f"{held.role.name} at {held.scope or '/'} does not grant {action.name} on {target.scope}"
            for held in self._assignments.of(caller)
        ]
        role = self._assignments.least_role(action)
        ways = ((Grant("role", role.name, target.scope, caller.object_id),),) if role else ()
        return Decision(False, caller, action, target, tuple(held) or ("no role assignment reaches this caller",), ways)

    def assignments_of(self, caller: Caller) -> list[RoleAssignment]:
        """Return the role assignments that reach a principal, by itself or by its groups."""
        return self._assignments.of(caller) if isinstance(caller, Principal) else []


def _ways_in(client: str, account: Resource) -> tuple[Way, ...]:
    """Return what lets an address in: a rule for it, and an open door where that is closed."""
    rule = Grant("address", client, account.name)
    if str(account.properties.get("publicNetworkAccess") or "Enabled").lower() == "enabled":
        return ((rule,),)
    door = Grant("setting", f"publicNetworkAccess of {account.name} set to Enabled", account.id)
    reason = refused_address(client, {**account.properties, "publicNetworkAccess": "Enabled"})
    return ((door,) if reason is None else (door, rule),)


def _grants(assignment: RoleAssignment, action: Action) -> bool:
    names = (action.name, *action.alternatives)
    return any(assignment.role.grants(name, is_data=action.is_data) for name in names)


def _decide_letters(caller: SharedAccess, action: Action, target: Target) -> Decision:
    held = "".join(sorted(caller.letters))
    if caller.letters & set(action.letters):
        return Decision(True, caller, action, target, (f"the signature permits {held!r}",))
    reason = f"the signature permits {held!r}, {action.name} needs one of {action.letters!r}"
    ways = ((Grant("letters", action.letters),),) if action.letters else ()
    return Decision(False, caller, action, target, (reason,), ways)


def _decide_lists(so_far: Decision, principal: Principal, steps: Iterable[Step]) -> Decision:
    """Go on with the access control lists along the path; all must grant."""
    found = follow(steps, principal)
    reasons = so_far.reasons + found.reasons
    ways = () if found.allowed else so_far.ways if found.way is None else (found.way, *so_far.ways)
    return replace(so_far, allowed=found.allowed, reasons=reasons, ways=ways)
