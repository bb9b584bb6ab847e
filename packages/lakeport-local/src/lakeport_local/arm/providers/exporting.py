"""A resource group as a template that makes its resources again.

Source: Azure Resource Manager, "Resource Groups - Export Template".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.arm.table import Document, Operation

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response
    from lakeport_local.state import Resource

_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_SAID_BY_THE_SERVICE = frozenset({"id", "name", "type", "systemData", "etag"})


def _export(call: Call) -> Response:
    """Answer the template of the resources asked for, all by default; the caller sees what they may read."""
    asked = {str(one).lower() for one in call.optional_body().get("resources") or ["*"]}
    found = [
        one
        for one in call.plane.tracked_in(str(call.address.group_id))
        if ("*" in asked or one.key in asked) and call.may(f"{one.type}/read", one.id)
    ]
    template: Document = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {_parameter(one): {"defaultValue": one.name, "type": "String"} for one in found},
        "variables": {},
        "resources": [_resource(call, one) for one in found],
    }
    return call.json(200, {"template": template})


def _parameter(one: Resource) -> str:
    """Return the name of the parameter that holds a resource's name, as the real service calls it."""
    return re.sub(r"\W", "_", f"{one.type.rpartition('/')[2]}_{one.name}_name")


def _resource(call: Call, one: Resource) -> Document:
    shown = call.plane.seen(call.request, call.caller, one.id) or {}
    kept = {name: value for name, value in shown.items() if name not in _SAID_BY_THE_SERVICE}
    if isinstance(kept.get("identity"), dict):
        kept["identity"] = {
            name: value for name, value in kept["identity"].items() if name not in {"principalId", "tenantId"}
        }
    return {
        "type": one.type,
        "apiVersion": call.plane.version_of(one.type),
        "name": f"[parameters('{_parameter(one)}')]",
        **kept,
    }


EXPORT = Operation("POST", f"{_GROUPS}/exportTemplate", _export, action=f"{_GROUPS}/exportTemplate/action")
