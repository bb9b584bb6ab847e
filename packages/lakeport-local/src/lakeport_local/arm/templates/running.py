"""Running a plan: one ordinary PUT a resource through the control plane's table, with the rights of who deploys.

A deployment is a document; how far it is stands in its `internal.steps`. It goes on whenever somebody looks (`Deployments.go_on`): nothing
has to fire, and a restart loses nothing. Source: Azure Resource Manager, "Deployments - Create Or Update", "Deployment Operations".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.arm.templates.documents import evaluator, outputs
from lakeport_local.arm.templates.planning import DEPLOYMENTS, Plan, Planned, plan
from lakeport_local.arm.templates.refusals import ExpressionRefused, language
from lakeport_local.core import ServiceError, iso_instant

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.access import Principal
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.arm.table import Document
    from lakeport_local.arm.templates.functions import Value
    from lakeport_local.core import Request
    from lakeport_local.state import Resource

FINAL = frozenset({"succeeded", "failed", "canceled"})
_STEPS_A_LOOK = 100
_BLOCKED = "Blocked"


class Deployments:
    """The deployments under way.

    Args:
        plane: The control plane that they run through.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._running: set[str] | None = None

    def go_on(self, request: Request) -> None:
        """Go on with every deployment under way, as far as it comes by now; in a transaction of its own."""
        if self._running is None:
            found = self._plane.resources.under("", DEPLOYMENTS)
            self._running = {one.id for one in found if is_running(one)}
        for deployment_id in sorted(self._running, key=len, reverse=True):  # the nested ones first
            with self._plane.store.transaction():
                found_one = self._plane.resources.get(deployment_id)
                if found_one is not None and is_running(found_one):
                    found_one = self._plane.resources.put(self._further(found_one, request))
            if found_one is None or not is_running(found_one):
                self._running.discard(deployment_id)

    def _further(self, deployment: Resource, request: Request) -> Resource:
        """Return a deployment after its next steps; one whose surroundings changed under it has failed."""
        try:
            return self.advanced(deployment, request)
        except ServiceError as refusal:
            return finished(deployment, request.at, error=refusal)

    def begin(self, deployment: Resource, request: Request) -> Resource:
        """Return a new deployment as far as it comes at once."""
        if self._running is not None:
            self._running.add(deployment.id)
        return self.advanced(deployment, request)

    def advanced(self, deployment: Resource, request: Request) -> Resource:
        """Return a deployment after the steps that it can take now."""
        caller = self._caller(deployment)
        if caller is None:
            gone = ServiceError(
                400, "DeploymentFailed", "The principal that started the deployment does not exist any more."
            )
            return finished(deployment, request.at, error=gone)
        return _Run(self._plane, deployment, request, caller).advanced()

    def _caller(self, deployment: Resource) -> Principal | None:
        tenant_id, object_id, client_id = deployment.internal["caller"]
        found = self._plane.directory.principal(tenant_id, object_id)
        return None if found is None else replace(found, client_id=client_id)


def is_running(deployment: Resource) -> bool:
    """Tell whether a deployment has not come to its end."""
    return str(deployment.properties.get("provisioningState", "")).lower() not in FINAL


@dataclass
class _Run:
    """One look at one deployment; what its expressions know of the running world."""

    plane: ControlPlane
    deployment: Resource
    request: Request
    caller: Principal

    def __post_init__(self) -> None:
        self.steps: dict[str, Document] = {key: dict(step) for key, step in self.deployment.internal["steps"].items()}
        self.values = evaluator(self.plane, self.deployment)
        self.plan: Plan = plan(self.deployment.internal["template"], self.values)

    def advanced(self) -> Resource:
        taken = 0
        is_moving = True
        while is_moving and taken < _STEPS_A_LOOK:
            before = {key: step["state"] for key, step in self.steps.items()}
            for key, one in self.plan.resources.items():
                taken += self._step(key, one)
            is_moving = before != {key: step["state"] for key, step in self.steps.items()}
        changed = replace(self.deployment, internal={**self.deployment.internal, "steps": self.steps})
        states = [self.steps.get(key, {"state": "Pending"})["state"] for key in self.plan.resources]
        if any(state in {"Pending", "Running"} for state in states):
            return replace(changed, properties={**changed.properties, "provisioningState": "Running"})
        return self._ended(changed)

    def _step(self, key: str, one: Planned) -> int:
        """Take one resource's next step, if there is one; return how many were taken."""
        step = self.steps.get(key)
        if step is not None:
            if step["state"] == "Running":
                self._look(step, one)
            return 0
        if one.is_existing or not one.is_wanted:
            self.steps[key] = {"state": "Skipped"}
            return 0
        before = [self.steps.get(need, {"state": "Pending"})["state"] for need in self.plan.needs[key]]
        if any(state in {"Failed", "Canceled", _BLOCKED} for state in before):
            self.steps[key] = {"state": _BLOCKED}
        elif all(state in {"Succeeded", "Skipped"} for state in before):
            self._make(key, one)
            return 1
        return 0

    def _make(self, key: str, one: Planned) -> None:
        at = iso_instant(self.request.at)
        step: Document = {"state": "Running", "id": one.id, "type": one.type, "name": one.name, "began": at, "at": at}
        self.steps[key] = step
        try:
            body = self._body(one)
            answer = self.plane.perform(self.caller, self.request, "PUT", one.id, version=one.version, body=body)
            step["status"] = answer.status
            self._look(step, one)
        except ServiceError as refusal:
            self._failed(step, refusal)
        except ExpressionRefused as refused:
            self._failed(step, language(f"{one.type}/{one.name}", str(refused)))

    def _body(self, one: Planned) -> Document:
        """Return the document to PUT; the template of a nested deployment is worked out when that runs, unless it says otherwise."""
        values = one.values.running(self)
        raw = dict(one.document)
        if one.type.lower() != DEPLOYMENTS.lower():
            return dict(values.value(raw))
        raw.pop("resourceGroup", None)
        raw.pop("subscriptionId", None)
        inner = dict(raw.get("properties") or {})
        scope = (inner.pop("expressionEvaluationOptions", None) or {}).get("scope", "outer")
        template = inner.pop("template", None)
        body = dict(values.value({**raw, "properties": inner}))
        body["properties"]["template"] = template if str(scope).lower() == "inner" else values.value(template)
        return body

    def _look(self, step: Document, one: Planned) -> None:
        """Note where a resource that was PUT is by now."""
        shown = self.plane.seen(self.request, self.caller, one.id)
        properties = (shown or {}).get("properties") or {}
        state = str(properties.get("provisioningState") or "Succeeded")
        if state.lower() not in FINAL:
            return
        step["at"] = iso_instant(self.request.at)
        step["state"] = state.capitalize()
        if step["state"] == "Failed":
            error = properties.get("error") or {}
            step["error"] = error or {
                "code": "ResourceDeploymentFailure",
                "message": "The resource write operation failed.",
            }
            step["status"] = 409

    def _failed(self, step: Document, refusal: ServiceError) -> None:
        step |= {
            "state": "Failed",
            "status": refusal.status,
            "error": {"code": refusal.code, "message": refusal.message, **refusal.detail},
        }

    def _ended(self, deployment: Resource) -> Resource:
        errors = [step["error"] for step in self.steps.values() if step["state"] == "Failed"]
        if errors:
            return finished(deployment, self.request.at, error=_failure(errors))
        try:
            if deployment.properties["mode"] == "Complete":
                self._remove_others()
            found = outputs(deployment.internal["template"], self.values.running(self))
        except ServiceError as refusal:
            return finished(deployment, self.request.at, error=refusal)
        made = [{"id": step["id"]} for step in self.steps.values() if step["state"] == "Succeeded"]
        return finished(deployment, self.request.at, outputs=found, made=made)

    def _remove_others(self) -> None:
        """Remove from the group what the template does not have, as complete mode promises, as far as the caller may."""
        kept = {one.id.lower() for one in self.plan.resources.values()}
        for other in self.plane.tracked_in(self.values.facts.scope):
            if other.key not in kept:
                self.plane.perform(
                    self.caller, self.request, "DELETE", other.id, version=self.plane.version_of(other.type)
                )

    def read(self, name: str, version: str | None, *, is_full: bool) -> Value:
        """Return a resource's properties, or all of it."""
        if name.endswith("[*]"):
            return [self.read(one.symbol, version, is_full=is_full) for one in self.plan.named(name[:-3])]
        found, newest = self._place(name, version, "reference")
        shown = self._asked("GET", found, version or newest, None)
        return shown if is_full else shown.get("properties", {})

    def list(self, function: str, name: str, version: str | None, body: Value) -> Value:
        """Return what an action of the `list` family answers."""
        found, newest = self._place(name, version, function)
        return self._asked("POST", f"{found}/{function}", version or newest, body)

    def locate(self, symbol: str) -> str:
        """Return the id of a resource by its symbolic name."""
        return self._place(symbol, "", "resourceInfo")[0]

    def _place(self, name: str, version: str | None, function: str) -> tuple[str, str]:
        """Return the id and api-version of what a function names."""
        found = [one for one in self.plan.named(name) if one.is_wanted or one.is_existing]
        if found:
            return found[0].id, found[0].version
        if not name.startswith("/"):
            raise ExpressionRefused(
                f"The template function '{function}' refers to '{name[:256]}', which is not defined in the template. Please see "
                "https://aka.ms/arm-functions for usage details."
            )
        if version is None:
            raise ExpressionRefused(
                f"The template function '{function}' for '{name[:256]}' needs an api-version. Please see https://aka.ms/arm-functions "
                "for usage details."
            )
        return name, version

    def _asked(self, method: str, path: str, version: str, body: Value) -> Any:  # Any: JSON
        answer = self.plane.perform(self.caller, self.request, method, path, version=version, body=body)
        return orjson.loads(answer.body) if isinstance(answer.body, bytes) and answer.body else {}


def _failure(errors: list[Document]) -> ServiceError:
    return ServiceError(
        409,
        "DeploymentFailed",
        "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
        "https://aka.ms/arm-deployment-operations for usage details.",
        detail={"details": errors},
    )


def finished(
    deployment: Resource,
    at: datetime,
    *,
    error: ServiceError | None = None,
    outputs: Document | None = None,
    made: list[Document] | None = None,
    state: str = "",
) -> Resource:
    """Return a deployment that came to its end; what its parameters were worth is forgotten."""
    properties = {**deployment.properties, "provisioningState": state or ("Succeeded" if error is None else "Failed")}
    properties["timestamp"] = iso_instant(at)
    if error is not None:
        properties["error"] = {"code": error.code, "message": error.message, **error.detail}
    if outputs is not None:
        properties["outputs"] = outputs
    if made is not None:
        properties["outputResources"] = made
    internal = {name: value for name, value in deployment.internal.items() if name != "parameters"}
    return replace(deployment, properties=properties, internal={**internal, "ended_at": iso_instant(at)})
