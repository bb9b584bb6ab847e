"""Values of a template's documents: expressions in them worked out, loops in them unrolled.

Source: Azure Resource Manager, "ARM template functions" (deployment, resource, scope and lambda functions), "Property iteration".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import orjson

from lakeport_local.arm.templates import functions
from lakeport_local.arm.templates.expressions import Expression, Invocation, Literal, is_expression, parse
from lakeport_local.arm.templates.identifiers import resource_id, split_arguments
from lakeport_local.arm.templates.members import member, named
from lakeport_local.arm.templates.refusals import ExpressionRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakeport_local.arm.templates.functions import Value

_MOST_COPIES = 800
_MOST_ARGUMENTS = 32
_MOST_WORK = 4_000_000
_LARGEST_VALUE = 4 * 1024 * 1024


_LISTING = functions.Function(lambda *_: None, 1, 3)
"""`listKeys` and its kin: an id, an api-version, what to post."""


class Runtime(Protocol):
    """What only a running deployment knows."""

    def read(self, name: str, version: str | None, *, is_full: bool) -> Value:
        """Return a resource's properties, or all of it; `name` is an id, a symbolic name or a name in the template."""
        ...

    def list(self, function: str, name: str, version: str | None, body: Value) -> Value:
        """Return what an action of the `list` family answers."""
        ...

    def locate(self, symbol: str) -> str:
        """Return the id of a resource by its symbolic name."""
        ...


class NoRuntime:
    """Stands where nothing runs yet: names, conditions, parameters."""

    def read(self, name: str, version: str | None, *, is_full: bool) -> Value:
        """Refuse."""
        raise _not_here("reference")

    def list(self, function: str, name: str, version: str | None, body: Value) -> Value:
        """Refuse."""
        raise _not_here(function)

    def locate(self, symbol: str) -> str:
        """Refuse."""
        raise _not_here("resourceInfo")


def _not_here(function: str) -> ExpressionRefused:
    return ExpressionRefused(
        f"The template function '{function}' is not expected at this location. Please see https://aka.ms/arm-functions for usage details."
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a deployment knows before anything runs.

    Attributes:
        scope: The id that it deploys to; empty for the tenant.
        subscription: What `subscription()` gives; None at the tenant.
        group: What `resourceGroup()` gives; None above a group.
        others: What `deployment()`, `environment()`, `tenant()` give, by the function's name in lower case.
        makers: `utcNow` and `newGuid`, for the defaults of parameters only.
    """

    scope: str
    subscription: Mapping[str, Value] | None = None
    group: Mapping[str, Value] | None = None
    others: Mapping[str, Value] = field(default_factory=dict)
    makers: Mapping[str, Callable[..., Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluator:
    """Works out values in one deployment.

    Attributes:
        facts: Of the deployment.
        parameters: Values by name.
        variables: As the template has them, by name.
        runtime: What runs.
        loops: The current index by loop; the innermost one is also at the empty name.
        local: Values of a lambda's variables.
    """

    facts: Facts
    parameters: Mapping[str, Value] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)
    runtime: Runtime = field(default_factory=NoRuntime)
    loops: Mapping[str, int] = field(default_factory=dict)
    local: Mapping[str, Value] = field(default_factory=dict)
    _known: dict[str, Value] = field(default_factory=dict)
    _pending: set[str] = field(default_factory=set)
    _work: list[int] = field(default_factory=lambda: [0])

    def within(self, loop: str, index: int) -> Evaluator:
        """Return the same with a loop at an index."""
        return replace(self, loops={**self.loops, loop.lower(): index, "": index})

    def running(self, runtime: Runtime) -> Evaluator:
        """Return the same with something that runs; what variables were worth without it is forgotten."""
        return replace(self, runtime=runtime, _known={}, _pending=set())

    def value(self, node: Value) -> Value:
        """Return a document with every expression in it worked out.

        Raises:
            ExpressionRefused: One has no value.
        """
        if isinstance(node, str):
            if is_expression(node):
                return self.result(parse(node))
            return node[1:] if node.startswith("[[") else node
        if isinstance(node, list):
            return [self.value(one) for one in node]
        if isinstance(node, dict):
            return self._object(node)
        return node

    def _object(self, node: dict[str, Value]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in node.items():
            if name.lower() == "copy" and is_property_copy(value):
                for loop in value:
                    found[str(self.value(loop["name"]))] = self.unrolled(loop)
            else:
                found[str(self.value(name))] = self.value(value)
        return found

    def unrolled(self, loop: dict[str, Value]) -> list[Value]:
        """Return the values of a loop over an `input`."""
        name = str(loop.get("name", ""))
        return [self.within(name, index).value(loop["input"]) for index in range(self.count(loop))]

    def count(self, loop: dict[str, Value]) -> int:
        """Return how often a loop runs."""
        count = self.value(loop.get("count"))
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_COPIES:
            raise ExpressionRefused(
                f"The copy count '{str(count)[:64]}' must be a non-negative integer value and may not exceed '{_MOST_COPIES}'. Please see "
                "https://aka.ms/arm-resource-loops for usage details."
            )
        return count

    def result(self, tree: Expression) -> Value:
        """Return what an expression gives."""
        if isinstance(tree, Literal):
            return tree.value
        if isinstance(tree, Invocation):
            return self._called(tree)
        return member(self.result(tree.target), self.result(tree.key))

    def _called(self, tree: Invocation) -> Value:
        name = tree.name.lower()
        lazy = self._LAZY.get(name)
        if lazy is not None:
            return lazy(self, tree)
        arguments = [self.result(one) for one in tree.arguments]
        contextual = _LISTING if name.startswith("list") and len(name) > len("list") else self._CONTEXTUAL.get(name)
        if contextual is not None:
            return self._contextual(tree.name, contextual, arguments)
        if name in self.facts.others and not arguments:
            return self.facts.others[name]
        if name in self.facts.makers and all(isinstance(one, str) for one in arguments[:1]):
            return self.facts.makers[name](*arguments[:1])
        return self._counted(functions.call(tree.name, arguments))

    def _counted(self, result: Value) -> Value:
        """Count what was put together: a short template can ask for more than a machine has."""
        self._work[0] += len(result) if isinstance(result, str | list | dict) else 0
        if self._work[0] > _MOST_WORK:
            raise ExpressionRefused(
                "The template language expressions put together more than the limit of the service."
            )
        return result

    def _contextual(self, name: str, function: functions.Function, arguments: list[Value]) -> Value:
        """Call what looks at the deployment; all but what is posted to a `list` action are texts, or the numbers of a loop."""
        functions.require_count(name, function, arguments)
        if name.lower().startswith("list"):
            if not all(isinstance(one, str) for one in arguments[:2]):
                raise functions.bad_values(name)
            return self._listed(name, *arguments)
        if not all(isinstance(one, str) or (name.lower() == "copyindex" and isinstance(one, int)) for one in arguments):
            raise functions.bad_values(name)
        return function.run(self, *arguments)

    def _parameter(self, name: str) -> Value:
        return named(self.parameters, name, "parameter", "https://aka.ms/arm-syntax-parameters")

    def _variable(self, name: str) -> Value:
        """Work out a variable once; one that needs itself has no value."""
        key = name.lower()
        if key in self._known:
            return self._known[key]
        if key in self._pending:
            raise ExpressionRefused(
                f"The template variable '{name}' is not valid: circular dependency. Please see https://aka.ms/arm-syntax-variables "
                "for usage details."
            )
        raw = named(self.variables, name, "variable", "https://aka.ms/arm-syntax-variables")
        self._pending.add(key)
        try:
            plain = replace(self, loops={}, local={})
            found = plain.unrolled(raw) if isinstance(raw, LoopVariable) else plain.value(raw)
            if len(orjson.dumps(found)) > _LARGEST_VALUE:
                raise ExpressionRefused(
                    f"The template variable '{name}' is larger than the limit of '{_LARGEST_VALUE}' bytes."
                )
            self._known[key] = found
        finally:
            self._pending.discard(key)
        return self._known[key]

    def _index(self, *arguments: Value) -> int:
        name = next((one for one in arguments if isinstance(one, str)), "")
        offset = next((one for one in arguments if isinstance(one, int)), 0)
        index = self.loops.get(name.lower())
        if index is None:
            raise _not_here("copyIndex")
        return index + offset

    def _resource_id(self, *arguments: str) -> str:
        before, kind, names = split_arguments(list(arguments))
        scope = self.facts.scope
        if before:
            subscription = before[0] if len(before) == 2 or ("-" in before[0] and len(before[0]) == 36) else None
            above = f"/subscriptions/{subscription}" if subscription else self._subscription_scope()
            group = before[-1] if len(before) == 2 or subscription is None else None
            scope = f"{above}/resourceGroups/{group}" if group else above
        return resource_id(scope, kind, *names)

    def _subscription_id(self, *arguments: str) -> str:
        before, kind, names = split_arguments(list(arguments))
        return resource_id(f"/subscriptions/{before[0]}" if before else self._subscription_scope(), kind, *names)

    def _subscription_scope(self) -> str:
        if self.facts.subscription is None:
            raise _not_here("subscription")
        return str(self.facts.subscription["id"])

    def _reference(self, name: str, version: str | None = None, detail: str = "") -> Value:
        return self.runtime.read(name, version, is_full=detail.lower() == "full")

    def _references(self, name: str, detail: str = "") -> list[Value]:
        found = self.runtime.read(f"{name}[*]", None, is_full=detail.lower() == "full")
        return list(found)

    def _listed(self, function: str, name: str, version: str | None = None, body: Value = None) -> Value:
        return self.runtime.list(function, name, version, body)

    def _resource_info(self, symbol: str) -> Value:
        return {"id": self.runtime.locate(symbol)}

    def _place(self, what: str) -> Value:
        found = self.facts.subscription if what == "subscription" else self.facts.group
        if found is None:
            raise _not_here(what)
        return dict(found)

    def _local(self, name: str) -> Value:
        return named(self.local, name, "lambda variable", "https://aka.ms/arm-functions")

    def _if(self, tree: Invocation) -> Value:
        if len(tree.arguments) != 3:
            return functions.call("if", [None] * len(tree.arguments))
        condition, then, otherwise = tree.arguments
        decided = self.result(condition)
        if not isinstance(decided, bool):
            raise ExpressionRefused(
                "The template language function 'if' expects its first parameter to be of type boolean."
            )
        return self.result(then if decided else otherwise)

    def _over(self, tree: Invocation) -> Value:
        """Run `map`, `filter` or `toObject`: a list, and lambdas of one variable."""
        name, makers = tree.name.lower(), tree.arguments[1:]
        items = self.result(tree.arguments[0]) if tree.arguments else None
        if not isinstance(items, list) or not makers or not all(_is_lambda(maker) for maker in makers):
            raise ExpressionRefused(f"The template language function '{tree.name}' expects an array and a lambda.")
        rows = [self._counted([self._applied(maker, item) for maker in makers]) for item in items]
        if name == "map":
            return [row[0] for row in rows]
        if name == "filter":
            return [item for item, row in zip(items, rows, strict=True) if row[0] is True]
        return {str(row[0]): (row[1] if len(row) > 1 else item) for item, row in zip(items, rows, strict=True)}

    def _applied(self, maker: Expression, item: Value) -> Value:
        if not isinstance(maker, Invocation):
            raise ExpressionRefused("A lambda is expected.")
        *names, body = maker.arguments
        first = self.result(names[0]) if names else ""
        return replace(self, local={**self.local, str(first).lower(): item}).result(body)

    def _tenant_resource_id(self, *arguments: str) -> str:
        kind, names = _plain(*arguments)
        return resource_id("", kind, *names)

    def _extension_id(self, scope: str, *arguments: str) -> str:
        kind, names = _plain(*arguments)
        return resource_id(scope.rstrip("/"), kind, *names)

    def _subscription(self) -> Value:
        return self._place("subscription")

    def _group(self) -> Value:
        return self._place("resourceGroup")

    _LAZY: ClassVar[dict[str, Callable[[Evaluator, Invocation], Value]]] = {
        "if": _if,
        "map": _over,
        "filter": _over,
        "toobject": _over,
    }
    _CONTEXTUAL: ClassVar[dict[str, functions.Function]] = {
        "copyindex": functions.Function(_index, 0, 2),
        "extensionresourceid": functions.Function(_extension_id, 3, _MOST_ARGUMENTS),
        "lambdavariables": functions.Function(_local, 1, 1),
        "parameters": functions.Function(_parameter, 1, 1),
        "reference": functions.Function(_reference, 1, 3),
        "references": functions.Function(_references, 1, 2),
        "resourcegroup": functions.Function(_group, 0, 0),
        "resourceid": functions.Function(_resource_id, 2, _MOST_ARGUMENTS),
        "resourceinfo": functions.Function(_resource_info, 1, 1),
        "subscription": functions.Function(_subscription, 0, 0),
        "subscriptionresourceid": functions.Function(_subscription_id, 2, _MOST_ARGUMENTS),
        "tenantresourceid": functions.Function(_tenant_resource_id, 2, _MOST_ARGUMENTS),
        "variables": functions.Function(_variable, 1, 1),
    }


def _is_lambda(tree: Expression) -> bool:
    return isinstance(tree, Invocation) and tree.name.lower() == "lambda" and bool(tree.arguments)


class LoopVariable(dict[str, Any]):  # Any: JSON
    """A variable that is a loop: `count` and `input`."""


def is_property_copy(value: Value) -> bool:
    """Tell whether the value of a member `copy` is a list of loops, which make members."""
    return isinstance(value, list) and all(
        isinstance(one, dict) and {"name", "count", "input"} <= set(one) for one in value
    )


def _plain(*arguments: str) -> tuple[str, list[str]]:
    before, kind, names = split_arguments(list(arguments))
    if before:
        raise functions.bad_values("resourceId")
    return kind, names
