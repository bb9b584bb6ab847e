"""JSON as the deployment engine reads it: with comments, single quotes, names without quotes, and commas at the end.

The Azure CLI sends `template:` without quotes, and a template with the comments of its file. Source: the Azure CLI's own requests;
Azure Resource Manager, "Template syntax: comments".
"""

from __future__ import annotations

import re

import orjson

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<single>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_$][\w$-]*)
  | (?P<number>-?\d[\d.eE+-]*)
  | (?P<sign>[{}\[\]:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUES = frozenset({"true", "false", "null"})


def strict(data: bytes) -> bytes:
    """Return the same document as strict JSON; what is no such document comes back as it was.

    Example:
        >>> strict(b"{a: 'b', /* c */ d: [1,],}")
        b'{"a":"b","d":[1]}'
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    parts: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return data
        at = match.end()
        _add(parts, str(match.lastgroup), match[0])
    return "".join(parts).encode()


def _add(parts: list[str], kind: str, token: str) -> None:
    if kind == "space":
        return
    if kind == "single":
        token = orjson.dumps(token[1:-1].replace("\\'", "'").replace('\\"', '"')).decode()
    elif kind == "word" and token not in _VALUES:
        token = f'"{token}"'
    elif token in {"}", "]"} and parts and parts[-1] == ",":
        parts.pop()
    parts.append(token)
