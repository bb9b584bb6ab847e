"""What programs may use says what it takes and what it gives."""

from __future__ import annotations

import inspect
import re

from tests import surface

GIVES = re.compile(r"^(Return|Yield|Tell|Give|Let|Make|Open|Load|Do|Add|Send|Take|Say|Find|Read|Write|Look|Bring)\b")
"""How a first line begins that says what the caller gets."""


def lacking(function: surface.Function) -> list[str]:
    text, signature = inspect.getdoc(function) or "", inspect.signature(function)
    first = text.partition("\n")[0]
    parameters = [name for name in signature.parameters if name not in {"self", "cls"}]
    lacks = [one for one in parameters if not re.search(rf"^ +{one}: \S", text, re.MULTILINE)]
    says = GIVES.match(first) or "Returns:" in text or "Yields:" in text
    if signature.return_annotation not in {"None", None} and not says:
        lacks.append("what it returns")
    if not first.endswith((".", ":")) or len(first) > 140:
        lacks.append("a first line that is a sentence")
    return lacks


def test_every_public_function_says_what_it_takes_and_gives() -> None:
    found = {name: lacking(function) for name, function in surface.functions().items()}
    assert len(found) > 150
    assert {name: lacks for name, lacks in found.items() if lacks} == {}
