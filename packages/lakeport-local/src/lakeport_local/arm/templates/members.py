"""Members of values, and values by name: names compare without case.

Source: Azure Resource Manager, "Template syntax and expressions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm.templates.refusals import ExpressionRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport_local.arm.templates.functions import Value


def member(whole: Value, key: Value) -> Value:
    """Return a member of an object, whose names compare without case, or an item of a list.

    Raises:
        ExpressionRefused: There is none.
    """
    if isinstance(whole, dict) and isinstance(key, str):
        if key in whole:
            return whole[key]
        found = next((name for name in whole if name.lower() == key.lower()), None)
        if found is None:
            raise ExpressionRefused(
                f"The language expression property '{key}' doesn't exist, available properties are '{', '.join(whole)[:512]}'. Please "
                "see https://aka.ms/arm-functions for usage details."
            )
        return whole[found]
    if isinstance(whole, list) and isinstance(key, int) and not isinstance(key, bool):
        if not 0 <= key < len(whole):
            raise ExpressionRefused(
                f"The language expression property array index '{key}' is out of bounds. Please see https://aka.ms/arm-functions for "
                "usage details."
            )
        return whole[key]
    raise ExpressionRefused(
        f"The language expression property '{str(key)[:128]}' can't be evaluated, its target is no object or array."
    )


def named(values: Mapping[str, Value], name: Value, what: str, where: str) -> Value:
    """Return a value by its name, compared without case.

    Args:
        values: By name.
        name: Which.
        what: What the values are, for the refusal.
        where: Where that is explained.

    Raises:
        ExpressionRefused: There is none of this name.
    """
    wanted = str(name).lower()
    for key, value in values.items():
        if key.lower() == wanted:
            return value
    raise ExpressionRefused(
        f"The template {what} '{str(name)[:128]}' is not found. Please see {where} for usage details."
    )
