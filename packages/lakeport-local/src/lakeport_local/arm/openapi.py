"""The control plane's description of itself: an OpenAPI document made of the table.

Bodies are described as far as every resource has them; what a type's `properties` hold is its provider's matter.
Source: OpenAPI Specification 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakeport_local.arm.table import Document, Provider, ResourceType

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_SCOPES = {
    "tenant": "",
    "subscription": _SUBSCRIPTION,
    "group": f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}",
    "resource": f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}/providers/{{scopeNamespace}}/{{scopeType}}/{{scopeName}}",
}
_TEXT: Document = {"type": "string"}
_RESOURCE: Document = {
    "type": "object",
    "properties": {
        "location": _TEXT,
        "tags": {"type": "object", "additionalProperties": _TEXT},
        "kind": _TEXT,
        "sku": {"type": "object", "properties": {"name": _TEXT, "family": _TEXT}},
        "identity": {"type": "object", "properties": {"type": _TEXT}},
        "properties": {"type": "object"},
    },
}
_ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": _TEXT, "message": _TEXT, "target": _TEXT, "details": {"type": "array"}},
        }
    },
}
_BODIES = frozenset({"PUT", "PATCH", "POST"})


def describe(providers: Iterable[Provider], *, version: str) -> Document:
    """Return the OpenAPI document of a table.

    Args:
        providers: The table.
        version: The local Azure's version.
    """
    paths: Document = {}
    for provider in providers:
        for path, method, name in _calls(provider):
            paths.setdefault(path, {}).setdefault(method.lower(), _call(provider, path, method, name))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Azure Resource Manager, local", "version": version},
        "servers": [{"url": "https://management.azure.com"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Resource": _RESOURCE, "Error": _ERROR},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _calls(provider: Provider) -> Iterator[tuple[str, str, str]]:
    """Yield path, method and name of everything that a provider answers."""
    for kind in provider.resource_types:
        yield from _of_type(kind)
    for operation in provider.operations:
        for path in _paths(operation.name, operation.levels):
            instance = f"{path}/{{{_parameter(operation.name)}}}"
            if operation.method in {"GET", "POST"}:
                yield path, operation.method, operation.name
            if operation.method != "POST":
                yield instance, operation.method, operation.name


def _of_type(kind: ResourceType) -> Iterator[tuple[str, str, str]]:
    hooks = {"get": True, "put": kind.put, "patch": kind.patch, "delete": kind.delete}
    for path in _paths(kind.name, kind.levels):
        instance = f"{path}/{{{_parameter(kind.name)}}}"
        yield from ((instance, method, kind.name) for method, hook in hooks.items() if hook)
        if kind.is_listed:
            yield path, "get", kind.name


def _paths(name: str, levels: Iterable[str] | None) -> Iterator[str]:
    """Yield the collection's path of a type, or an operation's, at each level."""
    namespace, *types = name.split("/")
    pairs = [f"/{one}/{{{_parameter('/'.join(types[: at + 1]))}}}" for at, one in enumerate(types[:-1])]
    below = "".join((*pairs, f"/{types[-1]}"))
    if namespace == "Microsoft.Resources" and types[0] in {"subscriptions", "tenants", "metadata"}:
        yield below
        return
    for level in sorted(levels or {"group"}):
        yield f"{_SCOPES[level]}/providers/{namespace}{below}"


def _parameter(name: str) -> str:
    """Return what a name of this type is called in a path."""
    last = name.rsplit("/", 1)[-1]
    special = {"subscriptions": "subscriptionId", "resourceGroups": "resourceGroupName"}
    single = f"{last.removesuffix('ies')}y" if last.endswith("ies") else last.removesuffix("s")
    return special.get(last, f"{single}Name")


def _call(provider: Provider, path: str, method: str, name: str) -> Document:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters: list[Document] = [
        {"name": one, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for one in names
    ]
    versions = list(provider.versions or (provider.newest,))
    parameters.append(
        {"name": "api-version", "in": "query", "required": True, "schema": {"type": "string", "enum": versions}}
    )
    call: dict[str, Any] = {  # Any: a JSON object
        "operationId": f"{method.upper()} {path}",
        "tags": [provider.namespace],
        "summary": name,
        "parameters": parameters,
        "responses": {
            "2XX": {"description": "Done, or begun."},
            "default": {"description": "Refused.", "content": _content("Error")},
        },
    }
    if method.upper() in _BODIES:
        call["requestBody"] = {"content": _content("Resource")}
    return call


def _content(schema: str) -> Document:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
