"""A deployment as documents: what a body asks for, what its expressions know, what a client sees.

Source: Azure Resource Manager, "Deployments - Create Or Update", "Outputs in ARM templates".
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import orjson

from lakeport_local.arm.errors import GatewayError, bad_body
from lakeport_local.arm.templates.evaluation import Evaluator, Facts
from lakeport_local.arm.templates.parameters import declared, is_secure, type_word, values
from lakeport_local.arm.templates.planning import variables
from lakeport_local.arm.templates.refusals import ExpressionRefused, invalid, language, output_refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakeport_local.arm.call import Call
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.arm.table import Document
    from lakeport_local.arm.templates.functions import Value
    from lakeport_local.state import Resource

_ENVIRONMENT: Document = {
    "name": "AzureCloud",
    "gallery": "https://gallery.azure.com/",
    "graph": "https://graph.windows.net/",
    "portal": "https://portal.azure.com",
    "graphAudience": "https://graph.windows.net/",
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "batch": "https://batch.core.windows.net/",
    "media": "https://rest.media.azure.net",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
    "resourceManager": "https://management.azure.com/",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "suffixes": {
        "acrLoginServer": ".azurecr.io",
        "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}


def asked(body: Document) -> tuple[Document, Document, str]:
    """Return the template, the given parameters and the mode of a body.

    Raises:
        ServiceError: 400 `InvalidRequestContent`, `InvalidTemplate`, `InvalidContentLink`.
    """
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise bad_body("the 'properties' of the deployment are missing")
    mode = {"incremental": "Incremental", "complete": "Complete"}.get(str(properties.get("mode")).lower())
    if mode is None:
        raise bad_body(
            f"Error converting value \"{str(properties.get('mode'))[:64]}\" to type 'DeploymentMode'. Path 'properties.mode'"
        )
    if properties.get("templateLink") is not None or properties.get("parametersLink") is not None:
        raise GatewayError(
            400,
            "InvalidContentLink",
            "Unable to download deployment content from the link given. The tracking Id is not available. Please see "
            "https://aka.ms/arm-deploy for usage details.",
        )
    template, given = properties.get("template"), properties.get("parameters") or {}
    if not isinstance(template, dict):
        raise invalid("The template is missing or is no object")
    if not isinstance(given, dict):
        raise bad_body("'properties.parameters' is not an object")
    inner = given.get("parameters") if "$schema" in given else given  # a parameter file as it is
    for name in ("parameters", "variables", "outputs", "definitions"):
        if not isinstance(template.get(name, {}), dict):
            raise invalid(f"The template {name} are not an object")
    if not isinstance(inner, dict):
        raise invalid("The parameters given are not an object")
    if not isinstance(template.get("contentVersion", "1.0.0.0"), str) or not isinstance(
        template.get("$schema", ""), str
    ):
        raise invalid("The template's '$schema' and 'contentVersion' must be texts")
    return template, inner, mode


def template_hash(template: Document) -> str:
    """Return a number that says which template this is."""
    return str(int.from_bytes(hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).digest()[:8], "big"))


def parameter_values(call: Call, scope: str, template: Document, given: Document) -> Document:
    """Return the value of every parameter."""
    makers: dict[str, Callable[..., Value]] = {"utcnow": partial(_utc_now, call), "newguid": partial(_new_guid, call)}
    known = facts(call.plane, scope, {"name": call.name, "properties": {}})
    start = Evaluator(Facts(known.scope, known.subscription, known.group, known.others, makers))
    try:
        return values(template, given, start)
    except ExpressionRefused as refused:
        raise language("", str(refused)) from refused


def _new_guid(call: Call, *_: str) -> str:
    return call.plane.ids.guid()


def _utc_now(call: Call, shape: str = "") -> str:
    forms = {
        "": "%Y%m%dT%H%M%SZ",
        "d": "%m/%d/%Y",
        "u": "%Y-%m-%d %H:%M:%SZ",
        "yyyy-MM-dd": "%Y-%m-%d",
        "yyyyMMdd": "%Y%m%d",
    }
    forms |= {"yyyyMMddHHmmss": "%Y%m%d%H%M%S", "yyyy": "%Y", "o": "%Y-%m-%dT%H:%M:%SZ"}
    return call.now.strftime(forms.get(shape, forms[""]))


def shown_parameters(template: Document, given: Document) -> Document:
    """Return parameters as a client may see them: secrets without their value."""
    shown: Document = {}
    for name, raw in (template.get("parameters") or {}).items():
        declaration = declared(template, raw)
        word: Document = {"type": type_word(declaration)}
        shown[name] = word if is_secure(declaration) else {**word, "value": given.get(name)}
    return shown


def evaluator(plane: ControlPlane, deployment: Resource) -> Evaluator:
    """Return what works out a deployment's expressions."""
    template = deployment.internal["template"]
    about = {
        "name": deployment.name,
        "properties": {
            "template": template,
            "templateHash": deployment.properties["templateHash"],
            "parameters": {name: {"value": value} for name, value in deployment.internal["parameters"].items()},
            "mode": deployment.properties["mode"],
            "provisioningState": "Running",
        },
    }
    if deployment.internal.get("location"):
        about["location"] = deployment.internal["location"]
    scope = deployment.id.rpartition("/providers/")[0]
    return Evaluator(facts(plane, scope, about), deployment.internal["parameters"], variables(template))


def facts(plane: ControlPlane, scope: str, about: Document) -> Facts:
    """Return what a deployment to a scope knows before anything runs."""
    parts = scope.split("/")
    subscription = plane.resources.get("/".join(parts[:3]))
    group = plane.resources.get(scope) if len(parts) == 5 else None
    tenant_id = subscription.internal["tenant_id"] if subscription is not None else ""
    tenant = plane.directory.tenant(tenant_id)
    return Facts(
        scope=scope if group is None else group.id,
        subscription=None if subscription is None else _subscription(subscription),
        group=None if group is None else _group(group),
        others={
            "deployment": about,
            "environment": _ENVIRONMENT,
            "tenant": {"tenantId": tenant_id, "displayName": tenant.name if tenant else "", "countryCode": "NL"},
        },
    )


def _subscription(subscription: Resource) -> Document:
    return {
        "id": subscription.id,
        "subscriptionId": subscription.name,
        "tenantId": subscription.internal["tenant_id"],
        "displayName": subscription.properties["displayName"],
    }


def _group(group: Resource) -> Document:
    return {
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags or {},
        "properties": {"provisioningState": "Succeeded"},
    }


def outputs(template: Mapping[str, Value], values: Evaluator) -> Document:
    """Return a deployment's outputs; secrets without their value.

    Raises:
        ServiceError: 400 `DeploymentOutputEvaluationFailed`, or what a resource answered.
    """
    declarations = template.get("outputs", {})
    found: Document = {}
    for name, raw in declarations.items():
        declaration = declared(template, raw)
        try:
            if values.value(declaration.get("condition", True)) is not True:
                continue
            loop = declaration.get("copy")
            value = (
                values.unrolled({"name": name, **loop})
                if isinstance(loop, dict)
                else values.value(declaration.get("value"))
            )
        except (ExpressionRefused, KeyError) as refused:
            raise output_refused(name, str(refused)) from refused
        word: Document = {"type": type_word(declaration)}
        found[name] = word if is_secure(declaration) else {**word, "value": value}
    return found
