"""Deployments of templates to a resource group or a subscription.

Source: Azure Resource Manager, "Deployments" (create or update, validate, what-if, cancel, export template) and "Deployment Operations";
identity.md 4.3 (long-running protocols).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.longrunning import POLL_AGAIN
from lakeport_local.arm.paging import page
from lakeport_local.arm.table import Document, Operation, Outcome, ResourceType
from lakeport_local.arm.templates.documents import asked, evaluator, parameter_values, shown_parameters, template_hash
from lakeport_local.arm.templates.planning import DEPLOYMENTS, Plan, Planned, plan
from lakeport_local.arm.templates.running import finished, is_running
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import Response, ServiceError, iso_instant, parse_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.address import Address, Level
    from lakeport_local.arm.call import Call

_NAME = re.compile(r"[-\w.()]{1,64}", re.ASCII)
_LEVELS: frozenset[Level] = frozenset({"group", "subscription"})
_PAGE_SIZE = 1000
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_WORDS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "BadRequest",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
}


def _missing(address: Address) -> ServiceError:
    return errors.GatewayError(404, "DeploymentNotFound", f"Deployment '{address.names[0]}' could not be found.")


def _put(call: Call, existing: Resource | None) -> Outcome:
    if not _NAME.fullmatch(call.name):
        raise errors.GatewayError(
            400,
            "InvalidDeploymentName",
            f"The deployment name '{call.name[:64]}' is not valid: 1 to 64 letters, digits, '-', '_', '.', '(' or ')'.",
        )
    if existing is not None and is_running(existing):
        raise errors.GatewayError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{call.name}': previous deployment from '{existing.properties['timestamp']}' is still "
            "active. Please see https://aka.ms/arm-deploy for usage details.",
        )
    begun = call.plane.deployments.begin(_prepared(call)[0], call.request)
    path = f"{call.address.id}/operationStatuses/{begun.internal['operation']}"
    return Outcome(begun, 201 if existing is None else 200, (("Azure-AsyncOperation", call.url(path)), *POLL_AGAIN))


def _prepared(call: Call) -> tuple[Resource, Plan]:
    """Return the deployment that a body asks for, checked, and its plan."""
    body = call.body(is_lenient=True)
    template, given, mode = asked(body)
    region = location(call, body, None) if call.address.level == "subscription" else None
    values = parameter_values(call, call.address.scope, template, given)
    made = Resource(
        call.address.id,
        DEPLOYMENTS,
        call.name,
        tags=tags(body),
        properties={
            "templateHash": template_hash(template),
            "parameters": shown_parameters(template, values),
            "mode": mode,
            "provisioningState": "Accepted",
            "timestamp": iso_instant(call.now),
            "correlationId": call.request.headers.get("x-ms-correlation-request-id") or call.request.id,
            "debugSetting": None,
        },
        internal={
            "template": template,
            "parameters": values,
            "steps": {},
            "location": region,
            "caller": [call.caller.tenant_id, call.caller.object_id, call.caller.client_id],
            "operation": f"{int.from_bytes(call.plane.ids.token(8), 'big'):020d}",
            "began_at": iso_instant(call.now),
        },
    )
    found = plan(template, evaluator(call.plane, made))
    _require_rights(call, found)
    listed = {**made.properties, "providers": _providers(found), "dependencies": _dependencies(found)}
    return replace(made, properties=listed), found


def _require_rights(call: Call, found: Plan) -> None:
    """Refuse before anything is made when the caller may not write one of the resources."""
    name = call.caller.name if call.caller.kind == "User" else call.caller.client_id
    for one in found.resources.values():
        if one.is_existing or not one.is_wanted:
            continue
        action = f"{_GROUPS if one.type.lower() == 'microsoft.resources/resourcegroups' else one.type}/write"
        if not call.may(action, one.id):
            raise errors.GatewayError(
                403,
                "InvalidTemplateDeployment",
                f"The template deployment failed with error: 'Authorization failed for template resource '{one.name}' of type "
                f"'{one.type}'. The client '{name}' with object id '{call.caller.object_id}' does not have permission to perform action "
                f"'{action}' at scope '{one.id}'.'.",
            )


def _providers(found: Plan) -> list[Document]:
    """Return the providers that a plan uses, with their types."""
    kinds = {one.type for one in found.resources.values() if not one.is_existing}
    spaces = sorted({kind.partition("/")[0] for kind in kinds})
    return [
        {
            "namespace": space,
            "resourceTypes": [
                {"resourceType": kind.partition("/")[2], "locations": [None]}
                for kind in sorted(kinds)
                if kind.partition("/")[0] == space
            ],
        }
        for space in spaces
    ]


def _dependencies(found: Plan) -> list[Document]:
    return [
        {"dependsOn": [_named(found.resources[need]) for need in sorted(needs)], **_named(found.resources[key])}
        for key, needs in found.needs.items()
        if needs and not found.resources[key].is_existing
    ]


def _named(one: Planned) -> Document:
    return {"id": one.id, "resourceType": one.type, "resourceName": one.name}


def _render(call: Call, deployment: Resource) -> Document:
    """Show a deployment; who has just started it is told no more than that it was accepted."""
    shown = dict(deployment.properties)
    began, ended = deployment.internal["began_at"], deployment.internal.get("ended_at")
    shown["duration"] = _duration(parse_instant(ended) - parse_instant(began)) if ended else "PT0S"
    if call.request.method == "PUT":
        shown = {name: value for name, value in shown.items() if name not in {"outputs", "outputResources", "error"}}
        shown["provisioningState"] = "Accepted"
    place = deployment.internal.get("location")
    return {
        "id": deployment.id,
        "name": deployment.name,
        "type": DEPLOYMENTS,
        **({"location": place} if place else {}),
        **({"tags": deployment.tags} if deployment.tags is not None else {}),
        "properties": {name: value for name, value in shown.items() if value is not None},
    }


def _duration(span: timedelta) -> str:
    return f"PT{span.total_seconds():.7f}".rstrip("0").rstrip(".") + "S"


def _delete(call: Call, existing: Resource | None) -> Response:
    if existing is None:
        return Response(204)
    call.plane.remove(existing.id)
    path = f"/subscriptions/{call.address.subscription_id}/operationresults"
    return call.plane.long_running.start(call, path, lasts=timedelta())


def _listed(call: Call) -> list[Resource]:
    return call.plane.resources.children(call.address.scope, DEPLOYMENTS)


def _validate(call: Call) -> Response:
    """Answer what a deployment would be, or why it would be none; nothing is kept."""
    made, found = _prepared(_at_parent(call))
    shown = _render(call, made)
    shown["properties"] |= {
        "provisioningState": "Succeeded",
        "validatedResources": [
            {"id": one.id} for one in found.resources.values() if one.is_wanted and not one.is_existing
        ],
    }
    return call.json(200, shown)


def _what_if(call: Call) -> Response:
    """Answer which resources a deployment would make, and which it would set again."""
    _, found = _prepared(_at_parent(call))
    changes = [
        {"resourceId": one.id, "changeType": "Create" if call.plane.resources.get(one.id) is None else "Deploy"}
        for one in found.resources.values()
        if one.is_wanted and not one.is_existing
    ]
    path = f"/subscriptions/{call.address.subscription_id}/operationresults"
    document = {"status": "Succeeded", "properties": {"changes": changes}}
    return call.plane.long_running.start(call, path, lasts=timedelta(), document=document)


def _at_parent(call: Call) -> Call:
    """Return the call as if it were for the deployment that the action is asked of, which need not exist."""
    address = call.address.above
    if address is None:
        raise errors.unknown_path()
    return replace(call, address=address)


def _existing(call: Call) -> Resource:
    """Return the deployment that is asked for; operations of a group's are also asked for without the provider in the path."""
    if call.parent is not None:
        return call.parent
    name = call.address.names[2]
    found = call.plane.resources.get(f"{call.address.group_id}/providers/{DEPLOYMENTS}/{name}")
    if found is None:
        raise errors.GatewayError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return found


def _cancel(call: Call) -> Response:
    deployment = _existing(call)
    if not is_running(deployment):
        raise errors.GatewayError(
            409,
            "DeploymentCannotBeCancelled",
            f"The deployment '{deployment.name}' cannot be cancelled because its provisioning state is "
            f"'{deployment.properties['provisioningState']}'.",
        )
    call.plane.resources.put(finished(deployment, call.now, state="Canceled"))
    return Response(204)


def _export(call: Call) -> Response:
    return call.json(200, {"template": _existing(call).internal["template"]})


def _status(call: Call) -> Response:
    """Answer a poll of the deployment's run."""
    deployment = _existing(call)
    if call.address.is_instance and call.name != deployment.internal["operation"]:
        raise errors.unknown_path()
    shown: Document = {"status": deployment.properties["provisioningState"]}
    if "error" in deployment.properties:
        shown["error"] = deployment.properties["error"]
    return call.json(200, shown, list(POLL_AGAIN) if is_running(deployment) else [])


def _operations(call: Call) -> Response:
    """Answer what was done to each resource, all or one."""
    deployment = _existing(call)
    steps = [step for step in deployment.internal["steps"].values() if "id" in step]
    shown = [_operation(deployment, number, step) for number, step in enumerate(steps)]
    if not call.address.is_instance:
        return call.json(200, page(call, [one["operationId"] for one in shown], shown, size=_PAGE_SIZE))
    for one in shown:
        if one["operationId"] == call.name:
            return call.json(200, one)
    raise errors.GatewayError(
        404, "DeploymentOperationNotFound", f"The deployment operation '{call.name[:64]}' could not be found."
    )


def _operation(deployment: Resource, number: int, step: Document) -> Document:
    identity = f"{template_hash({'id': step['id'], 'number': number})}"
    span = parse_instant(step["at"]) - parse_instant(step["began"])
    properties: Document = {
        "provisioningOperation": "Create",
        "provisioningState": step["state"],
        "timestamp": step["at"],
        "duration": _duration(span),
        "trackingId": deployment.properties["correlationId"],
        "statusCode": _WORDS.get(step.get("status", 200), str(step.get("status"))),
        "targetResource": {"id": step["id"], "resourceType": step["type"], "resourceName": step["name"]},
    }
    if "error" in step:
        properties["statusMessage"] = {"error": step["error"]}
    return {"id": f"{deployment.id}/operations/{identity}", "operationId": identity, "properties": properties}


DEPLOYMENT = ResourceType(
    DEPLOYMENTS, put=_put, delete=_delete, render=_render, missing=_missing, listed=_listed, levels=_LEVELS
)
_ASKED_OF_NOTHING = (("validate", _validate), ("whatIf", _what_if))
_ACTIONS = (("cancel", _cancel), ("exportTemplate", _export))
_LOOKS = (("operations", _operations), ("operationStatuses", _status))
OPERATIONS = (
    *(
        Operation(
            "POST",
            f"{DEPLOYMENTS}/{name}",
            handle,
            action=f"{DEPLOYMENTS}/{name}/action",
            levels=_LEVELS,
            makes_parent=True,
        )
        for name, handle in _ASKED_OF_NOTHING
    ),
    *(
        Operation("POST", f"{DEPLOYMENTS}/{name}", handle, action=f"{DEPLOYMENTS}/{name}/action", levels=_LEVELS)
        for name, handle in _ACTIONS
    ),
    Operation("GET", f"{_GROUPS}/deployments/operations", _operations, action=f"{DEPLOYMENTS}/operations/read"),
    *(
        Operation("GET", f"{DEPLOYMENTS}/{name}", handle, action=f"{DEPLOYMENTS}/{name}/read", levels=_LEVELS)
        for name, handle in _LOOKS
    ),
)
