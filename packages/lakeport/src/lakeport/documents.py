"""YAML files read into types, with the line and column of whatever is wrong."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import msgspec
import yaml

from lakeport.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Positions = dict[str, tuple[int, int]]

_NESTING, _SHALLOW = "[{-?:", 400
_AT = re.compile(r" - at `([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")


def read(path: Path, into: type[T]) -> T:
    """Return what a YAML file says, as a value of a type.

    Raises:
        BadFile: It cannot be read, is not YAML, or does not have the type's form; the text names file, line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        hint = "Name the file, or run this where it is" if isinstance(error, FileNotFoundError) else ""
        raise BadFile(f"cannot read {path}: {reason}", hint=hint) from error
    return decode(text, into, str(path))


def decode(text: str, into: type[T], name: str) -> T:
    """Return what a YAML text says, as a value of a type.

    Args:
        text: The document.
        into: A `msgspec.Struct` that forbids unknown fields.
        name: What errors call the text.

    Raises:
        BadFile: It is not YAML, or does not have the type's form.
    """
    positions: Positions = {}
    try:
        root = _composed(text)
        _refuse_aliases(root, set(), name)
        data = _value(root, "$", positions, name) if root is not None else {}
    except RecursionError as error:
        raise BadFile(f"{name}: not YAML that can be meant: it is nested too deeply") from error
    except yaml.reader.ReaderError as error:
        raise BadFile(f"{name}: not YAML: character {error.character!r} at {error.position}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise BadFile(f"{where}: not YAML: {error.problem or error}") from error
    try:
        return msgspec.convert(data, into)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), into, positions, name) from error


def _composed(text: str) -> yaml.Node | None:
    """Return the document's nodes; libyaml reads ten times as fast, and the other loader says what is wrong.

    Only where little can be nested: that loader's recursion is bounded by nothing but the stack.
    """
    if yaml.__with_libyaml__ and sum(map(text.count, _NESTING)) <= _SHALLOW:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _refuse_aliases(node: yaml.Node | None, seen: set[int], name: str) -> None:
    """An alias could make a small file endless; nothing here needs one."""
    if not isinstance(node, yaml.CollectionNode):
        return
    if id(node) in seen:
        mark = node.start_mark
        raise BadFile(f"{name}:{mark.line + 1}:{mark.column + 1}: aliases are not understood", hint="Write it out")
    seen.add(id(node))
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            _refuse_aliases(one, seen, name)


def _value(node: yaml.Node, path: str, positions: Positions, name: str) -> Any:  # Any: YAML
    positions[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{path}[{index}]", positions, name) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return yaml.constructor.SafeConstructor().construct_object(node)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        if key in found:
            raise BadFile(f"{name}:{line}:{column}: the key {key!r} is there twice", hint="Keep one of them")
        found[key] = _value(value_node, f"{path}.{key}", positions, name)
        positions[f"{path}.{key}"] = (line, column)
    return found


def _refusal(said: str, into: type, positions: Positions, name: str) -> BadFile:
    at = _AT.search(said)
    path = at[1] if at else "$"
    text = said[: at.start()] if at else said
    unknown, missing = _UNKNOWN.search(text), _MISSING.search(text)
    if unknown:
        known = _fields(into, path)
        near = get_close_matches(unknown[1], known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}"
        return BadFile(f"{_where(positions, f'{path}.{unknown[1]}', name)}: unknown key {unknown[1]!r}", hint=hint)
    if missing:
        place = "" if path == "$" else f" in {path.removeprefix('$.')}"
        return BadFile(f"{_where(positions, path, name)}: the key {missing[1]!r} is missing{place}")
    key = path.removeprefix("$.").removeprefix("$")
    allowed = [str(one) for one in _choices(_type_at(into, path))]
    hint = f"Use one of: {', '.join(allowed)}" if allowed else ""
    return BadFile(f"{_where(positions, path, name)}: {key + ': ' if key else ''}{_plain(text)}", hint=hint)


def _where(positions: Positions, path: str, name: str) -> str:
    while path not in positions and len(path) > 1:
        path = path[: max(path.rfind("."), path.rfind("["), 1)]
    line, column = positions.get(path, (1, 1))
    return f"{name}:{line}:{column}"


_PLAIN = {"object": "keys and values", "str": "a text", "array": "a list", "int": "a number", "bool": "true or false"}


def _plain(text: str) -> str:
    def words(found: re.Match[str]) -> str:
        parts = [part for part in found[1].split(" | ") if part != "null"] or ["nothing"]
        return " or ".join(_PLAIN.get(part, part) for part in parts)

    text = re.sub(r"`([^`]*)`", words, text)
    return text.replace("Expected", "expected", 1).replace("Invalid enum value", "unknown value")


def _fields(into: type, path: str) -> list[str]:
    """The keys that the struct at a path of the document may have."""
    current = _struct_in(_type_at(into, path))
    return [field.encode_name for field in msgspec.structs.fields(current)] if current is not None else []


def _choices(annotation: Any) -> tuple[object, ...]:  # Any: type annotations
    """The values that a type lists, when it lists them; optional or not."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(value for part in get_args(annotation) for value in _choices(part))


def _type_at(into: type, path: str) -> Any:  # Any: type annotations
    current: Any = into
    for part in re.findall(r"\.([^.\[]+)|(\[)", path):
        current = _struct_in(current)
        if part[0] and current is not None:
            found = {field.encode_name: field.type for field in msgspec.structs.fields(current)}
            current = found.get(part[0])
    return current


def _struct_in(annotation: Any) -> Any:  # Any: type annotations
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    inner = (_struct_in(one) for one in getattr(annotation, "__args__", ()))
    return next((one for one in inner if one is not None), None)
