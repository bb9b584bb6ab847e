"""Secrets by reference: where to read one, never the text itself in a file of ours."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lakeport.errors import BadProfile


@dataclass(frozen=True)
class Secret:
    """A secret that is read when it is needed.

    Attributes:
        env: The environment variable that holds it, or empty.
        file: The file that holds it, or empty; one trailing newline is not part of it.
    """

    env: str = ""
    file: str = ""
    text: str = field(default="", repr=False)

    def reveal(self) -> str:
        """Return the secret.

        Raises:
            BadProfile: The variable is not set, or the file cannot be read.
        """
        if self.env:
            value = os.environ.get(self.env, "")
            if not value:
                raise BadProfile(
                    f"the environment variable {self.env} is not set", hint=f"Set {self.env} to the secret"
                )
            return value
        if self.file:
            try:
                return Path(self.file).expanduser().read_text(encoding="utf-8").removesuffix("\n")
            except OSError as error:
                raise BadProfile(f"cannot read the secret in {self.file}: {error.strerror}") from error
        return self.text

    def shown(self) -> str:
        """Return what may be printed: the reference, or stars."""
        if self.env:
            return f'{{env = "{self.env}"}}'
        return f'{{file = "{self.file}"}}' if self.file else "***"


def reference(value: object, where: str) -> Secret:
    """Return the secret that a file refers to.

    Args:
        value: What the file holds: a table with one of `env` and `file`.
        where: The file and key, for the error.

    Raises:
        BadProfile: It is a secret itself, or no reference.
    """
    form = 'write {env = "NAME"} or {file = "PATH"}'
    if isinstance(value, str):
        raise BadProfile(f"{where} holds a secret itself", hint=f"Files hold references only: {form}")
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= {"env", "file"}:
        raise BadProfile(f"{where} is no reference to a secret", hint=f"Next: {form}")
    name, target = next(iter(value.items()))
    if not isinstance(target, str) or not target:
        raise BadProfile(f"{where}.{name} must be a text", hint=f"Next: {form}")
    return Secret(**{name: str(target)})
