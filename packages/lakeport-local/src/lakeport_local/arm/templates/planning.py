"""What a template deploys: every resource with its id, its loops unrolled, its conditions decided, and what it needs first.

Source: Azure Resource Manager, "Resource declaration in ARM templates", "Define the order for deploying resources", "Symbolic names".
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport_local.arm.templates.evaluation import Evaluator, LoopVariable, is_property_copy
from lakeport_local.arm.templates.expressions import Invocation, Literal, Member, is_expression, parse
from lakeport_local.arm.templates.identifiers import GROUPS, resource_id, type_of
from lakeport_local.arm.templates.ordering import Circular, ordered
from lakeport_local.arm.templates.refusals import ExpressionRefused, invalid, language

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport_local.arm.templates.expressions import Expression
    from lakeport_local.arm.templates.functions import Value

DEPLOYMENTS = "Microsoft.Resources/deployments"
_MOST_RESOURCES = 800
_STRUCTURE = frozenset(
    {
        "apiversion",
        "comments",
        "condition",
        "copy",
        "dependson",
        "existing",
        "name",
        "resources",
        "scope",
        "type",
        "import",
    }
)
_LOOKS = frozenset({"reference", "references", "resourceinfo"})


@dataclass(frozen=True, slots=True)
class Planned:
    """One resource of a plan.

    Attributes:
        key: Its id in lower case; with `?` and a number behind for one whose condition is false.
        id: Its id.
        type: Full type, as the template spells it.
        name: Whole name, such as `account/default`.
        version: The api-version.
        document: What is to be PUT, not worked out yet.
        values: Works it out: parameters, variables, loops.
        symbol: Symbolic name; with the index behind, such as `lakes[1]`, for one of a loop; empty without symbols.
        loop: The loop's name, or empty.
        is_existing: Only looked at, never made.
        is_wanted: False when its condition is.
        depends: Its `dependsOn`, worked out.
    """

    key: str
    id: str
    type: str
    name: str
    version: str
    document: Mapping[str, Value]
    values: Evaluator
    symbol: str = ""
    loop: str = ""
    is_existing: bool = False
    is_wanted: bool = True
    depends: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The symbolic name without an index."""
        return self.symbol.partition("[")[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a template's resources.

    Attributes:
        resources: By key, in the order in which they are made.
        needs: Keys that each needs first.
    """

    resources: Mapping[str, Planned]
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def named(self, name: str) -> list[Planned]:
        """Return what a text in the template means: a symbolic name, an id, a relative id, a loop or a name."""
        wanted = name.lower().strip("/")
        tests = (
            lambda one: name in (one.symbol, one.family),
            lambda one: one.id.lower().strip("/") == wanted,
            lambda one: f"{one.type}/{one.name}".lower() == wanted or _relative(one) == wanted,
            lambda one: one.loop.lower() == wanted,
            lambda one: one.name.lower() == wanted,
        )
        for test in tests:
            found = [one for one in self.resources.values() if test(one)]
            if found:
                return found
        return []


def _relative(one: Planned) -> str:
    """Return the last part of an id: `namespace/type/name`."""
    return one.id.lower().rpartition("/providers/")[2]


def variables(template: Mapping[str, Value]) -> dict[str, Value]:
    """Return a template's variables, those that are loops marked as such."""
    found: dict[str, Value] = {}
    for name, value in template.get("variables", {}).items():
        if name.lower() == "copy" and is_property_copy(value):
            found |= {str(loop["name"]): LoopVariable(loop) for loop in value}
        else:
            found[name] = value
    return found


def plan(template: Mapping[str, Value], values: Evaluator) -> Plan:
    """Return what a template deploys.

    Args:
        template: The template.
        values: Works out names and conditions.

    Raises:
        ServiceError: 400 `InvalidTemplate`.
    """
    found: dict[str, Planned] = {}
    for symbol, raw in _declarations(template):
        for one in _instances(symbol, raw, values):
            if one.key in found and not one.is_existing:
                raise invalid(
                    f"The resource '{one.id}' at line '1' and column '1' is defined multiple times in a template. Please see "
                    "https://aka.ms/arm-syntax-resources for usage details."
                )
            found.setdefault(f"{one.key}#{one.symbol}" if one.is_existing else one.key, one)
    if len(found) > _MOST_RESOURCES:
        raise invalid(f"The number of resources '{len(found)}' exceeds the limit of '{_MOST_RESOURCES}'")
    whole = Plan(found)
    needs = {key: frozenset(_needs(whole, key, one)) for key, one in found.items()}
    try:
        return Plan({key: found[key] for key in ordered(needs)}, needs)
    except Circular as circle:
        raise invalid(
            f"Circular dependency detected on resource: '{found[circle.key].id}'. Please see https://aka.ms/arm-syntax-resources for "
            "usage details."
        ) from circle


def _declarations(template: Mapping[str, Value]) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Yield symbolic name and declaration of each resource, the nested ones too."""
    raw = template.get("resources")
    if isinstance(raw, dict):
        pairs = list(raw.items())
    elif isinstance(raw, list):
        pairs = [("", one) for one in raw]
    elif raw is None:
        pairs = []
    else:
        raise invalid("The template resources are not an array")
    for symbol, one in pairs:
        yield from _with_nested(symbol, one)


def _with_nested(symbol: str, raw: Value) -> Iterator[tuple[str, Mapping[str, Value]]]:
    if not isinstance(raw, dict) or not all(isinstance(raw.get(name), str) for name in ("type", "name", "apiVersion")):
        raise invalid(
            "The template resource is not valid: 'type', 'name' and 'apiVersion' are required. Please see "
            "https://aka.ms/arm-syntax-resources for usage details."
        )
    yield symbol, raw
    for below in raw.get("resources") or ():
        if not isinstance(below, dict):
            raise invalid("The template resources are not an array of objects")
        kind, name = str(below.get("type")), str(below.get("name"))
        whole = {**below, "type": f"{raw['type']}/{kind}", "name": _joined(str(raw["name"]), name)}
        is_whole = "/" in kind and "." in kind.partition("/")[0]
        yield from _with_nested("", below if is_whole else whole)


def _joined(above: str, name: str) -> str:
    """Return the expression that joins two names, which may be expressions."""
    parts = [one[1:-1] if is_expression(one) else "'" + one.replace("'", "''") + "'" for one in (above, name)]
    return f"[concat({parts[0]}, '/', {parts[1]})]"


def _instances(symbol: str, raw: Mapping[str, Value], values: Evaluator) -> Iterator[Planned]:
    loop = raw.get("copy")
    if not isinstance(loop, dict):
        yield _instance(symbol, "", raw, values)
        return
    name = str(loop.get("name", ""))
    try:
        count = values.count(loop)
    except ExpressionRefused as refused:
        raise language(str(raw["name"]), str(refused)) from refused
    for index in range(count):
        yield _instance(f"{symbol}[{index}]" if symbol else "", name, raw, values.within(name, index))


def _instance(symbol: str, loop: str, raw: Mapping[str, Value], values: Evaluator) -> Planned:
    try:
        kind, name = str(values.value(raw["type"])), str(values.value(raw["name"]))
        identity = resource_id(_scope(raw, kind, values), kind, *name.split("/"))
        wanted = values.value(raw.get("condition", True))
        depends = values.value(raw.get("dependsOn") or [])
        version = str(values.value(raw["apiVersion"]))
    except ExpressionRefused as refused:
        raise language(f"{raw['type']}/{raw['name']}", str(refused)) from refused
    if not isinstance(wanted, bool) or not isinstance(depends, list):
        raise invalid(f"The 'condition' or 'dependsOn' of the resource '{identity}' is not valid")
    existing = raw.get("existing") is True
    document = {key: value for key, value in raw.items() if key.lower() not in _STRUCTURE}
    return Planned(
        key=identity.lower() if wanted else f"{identity.lower()}?{symbol or values.loops.get('', 0)}",
        id=identity,
        type=kind,
        name=name,
        version=version,
        document=document,
        values=values,
        symbol=symbol,
        loop=loop,
        is_existing=existing,
        is_wanted=wanted,
        depends=tuple(map(str, depends)),
    )


def _scope(raw: Mapping[str, Value], kind: str, values: Evaluator) -> str:
    """Return what a resource lies in: its `scope`, the group of a nested deployment, or what the deployment deploys to."""
    own = values.facts.scope
    above = "/".join(own.split("/")[:3])
    if raw.get("scope") is not None:
        scope = str(values.value(raw["scope"])).rstrip("/")
        if not scope or scope.startswith("/"):
            return scope
        kinds, _, _ = scope.rpartition("/")
        return f"{own}/providers/{scope}" if "." in kinds.partition("/")[0] else f"/{scope}"
    subscription = raw.get("subscriptionId")
    if subscription is not None:
        own = above = f"/subscriptions/{values.value(subscription)}"
    if kind.lower() == GROUPS:
        return above
    if kind.lower() == DEPLOYMENTS.lower() and raw.get("resourceGroup") is not None:
        return f"{above}/resourceGroups/{values.value(raw['resourceGroup'])}"
    return own


def _needs(plan: Plan, key: str, one: Planned) -> Iterator[str]:
    """Yield the keys that a resource needs: what it says, and what it looks at."""
    for text in one.depends:
        found = plan.named(text)
        if not found:
            kind, name = type_of(text)
            raise invalid(
                f"The resource '{kind}/{name}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details."
                if "/" in text
                else f"The resource '{text[:256]}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details."
            )
        yield from (other for other in map(_key, found) if other != key)
    for text in _looked_at(one.document, one.values):
        yield from (other for other in map(_key, plan.named(text)) if other != key)


def _key(one: Planned) -> str:
    return f"{one.key}#{one.symbol}" if one.is_existing else one.key


def _looked_at(node: Value, values: Evaluator) -> Iterator[str]:
    """Yield what `reference` and `list...` in a document look at, as far as it is known before anything runs."""
    if isinstance(node, str):
        if is_expression(node):
            try:
                yield from _in_expression(parse(node), values)
            except ExpressionRefused:
                return
    elif isinstance(node, dict | list):
        for name, below in node.items() if isinstance(node, dict) else enumerate(node):
            if name != "template":
                yield from _looked_at(below, values)


def _in_expression(tree: Expression, values: Evaluator) -> Iterator[str]:
    if isinstance(tree, Literal):
        return
    if isinstance(tree, Member):
        yield from _in_expression(tree.target, values)
        yield from _in_expression(tree.key, values)
        return
    name = tree.name.lower()
    if tree.arguments and (name in _LOOKS or (name.startswith("list") and len(name) > 4)):
        with suppress(ExpressionRefused):  # known only when it runs: then what it looks at must be there already
            yield str(values.result(tree.arguments[0]))
    if name == "variables" and tree.arguments and isinstance(tree.arguments[0], Literal):
        raw = {key.lower(): value for key, value in values.variables.items()}.get(str(tree.arguments[0].value).lower())
        yield from _looked_at(raw, values)
    for argument in tree.arguments:
        if isinstance(argument, Invocation | Member):
            yield from _in_expression(argument, values)
