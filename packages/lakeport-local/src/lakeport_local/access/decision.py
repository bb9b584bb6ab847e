"""The decision itself: pure over the caller, the action, the target and the role assignments in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport_local.access.caller import Caller, SharedKey
from lakeport_local.access.roles import Assignments, RoleAssignment

if TYPE_CHECKING:
    from lakeport_local.access.log import DecisionLog
    from lakeport_local.state import Resources


@dataclass(frozen=True, slots=True)
class Action:
    """What is asked for, in Azure's operation names.

    Attributes:
        name: Such as `Microsoft.DataShare/accounts/write`.
        is_data: True when `dataActions` decide, False when `actions` do.
    """

    name: str
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """On what: a scope of the control plane, down to a container for data.

    Attributes:
        scope: Resource id, such as `/subscriptions/S/resourceGroups/G/...`; `/` is the tenant's root.
        tenant_id: The tenant that owns it.
        path: For data, the path inside the container, for the reasons; None otherwise.
    """

    scope: str
    tenant_id: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or refused, and why.

    Attributes:
        allowed: The answer.
        caller: Who asked.
        action: What for.
        target: On what.
        reasons: Sentences, in the order of the checks.
        smallest_grant: For a refusal, the least that would have let it pass; empty when nothing would.
    """

    allowed: bool
    caller: Caller
    action: Action
    target: Target
    reasons: tuple[str, ...]
    smallest_grant: str = ""

    def as_dict(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the decision as a JSON object."""
        who = (
            {"shared_key_of": self.caller.account_id}
            if isinstance(self.caller, SharedKey)
            else {
                "tenant_id": self.caller.tenant_id,
                "object_id": self.caller.object_id,
                "client_id": self.caller.client_id,
                "name": self.caller.name,
            }
        )
        return {
            "allowed": self.allowed,
            "caller": who,
            "action": self.action.name,
            "scope": self.target.scope,
            "path": self.target.path,
            "reasons": list(self.reasons),
            "smallest_grant": self.smallest_grant,
        }


class Access:
    """Decides, with the role assignments of one store, and logs what it decided.

    Args:
        resources: Where role assignments and custom roles live.
        log: Where decisions go.
    """

    def __init__(self, resources: Resources, log: DecisionLog) -> None:
        self._assignments = Assignments(resources)
        self._log = log

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
        decision = self._decide(caller, action, target)
        if request_id:
            self._log.add(request_id, decision)
        return decision

    def _decide(self, caller: Caller, action: Action, target: Target) -> Decision:
        if isinstance(caller, SharedKey):
            return Decision(True, caller, action, target, ("the account's key opens all of its data",))
        if caller.tenant_id != target.tenant_id:
            reason = f"the token is of tenant {caller.tenant_id}, the target belongs to tenant {target.tenant_id}"
            return Decision(False, caller, action, target, (reason,))
        for assignment in self._assignments.of(caller):
            if assignment.covers(target.scope) and assignment.role.grants(action.name, is_data=action.is_data):
                reason = f"{assignment.role.name} at {assignment.scope or '/'} grants {action.name}"
                return Decision(True, caller, action, target, (reason,))
        return self._refuse(caller, action, target)

    def _refuse(self, caller: Caller, action: Action, target: Target) -> Decision:
        held = [
            f"{held.role.name} at {held.scope or '/'} does not grant {action.name} on {target.scope}"
            for held in self._assignments.of(caller)  # type: ignore[arg-type]  # a principal: keys are never refused
        ]
        role = self._assignments.least_role(action)
        grant = f"role '{role.name}' at {target.scope}" if role else ""
        return Decision(
            False, caller, action, target, tuple(held) or ("no role assignment reaches this caller",), grant
        )

    def assignments_of(self, caller: Caller) -> list[RoleAssignment]:
        """Return the role assignments that reach a principal, by itself or by its groups."""
        return [] if isinstance(caller, SharedKey) else self._assignments.of(caller)
