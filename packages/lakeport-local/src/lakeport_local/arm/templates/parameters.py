"""What a deployment's parameters are worth: as given or by default, checked against their declarations.

Source: Azure Resource Manager, "Parameters in ARM templates", "Data types".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.arm.templates.refusals import ExpressionRefused, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport_local.arm.templates.evaluation import Evaluator
    from lakeport_local.arm.templates.functions import Value

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "int": (int,),
    "bool": (bool,),
    "object": (dict,),
    "secureobject": (dict,),
    "array": (list,),
}
_WORDS = {
    "string": "String",
    "securestring": "SecureString",
    "int": "Int",
    "bool": "Bool",
    "object": "Object",
    "array": "Array",
}
_WORDS["secureobject"] = "SecureObject"
_KINDS = {
    str: "String",
    int: "Integer",
    bool: "Boolean",
    dict: "Object",
    list: "Array",
    float: "Float",
    type(None): "Null",
}


def declared(template: Mapping[str, Value], declaration: Value) -> dict[str, Value]:
    """Return a declaration with the type that it refers to (`$ref` into `definitions`) filled in."""
    found = dict(declaration) if isinstance(declaration, dict) else {}
    for _ in range(16):
        reference = found.pop("$ref", None)
        if not isinstance(reference, str):
            break
        definition = (template.get("definitions") or {}).get(reference.rsplit("/", 1)[-1])
        found = {**(definition if isinstance(definition, dict) else {}), **found}
    return found


def type_word(declaration: Mapping[str, Value]) -> str:
    """Return a declaration's type as the service shows it, such as `SecureString`."""
    return _WORDS.get(str(declaration.get("type", "")).lower(), "String")


def is_secure(declaration: Mapping[str, Value]) -> bool:
    """Tell whether a value must never be shown."""
    return str(declaration.get("type", "")).lower().startswith("secure")


def values(template: Mapping[str, Value], given: Mapping[str, Value], start: Evaluator) -> dict[str, Value]:
    """Return every parameter's value by name.

    Args:
        template: The template.
        given: The deployment's `parameters`: name to `{"value": ...}`.
        start: Works out defaults, with the functions that only defaults may use.

    Raises:
        ServiceError: 400 `InvalidTemplate`.
    """
    declarations = template.get("parameters") or {}
    _require_known(declarations, given)
    have = {name.lower(): value for name, value in given.items()}
    found: dict[str, Value] = {}
    for name, raw in declarations.items():
        declaration = declared(template, raw)
        found[name] = _value(name, declaration, have.get(name.lower()), replace(start, parameters=dict(found)))
    return found


def _require_known(declarations: Mapping[str, Value], given: Mapping[str, Value]) -> None:
    known = {name.lower() for name in declarations}
    unknown = [name for name in given if name.lower() not in known]
    if unknown:
        raise invalid(
            f"The template parameters '{', '.join(unknown)[:512]}' in the parameters file are not valid; they are not present in the "
            "original template and can therefore not be provided at deployment time. The only supported parameters for this template "
            f"are '{', '.join(declarations)}'. Please see https://aka.ms/arm-pass-parameter-values for usage details."
        )


def _value(name: str, declaration: Mapping[str, Value], given: Value, start: Evaluator) -> Value:
    if isinstance(given, dict) and "value" in given and given["value"] is not None:
        return _checked(name, declaration, given["value"])
    if isinstance(given, dict) and "reference" in given:
        raise invalid(
            f"The key vault reference of the template parameter '{name}' can't be resolved: key vaults are not asked here."
        )
    if "defaultValue" in declaration:
        try:
            return _checked(name, declaration, start.value(declaration["defaultValue"]))
        except ExpressionRefused as refused:
            raise invalid(f"The template parameter '{name}' default value is not valid: {refused}") from refused
    if declaration.get("nullable") is True:
        return None
    raise invalid(
        f"The value for the template parameter '{name}' at line '1' and column '1' is not provided. Please see "
        "https://aka.ms/arm-create-parameter-file for usage details."
    )


def _checked(name: str, declaration: Mapping[str, Value], value: Value) -> Value:
    kind = str(declaration.get("type", "")).lower()
    expected = _TYPES.get(kind)
    if expected is None:
        raise invalid(
            f"The template parameter '{name}' type '{str(declaration.get('type'))[:64]}' is not valid. Please see "
            "https://aka.ms/arm-syntax-parameters for usage details."
        )
    if value is None and declaration.get("nullable") is True:
        return None
    if not isinstance(value, expected) or (kind == "int" and isinstance(value, bool)):
        raise invalid(
            f"Template parameter JToken type is not valid. Expected '{type_word(declaration)}'. Actual "
            f"'{_KINDS.get(type(value), 'Null')}'. Please see https://aka.ms/arm-create-parameter-file for usage details."
        )
    _require_allowed(name, declaration, value)
    return value


def _require_allowed(name: str, declaration: Mapping[str, Value], value: Value) -> None:
    allowed = declaration.get("allowedValues")
    chosen = value if isinstance(value, list) else [value]
    if isinstance(allowed, list) and any(one not in allowed for one in chosen):
        shown = "" if is_secure(declaration) else f" The value '{str(value)[:128]}'"
        raise invalid(
            f"The provided value for the template parameter '{name}' is not valid.{shown} is not part of the allowed value(s): "
            f"'{','.join(str(one) for one in allowed)}'."
        )
    size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else None
    low, high = ("minValue", "maxValue") if isinstance(value, int) else ("minLength", "maxLength")
    least, most = declaration.get(low), declaration.get(high)
    if size is not None and ((isinstance(least, int) and size < least) or (isinstance(most, int) and size > most)):
        raise invalid(
            f"The provided value for the template parameter '{name}' is not valid. It must be between '{least}' and '{most}' "
            f"({low}, {high}). Please see https://aka.ms/arm-syntax-parameters for usage details."
        )
