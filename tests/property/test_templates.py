"""Whatever stands in a template is worked out or refused in a sentence: no text, no argument, no shape becomes a failure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeport_local.arm.templates import functions
from lakeport_local.arm.templates.evaluation import Evaluator, Facts
from lakeport_local.arm.templates.parameters import values
from lakeport_local.arm.templates.planning import plan, variables
from lakeport_local.arm.templates.refusals import ExpressionRefused
from lakeport_local.core import ServiceError

QUIET = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
GROUP = "/subscriptions/s/resourceGroups/g"
HERE = Evaluator(
    Facts(GROUP, {"id": "/subscriptions/s"}, {"id": GROUP, "location": "westeurope"}),
    parameters={"p": [1, {"a": "b"}]},
    variables={"v": "[parameters('p')]"},
)
CONTEXTUAL = [
    "resourceId",
    "copyIndex",
    "parameters",
    "reference",
    "map",
    "filter",
    "toObject",
    "lambda",
    "if",
    "variables",
    "listKeys",
]
CONTEXTUAL += ["extensionResourceId", "resourceInfo", "references", "subscription", "lambdaVariables"]
PIECES = [
    "concat",
    "(",
    ")",
    "'",
    "''",
    "[",
    "]",
    ".",
    ",",
    "1",
    "-1",
    "p",
    "parameters('p')",
    " ",
    "format('{0}{9}', 1)",
    "'a'",
    "x.y",
    "[[",
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 20_000)
    | st.text(max_size=5)
    | st.sampled_from(["[parameters('p')]", "[nope()]", "{0}", "[x", "a/b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@QUIET
@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=10))
def test_any_text_is_an_expression_or_refused(pieces: list[str]) -> None:
    with suppress(ExpressionRefused):
        HERE.value(f"[{''.join(pieces)}]")


@QUIET
@given(name=st.sampled_from(sorted(functions.FUNCTIONS)), arguments=st.lists(JSON, max_size=4))
def test_a_function_takes_its_arguments_or_refuses_them(name: str, arguments: list[Any]) -> None:
    with suppress(ExpressionRefused):
        functions.call(name, arguments)


@QUIET
@given(
    name=st.sampled_from(CONTEXTUAL),
    arguments=st.lists(
        st.sampled_from(
            ["'a'", "'Microsoft.A/b'", "1", "parameters('p')", "null()", "lambda('x', 1)", "lambda()", "true()"]
        ),
        max_size=4,
    ),
)
def test_a_function_of_the_deployment_answers_or_refuses(name: str, arguments: list[str]) -> None:
    with suppress(ExpressionRefused):
        HERE.value(f"[{name}({', '.join(arguments)})]")


RESOURCE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Microsoft.A/b", "Microsoft.Resources/deployments", "[parameters('p')]"]) | JSON,
        "name": st.sampled_from(["x", "[copyIndex()]", "[concat('a', copyIndex())]"]) | JSON,
        "apiVersion": st.sampled_from(["2020-01-01"]) | JSON,
    },
    optional={
        "copy": st.fixed_dictionaries({"name": st.just("l"), "count": st.integers(0, 3)}) | JSON,
        "condition": JSON,
        "dependsOn": st.lists(st.sampled_from(["x", "l", "[resourceId('Microsoft.A/b', 'x')]"]), max_size=2) | JSON,
        "scope": JSON,
        "properties": JSON,
        "resources": JSON,
        "existing": JSON,
        "resourceGroup": JSON,
    },
)
TEMPLATE = st.fixed_dictionaries(
    {
        "resources": st.lists(RESOURCE, max_size=3)
        | st.dictionaries(st.sampled_from(["r", "s"]), RESOURCE, max_size=2)
        | JSON
    },
    optional={
        "parameters": st.dictionaries(
            st.sampled_from(["p", "q"]),
            st.fixed_dictionaries({"type": st.sampled_from(["string", "int"])}) | JSON,
            max_size=2,
        ),
        "variables": st.dictionaries(st.sampled_from(["v", "copy"]), JSON, max_size=2),
        "definitions": st.dictionaries(st.sampled_from(["d"]), JSON, max_size=1),
    },
)


@QUIET
@given(template=TEMPLATE, given_=st.dictionaries(st.sampled_from(["p", "q", "z"]), JSON, max_size=2))
def test_any_shape_of_template_is_planned_or_refused(template: dict[str, Any], given_: dict[str, Any]) -> None:
    with suppress(ServiceError):
        found = values(template, given_, HERE)
        plan(template, Evaluator(HERE.facts, found, variables(template)))
