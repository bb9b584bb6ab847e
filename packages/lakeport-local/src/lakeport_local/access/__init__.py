"""The only place where a request is allowed or refused.

`Access.decide` takes who asks (`Caller`), what for (`Action`) and on what (`Target`), and gives a `Decision` that
carries its reasons. Knows no HTTP and no service's error codes: the service turns a refusal into its own answer.
"""

from __future__ import annotations

from lakeport_local.access.caller import Caller, Principal, SharedAccess, SharedKey, Stranger
from lakeport_local.access.decision import Access
from lakeport_local.access.log import DecisionLog
from lakeport_local.access.network import lets_resource_in
from lakeport_local.access.roles import BUILT_IN_ROLES, Role, RoleAssignment
from lakeport_local.access.steps import Step
from lakeport_local.access.verdict import Action, Decision, Target

__all__ = [
    "BUILT_IN_ROLES",
    "Access",
    "Action",
    "Caller",
    "Decision",
    "DecisionLog",
    "Principal",
    "Role",
    "RoleAssignment",
    "SharedAccess",
    "SharedKey",
    "Step",
    "Stranger",
    "Target",
    "lets_resource_in",
]
