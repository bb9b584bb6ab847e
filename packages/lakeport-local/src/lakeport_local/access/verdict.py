"""What is asked for, on what, and what was decided, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lakeport_local.access.caller import Caller, SharedAccess, SharedKey, Stranger
from lakeport_local.access.grants import Way, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport_local.access.steps import Step


@dataclass(frozen=True, slots=True)
class Action:
    """What is asked for, in Azure's operation names.

    Attributes:
        name: Such as `Microsoft.DataShare/accounts/write`.
        is_data: True when `dataActions` decide, False when `actions` do.
        alternatives: Other names that allow it as well.
        letters: For storage, the signature letters of which any one allows it; empty when none does.
    """

    name: str
    is_data: bool = False
    alternatives: tuple[str, ...] = ()
    letters: str = ""


class Target(Struct, frozen=True, gc=False):
    """On what: a scope of the control plane, down to a container for data.

    Attributes:
        scope: Resource id, such as `/subscriptions/S/resourceGroups/G/...`; `/` is the tenant's root.
        tenant_id: The tenant that owns it.
        path: For data, the path inside the container, for the reasons; None otherwise.
        steps: For data, gives what access control lists must grant when no role allows; None when lists cannot.
    """

    scope: str
    tenant_id: str
    path: str | None = None
    steps: Callable[[], Iterable[Step]] | None = None


class Decision(Struct, frozen=True, gc=False):
    """Allowed or refused, and why.

    Attributes:
        allowed: The answer.
        caller: Who asked.
        action: What for.
        target: On what.
        reasons: Sentences, in the order of the checks.
        ways: For a refusal, what would have let it pass: any of them; none when nothing would.
    """

    allowed: bool
    caller: Caller
    action: Action
    target: Target
    reasons: tuple[str, ...]
    ways: tuple[Way, ...] = ()

    @property
    def smallest_grant(self) -> str:
        """The ways in words; empty when there is none."""
        return in_words(self.ways)

    def as_dict(self) -> dict[str, Any]:  # Any: a JSON object
        """Return the decision as a JSON object."""
        return {
            "allowed": self.allowed,
            "caller": _described(self.caller),
            "action": self.action.name,
            "scope": self.target.scope,
            "path": self.target.path,
            "reasons": list(self.reasons),
            "smallest_grant": self.smallest_grant,
            "grants": [[grant.as_dict() for grant in way] for way in self.ways],
        }


def _described(caller: Caller) -> dict[str, object]:
    match caller:
        case SharedKey():
            return {"shared_key_of": caller.account_id}
        case Stranger():
            return {"address": caller.address}
        case SharedAccess():
            signer = {} if caller.signer is None else {"signer": _described(caller.signer)}
            return {"shared_access_to": caller.account_id, "permits": "".join(sorted(caller.letters)), **signer}
    return {
        "tenant_id": caller.tenant_id,
        "object_id": caller.object_id,
        "client_id": caller.client_id,
        "name": caller.name,
    }
