"""Files that other programs brought along, read as they are: `config.json` and `.env`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakeport.errors import BadFile
from lakeport.profiles import dotenv
from lakeport.profiles.model import KEYS, Value
from lakeport.profiles.secrets import Secret

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "azure"
"""The object of a `config.json` that is about Azure."""


def is_file(name: str) -> bool:
    """Tell if a profile's name is the path of such a file.

    Example:
        >>> is_file("config.json"), is_file("./prod.env"), is_file("contoso")
        (True, True, False)
    """
    return name.endswith((".json", ".env"))


def values_of(path: Path) -> dict[str, Value]:
    """Return the values that a file gives a profile.

    A `config.json` has them in an object `azure`, by our keys; an environment file by the variables' names. Whatever
    else is in the file is somebody else's.

    Raises:
        BadFile: It cannot be read or understood, or has nothing for a profile.
    """
    found = _of_json(path) if path.suffix == ".json" else _of_environment(path)
    if not found:
        raise BadFile(f"{path}: nothing in it is of a profile", hint=f"Keys: {', '.join(KEYS)}")
    origin = str(path)
    return {
        key: Value(Secret(text=text) if KEYS[key].secret else _placed(path, key, text), origin)
        for key, text in found.items()
    }


def _placed(path: Path, key: str, text: str) -> str:
    return str(path.parent / text) if KEYS[key].is_path and not text.startswith("~") else text


def _of_environment(path: Path) -> dict[str, str]:
    variables = dotenv.read(path)
    both = ((key.name, variables.get(key.variable) or variables.get(key.azure)) for key in KEYS.values())
    return {name: text for name, text in both if text}


def _of_json(path: Path) -> dict[str, str]:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))  # Any: JSON
    except json.JSONDecodeError as error:
        raise BadFile(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadFile(f"cannot read {path}: {reason}") from error
    section = document.get(SECTION) if isinstance(document, dict) else None
    if not isinstance(section, dict):
        raise BadFile(
            f'{path}:1:1: there is no object "{SECTION}" in it', hint=f'Write {{"{SECTION}": {{"tenant_id": ...}}}}'
        )
    return {key: text for key, text in section.items() if key in KEYS and isinstance(text, str) and text}
