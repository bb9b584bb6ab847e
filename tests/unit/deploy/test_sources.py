"""Bicep and its compiled JSON say the same; bash and PowerShell run the same commands of az."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
TEMPLATES = ("provider/main", "consumer/main", "consumer/function")


def sources(name: str) -> tuple[str, dict[str, Any]]:
    bicep = (DEPLOY / f"{name}.bicep").read_text()
    compiled: dict[str, Any] = json.loads((DEPLOY / f"{name}.json").read_text())
    return bicep, compiled


def literals(document: object, name: str = "") -> list[tuple[str, str]]:
    """Return every member with a plain value, as Bicep writes it; what is an expression is left out."""
    if isinstance(document, dict):
        return [pair for key, value in document.items() for pair in literals(value, key)]
    if isinstance(document, list):
        return [pair for value in document for pair in literals(value, name)]
    if isinstance(document, str) and document.startswith("["):
        return []
    return [(name, json.dumps(document) if isinstance(document, bool) else str(document))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_parameters_variables_and_outputs_are_the_same(name: str) -> None:
    bicep, compiled = sources(name)
    parameters = dict(re.findall(r"^param (\w+) (\w+)", bicep, re.MULTILINE))
    assert {key: one["type"] for key, one in compiled["parameters"].items()} == parameters
    descriptions = [text.replace("\\'", "'") for text in re.findall(r"@description\('((?:[^'\\]|\\.)*)'\)", bicep)]
    told = [one["metadata"]["description"] for one in compiled["parameters"].values()]
    assert sorted(descriptions) == sorted(told)
    limits = [int(n) for n in re.findall(r"@m(?:in|ax)Length\((\d+)\)", bicep)]
    suffix = compiled["parameters"]["suffix"]
    assert limits == [suffix["minLength"], suffix["maxLength"]]
    assert {key: one["type"] for key, one in compiled["outputs"].items()} == dict(
        re.findall(r"^output (\w+) (\w+)", bicep, re.MULTILINE)
    )
    guids = re.findall(r"^var (\w+) = .*'([0-9a-f-]{36})'\)", bicep, re.MULTILINE)
    assert {key: value.split("'")[3] for key, value in compiled["variables"].items()} == dict(guids)


@pytest.mark.parametrize("name", TEMPLATES)
def test_resources_are_the_same(name: str) -> None:
    bicep, compiled = sources(name)
    declared = re.findall(r"^resource (\w+) '([^'@]+)@([^']+)' = \{$(.*?)^\}$", bicep, re.MULTILINE | re.DOTALL)
    made = compiled["resources"]
    assert [(one["type"], one["apiVersion"]) for one in made] == [(kind, version) for _, kind, version, _ in declared]
    for (_, _, _, body), one in zip(declared, made, strict=True):
        plain = re.findall(r"^\s*(\w+): (?:'((?:[^'$\\]|\\.)*)'|(true|false|\d+))$", body, re.MULTILINE)
        expected = Counter((key, text or other) for key, text, other in plain)
        own = {key: value for key, value in one.items() if key not in {"type", "apiVersion", "dependsOn"}}
        assert Counter(literals(own)) == expected
        prefixes = re.findall(r"^  name: '([a-z-]*)\$\{", body, re.MULTILINE)
        assert all(f"format('{prefix}{{0}}'" in one["name"] for prefix in prefixes if prefix)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_waited_for_is_made_in_the_same_template(name: str) -> None:
    _, compiled = sources(name)
    bracketed = {
        f"resourceId('{one['type']}', {one['name'][1:-1]})" for one in compiled["resources"] if "/" not in one["name"]
    }
    waited = {text[1:-1] for one in compiled["resources"] for text in one.get("dependsOn", [])}
    assert waited <= bracketed


def commands(text: str) -> Counter[str]:
    """Return which commands of az a script runs."""
    found = re.findall(r"(?:Invoke-Az|\baz)((?: [a-z][a-z-]*)+)(?= --| \\|\"| '|$)", text, re.MULTILINE)
    return Counter(words.strip() for words in found)


@pytest.mark.parametrize(("bash", "powershell"), [("create", "Create"), ("remove", "Remove"), ("roles", "Roles")])
def test_powershell_runs_the_commands_that_bash_runs(bash: str, powershell: str) -> None:
    texts = [(DEPLOY / "scripts" / name).read_text() for name in (f"{bash}.sh", f"{powershell}.ps1")]
    one, other = (
        commands(re.sub(r"<#.*?#>|^\s*#.*?$", "", text, flags=re.DOTALL | re.MULTILINE).replace("az ad sp show", ""))
        for text in texts
    )
    assert set(one) == set(other)
    assert len(one) > 1


@pytest.mark.parametrize("script", sorted((DEPLOY / "scripts").glob("*.ps1")), ids=lambda path: str(path.name))
def test_a_powershell_script_closes_what_it_opens(script: Path) -> None:
    text = re.sub(r"<#.*?#>|#[^\n]*|'[^'\n]*'|\"[^\"\n]*\"", "", script.read_text(), flags=re.DOTALL)
    opened: list[str] = []
    for sign in re.findall(r"[(){}\[\]]", text):
        if sign in "({[":
            opened.append(sign)
        else:
            assert opened.pop() + sign in {"()", "{}", "[]"}
    assert opened == []


def test_the_dev_container_is_json() -> None:
    described = json.loads((DEPLOY.parent / ".devcontainer" / "devcontainer.json").read_text())
    assert described["postCreateCommand"] == "make setup"
