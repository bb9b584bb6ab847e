"""The language of templates: what expressions are, what functions give, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from lakeport_local.arm.templates.evaluation import Evaluator, Facts
from lakeport_local.arm.templates.expressions import parse
from lakeport_local.arm.templates.hashing import guid, unique_string
from lakeport_local.arm.templates.ordering import Circular, ordered
from lakeport_local.arm.templates.refusals import ExpressionRefused

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000084/resourceGroups/rg-p84"
HERE = Evaluator(
    Facts(GROUP, subscription={"id": GROUP.rsplit("/", 2)[0]}, group={"id": GROUP, "location": "westeurope"}),
    parameters={"Name": "Lake", "sizes": [1, 2], "shape": {"Deep": {"er": True}}},
    variables={"twice": "[concat(parameters('name'), parameters('name'))]", "loop": "[variables('loop')]"},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("[[not one]", "[not one]"),
        ("['it''s']", "it's"),
        ("[parameters('NAME')]", "Lake"),
        ("[variables('twice')]", "LakeLake"),
        ("[parameters('shape').deep.ER]", True),
        ("[parameters('sizes')[1]]", 2),
        ("[ add( 1 , -3 ) ]", -2),
        ("[format('{0}-{1:D3}-{{}}', 'a', 7)]", "a-007-{}"),
        ("[if(true(), 'yes', parameters('nothing'))]", "yes"),
        ("[toLower(concat('A', string(1), 'b'))]", "a1b"),
        ("[take('abcdef', 3)]", "abc"),
        ("[substring('abcdef', 2, 2)]", "cd"),
        ("[replace('a-b-c', '-', '')]", "abc"),
        ("[join(split('a,b;c', createArray(',', ';')), '/')]", "a/b/c"),
        (
            "[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))]",
            {"a": {"x": 1, "y": 2}},
        ),
        ("[coalesce(null(), '', 'x')]", ""),
        ("[contains(createArray('a', 'b'), 'B')]", False),
        ("[contains(createObject('aB', 1), 'Ab')]", True),
        ("[empty('')]", True),
        ("[length(range(3, 4))]", 4),
        ("[and(true(), not(false()), or(false(), equals(1, 1)))]", True),
        ("[equals('1', 1)]", False),
        ("[int('12')]", 12),
        ("[bool('TRUE')]", True),
        ("[json('{\"a\": [1]}').a[0]]", 1),
        ("[base64ToString(base64('ü'))]", "ü"),
        ("[tryGet(parameters('shape'), 'deep', 'none')]", None),
        ("[map(createArray(1, 2), lambda('n', mul(lambdaVariables('n'), 10)))]", [10, 20]),
        ("[filter(range(0, 5), lambda('n', greater(lambdaVariables('n'), 2)))]", [3, 4]),
        ("[toObject(createArray('a'), lambda('n', lambdaVariables('n')), lambda('n', 1))]", {"a": 1}),
        ("[resourceGroup().location]", "westeurope"),
        ("[resourceId('Microsoft.A/b/c', 'x', 'y')]", f"{GROUP}/providers/Microsoft.A/b/x/c/y"),
        (
            "[resourceId('other', 'Microsoft.A/b', 'x')]",
            f"{GROUP.rsplit('/', 1)[0]}/other/providers/Microsoft.A/b/x",
        ),
        ("[tenantResourceId('Microsoft.A/b', 'x')]", "/providers/Microsoft.A/b/x"),
        ("[extensionResourceId('/s', 'Microsoft.A/b', 'x')]", "/s/providers/Microsoft.A/b/x"),
        ("[subscriptionResourceId('Microsoft.A/b', 'x')]", f"{GROUP.rsplit('/', 2)[0]}/providers/Microsoft.A/b/x"),
        ("[subscriptionResourceId('S', 'Microsoft.A/b', 'x')]", "/subscriptions/S/providers/Microsoft.A/b/x"),
    ],
)
def test_an_expression_gives_its_value(text: str, value: Any) -> None:
    assert HERE.value(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[nothing()]", "The template function 'nothing' is not valid"),
        ("[parameters('x')]", "The template parameter 'x' is not found"),
        ("[variables('loop')]", "circular"),
        ("[concat('a'", None),
        ("[concat('a',)]", "unexpected"),
        ("[a.b.c]", "unexpected"),
        ("['a' 'b']", "unexpected"),
        ("[§]", "unexpected"),
        ("[take('a')]", "'1' were provided"),
        ("[substring('abc', 2, 2)]", "location within the string"),
        ("[if('true', 1, 2)]", "boolean"),
        ("[int('x')]", "values that it does not take"),
        ("[div(1, 0)]", "values that it does not take"),
        ("[parameters('sizes')[2]]", "out of bounds"),
        ("[parameters('shape').flat]", "available properties are 'Deep'"),
        ("[reference('x')]", "not expected at this location"),
        ("[listKeys('x', '1')]", "not expected at this location"),
        ("[copyIndex()]", "not expected at this location"),
        ("[newGuid()]", "is not valid"),
        ("[resourceId('x', 'y')]", "type is missing"),
        ("[resourceId('Microsoft.A/b/c', 'x')]", "requires '2'"),
        ("[map()]", "expects an array and a lambda"),
        ("[listKeys()]", "were provided"),
        ("[reference(1)]", "values that it does not take"),
        ("[range(0, 100000000)]", "values that it does not take"),
        ("[" + "not(" * 200 + "true()" + ")" * 200 + "]", "too deeply"),
        ("[" + "a" * 30_000 + "()]", "limit"),
    ],
)
def test_an_expression_without_a_value_is_refused_in_a_sentence(text: str, why: str | None) -> None:
    if why is None:  # no closing bracket: a text like any other
        assert HERE.value(text) == text
        return
    with pytest.raises(ExpressionRefused, match="(?s)" + why.replace("'", ".")):
        HERE.value(text)


def test_a_loop_in_a_document_becomes_a_list() -> None:
    document = {
        "copy": [{"name": "rules", "count": 2, "input": {"n": "[copyIndex('rules', 5)]"}}],
        "x": ["[concat('a')]"],
    }
    assert HERE.value(document) == {"rules": [{"n": 5}, {"n": 6}], "x": ["a"]}


def test_names_made_of_texts_are_those_of_the_real_service() -> None:
    # uniqueString: as the real Bicep computed it for a published sample; guid: RFC 4122 version 5 in Azure's name space
    assert unique_string(GROUP, "p84fixture") == "52p2c4jfs43ig"
    assert guid("a", "b") == guid("a-b") == "2d796349-8c7e-55ec-9624-54ece82ed031"
    assert len({unique_string("x" * size) for size in range(40)}) == 40


def test_a_short_template_cannot_ask_for_more_than_a_machine_has() -> None:
    doubled: dict[str, Any] = {"v0": [0] * 64}
    doubled |= {f"v{n}": f"[createArray(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 60)}
    with pytest.raises(ExpressionRefused, match="larger than the limit"):
        Evaluator(HERE.facts, variables=doubled).value("[variables('v59')]")
    many = "map(range(0, 10000), lambda('b', range(0, 10000)))"
    with pytest.raises(ExpressionRefused, match="more than the limit"):
        Evaluator(HERE.facts).value(f"[length({many})]")


def test_the_tree_of_an_expression_is_read_once() -> None:
    assert parse("[concat('a', 'b')]") is parse("[concat('a', 'b')]")


def test_what_is_needed_comes_first_and_circles_are_named() -> None:
    assert ordered({"c": frozenset({"b"}), "b": frozenset({"a", "elsewhere"}), "a": frozenset()}) == ["a", "b", "c"]
    with pytest.raises(Circular) as circle:
        ordered({"a": frozenset({"b"}), "b": frozenset({"a"}), "c": frozenset()})
    assert circle.value.key == "a"
