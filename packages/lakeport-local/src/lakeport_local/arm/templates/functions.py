"""The functions of the language that need nothing but their arguments, as one table.

Names compare without case. Source: Azure Resource Manager, "ARM template functions".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, unquote, urljoin

import orjson

from lakeport_local.arm.templates.hashing import guid, unique_string
from lakeport_local.arm.templates.refusals import ExpressionRefused

if TYPE_CHECKING:
    from collections.abc import Callable

Value: TypeAlias = Any  # Any: JSON

_UNBOUNDED = 10_000
_LONGEST_TEXT = 131_072
_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?::([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many arguments it takes."""

    run: Callable[..., Value]
    least: int
    most: int


def text_of(value: Value) -> str:
    """Return a value as a text, as `string` does."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    return orjson.dumps(value).decode()


def call(name: str, arguments: list[Value]) -> Value:
    """Return what a function of the table gives.

    Raises:
        ExpressionRefused: There is none of this name, or it does not take these arguments.
    """
    function = FUNCTIONS.get(name.lower())
    if function is None:
        raise ExpressionRefused(
            f"The template function '{name[:64]}' is not valid. Please see https://aka.ms/arm-functions for usage details."
        )
    require_count(name, function, arguments)
    try:
        return function.run(*arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, ZeroDivisionError) as error:
        raise bad_values(name) from error


def bad_values(name: str) -> ExpressionRefused:
    """Return the refusal of arguments of the wrong types."""
    return ExpressionRefused(
        f"The template language function '{name}' was given values that it does not take. Please see "
        "https://aka.ms/arm-functions for usage details."
    )


def require_count(name: str, function: Function, arguments: list[Value]) -> None:
    """Require as many arguments as a function takes.

    Raises:
        ExpressionRefused: There are fewer, or more.
    """
    if not function.least <= len(arguments) <= function.most:
        raise ExpressionRefused(
            f"Unable to evaluate template language function '{name}': function requires {_count(function)} while "
            f"'{len(arguments)}' were provided. Please see https://aka.ms/arm-functions for usage details."
        )


def _count(function: Function) -> str:
    if function.least == function.most:
        return f"'{function.least}' argument(s)"
    return (
        f"'{function.least}' argument(s) at least"
        if function.most == _UNBOUNDED
        else f"'{function.least}' to '{function.most}' argument(s)"
    )


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _bounded(value: str) -> str:
    if len(value) > _LONGEST_TEXT:
        raise ValueError(len(value))
    return value


def _concat(*values: Value) -> Value:
    if all(isinstance(value, list) for value in values):
        return [one for value in values for one in value]
    if any(isinstance(value, list | dict) for value in values):
        raise TypeError(values)
    return _bounded("".join(text_of(value) for value in values))


def _format(template: str, *values: Value) -> str:
    """Fill `{0}` and `{0:D3}`, `{0:00}`, `{0:X}`; doubled braces are braces."""

    def filled(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        return _shaped(values[int(match[1])], match[2] or "")

    return _bounded(_HOLE.sub(filled, _text(template)))


def _shaped(value: Value, shape: str) -> str:
    if not shape or not isinstance(value, int) or isinstance(value, bool):
        return text_of(value)
    kind, width = shape[0].upper(), shape[1:]
    if kind in {"D", "X"} and (not width or width.isdecimal()):
        digits = min(int(width or 0), 99)
        return f"{value:0{digits}d}" if kind == "D" else f"{value:0{digits}{shape[0]}}"
    return f"{value:0{len(shape)}d}" if set(shape) == {"0"} else str(value)


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else _number(start) + _number(length)
    if start < 0 or start > len(text) or end > len(text) or end < start:
        raise ExpressionRefused(
            "Unable to evaluate template language function 'substring': the index and length parameters must refer to a location "
            "within the string. The length of the string is '"
            f"{len(text)}'. Please see https://aka.ms/arm-functions#substring for usage details."
        )
    return _text(text)[start:end]


def _take(whole: Value, count: int) -> Value:
    if not isinstance(whole, str | list):
        raise TypeError(whole)
    return whole[: max(_number(count), 0)]


def _skip(whole: Value, count: int) -> Value:
    if not isinstance(whole, str | list):
        raise TypeError(whole)
    return whole[max(_number(count), 0) :]


def _split(text: str, by: str | list[str]) -> list[str]:
    separators = [by] if isinstance(by, str) else by
    return re.split("|".join(re.escape(_text(one)) for one in separators), _text(text))


def _contains(whole: Value, part: Value) -> bool:
    if isinstance(whole, str):
        return text_of(part) in whole
    if isinstance(whole, dict):
        return _text(part).lower() in {name.lower() for name in whole}
    if isinstance(whole, list):
        return any(_equals(one, part) for one in whole)
    raise TypeError(whole)


def _equals(one: Value, other: Value) -> bool:
    return type(one) is type(other) and bool(one == other)


def _union(*values: Value) -> Value:
    if all(isinstance(value, list) for value in values):
        found: list[Value] = []
        for value in values:
            found += [one for one in value if one not in found]
        return found
    merged: dict[str, Value] = {}
    for value in values:
        merged = _merged(merged, value)
    return merged


def _merged(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    merged = dict(one)
    for name, value in dict(other).items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _intersection(*values: Value) -> Value:
    first, *others = values
    if isinstance(first, list):
        return [one for one in first if all(one in other for other in others)]
    return {name: value for name, value in first.items() if all(other.get(name, ...) == value for other in others)}


def _create_object(*parts: Value) -> dict[str, Value]:
    if len(parts) % 2:
        raise ValueError(len(parts))
    return {_text(name): value for name, value in zip(parts[::2], parts[1::2], strict=True)}


def _range(start: int, count: int) -> list[int]:
    if not 0 <= _number(count) <= _UNBOUNDED:
        raise ValueError(count)
    return list(range(_number(start), start + count))


def _int(value: Value) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    return int(value)


def _bool(value: Value) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    if isinstance(value, bool | int):
        return bool(value)
    raise TypeError(value)


def _empty(value: Value) -> bool:
    if value is None:
        return True
    if not isinstance(value, str | list | dict):
        raise TypeError(value)
    return len(value) == 0


def _first(value: Value) -> Value:
    return value[0] if value else ("" if isinstance(value, str) else None)


def _last(value: Value) -> Value:
    return value[-1] if value else ("" if isinstance(value, str) else None)


def _least(*values: Value) -> int:
    return min(values[0] if isinstance(values[0], list) else map(_number, values))


def _greatest(*values: Value) -> int:
    return max(values[0] if isinstance(values[0], list) else map(_number, values))


def _try_get(whole: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(whole, dict):
            whole = next((value for name, value in whole.items() if name.lower() == _text(key).lower()), None)
        elif isinstance(whole, list) and 0 <= _number(key) < len(whole):
            whole = whole[key]
        else:
            return None
    return whole


def _base64(text: str) -> str:
    return base64.b64encode(_text(text).encode()).decode()


def _unbase64(text: str) -> str:
    return base64.b64decode(_text(text), validate=True).decode()


def _quotient(one: int, other: int) -> int:
    """Divide and drop the fraction, towards zero."""
    whole = abs(_number(one)) // abs(_number(other))
    return whole if (one < 0) == (other < 0) else -whole


def _flatten(lists: list[Value]) -> list[Value]:
    return [one for inner in lists for one in inner]


def _items(whole: dict[str, Value]) -> list[Value]:
    return [{"key": name, "value": whole[name]} for name in sorted(whole, key=str.lower)]


def _join(parts: list[Value], by: str) -> str:
    return _bounded(_text(by).join(text_of(part) for part in parts))


def _replace(text: str, old: str, new: str) -> str:
    return _bounded(_text(text).replace(_text(old), _text(new)))


def _length(value: Value) -> int:
    if not isinstance(value, str | list | dict):
        raise TypeError(value)
    return len(value)


def _pad(value: Value, width: int, filler: str = " ") -> str:
    if not 0 <= _number(width) <= 16:
        raise ValueError(width)
    return text_of(value).rjust(width, _text(filler))


FUNCTIONS: dict[str, Function] = {
    "add": Function(lambda one, other: _number(one) + _number(other), 2, 2),
    "and": Function(lambda *values: all(map(_truth, values)), 2, _UNBOUNDED),
    "array": Function(lambda value: value if isinstance(value, list) else [value], 1, 1),
    "base64": Function(_base64, 1, 1),
    "base64tostring": Function(_unbase64, 1, 1),
    "bool": Function(_bool, 1, 1),
    "coalesce": Function(lambda *values: next((one for one in values if one is not None), None), 1, _UNBOUNDED),
    "concat": Function(_concat, 1, _UNBOUNDED),
    "contains": Function(_contains, 2, 2),
    "createarray": Function(lambda *values: list(values), 0, _UNBOUNDED),
    "createobject": Function(_create_object, 0, _UNBOUNDED),
    "div": Function(_quotient, 2, 2),
    "empty": Function(_empty, 1, 1),
    "endswith": Function(lambda text, end: _text(text).lower().endswith(_text(end).lower()), 2, 2),
    "equals": Function(_equals, 2, 2),
    "false": Function(lambda: False, 0, 0),
    "first": Function(_first, 1, 1),
    "flatten": Function(_flatten, 1, 1),
    "format": Function(_format, 1, _UNBOUNDED),
    "greater": Function(lambda one, other: bool(one > other), 2, 2),
    "greaterorequals": Function(lambda one, other: bool(one >= other), 2, 2),
    "guid": Function(lambda *texts: guid(*map(_text, texts)), 1, _UNBOUNDED),
    "indexof": Function(lambda text, part: _text(text).lower().find(_text(part).lower()), 2, 2),
    "int": Function(_int, 1, 1),
    "intersection": Function(_intersection, 2, _UNBOUNDED),
    "items": Function(_items, 1, 1),
    "join": Function(_join, 2, 2),
    "json": Function(lambda text: orjson.loads(_text(text)), 1, 1),
    "last": Function(_last, 1, 1),
    "lastindexof": Function(lambda text, part: _text(text).lower().rfind(_text(part).lower()), 2, 2),
    "length": Function(_length, 1, 1),
    "less": Function(lambda one, other: bool(one < other), 2, 2),
    "lessorequals": Function(lambda one, other: bool(one <= other), 2, 2),
    "max": Function(_greatest, 1, _UNBOUNDED),
    "min": Function(_least, 1, _UNBOUNDED),
    "mod": Function(lambda one, other: _number(one) - _quotient(one, other) * other, 2, 2),
    "mul": Function(lambda one, other: _number(one) * _number(other), 2, 2),
    "not": Function(lambda value: not _truth(value), 1, 1),
    "null": Function(lambda: None, 0, 0),
    "or": Function(lambda *values: any(map(_truth, values)), 2, _UNBOUNDED),
    "padleft": Function(_pad, 2, 3),
    "range": Function(_range, 2, 2),
    "replace": Function(_replace, 3, 3),
    "shallowmerge": Function(lambda objects: {name: value for one in objects for name, value in one.items()}, 1, 1),
    "skip": Function(_skip, 2, 2),
    "split": Function(_split, 2, 2),
    "startswith": Function(lambda text, start: _text(text).lower().startswith(_text(start).lower()), 2, 2),
    "string": Function(text_of, 1, 1),
    "sub": Function(lambda one, other: _number(one) - _number(other), 2, 2),
    "substring": Function(_substring, 2, 3),
    "take": Function(_take, 2, 2),
    "tolower": Function(lambda text: _text(text).lower(), 1, 1),
    "toupper": Function(lambda text: _text(text).upper(), 1, 1),
    "trim": Function(lambda text: _text(text).strip(), 1, 1),
    "true": Function(lambda: True, 0, 0),
    "tryget": Function(_try_get, 2, _UNBOUNDED),
    "union": Function(_union, 1, _UNBOUNDED),
    "uniquestring": Function(lambda *texts: unique_string(*map(_text, texts)), 1, _UNBOUNDED),
    "uri": Function(lambda base, path: urljoin(_text(base), _text(path)), 2, 2),
    "uricomponent": Function(lambda text: quote(_text(text), safe=""), 1, 1),
    "uricomponenttostring": Function(lambda text: unquote(_text(text)), 1, 1),
}
"""Every function by its name in lower case; those that look at the deployment are `evaluation`'s."""
