"""Secrets by reference: where to read one, never the text itself in a file of ours."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lakeport.errors import BadProfile, MissingExtra

WAYS = ("env", "file", "keyring", "key_vault")
"""How a file may refer to a secret."""


@dataclass(frozen=True)
class Secret:
    """A secret that is read when it is needed.

    Attributes:
        env: The environment variable that holds it, or empty.
        file: The file that holds it, or empty; one trailing newline is not part of it.
        keyring: Where this machine's keyring holds it, as `SERVICE/USER`, or empty.
        key_vault: The Key Vault secret that holds it, as `https://VAULT/secrets/NAME`, or empty.
    """

    env: str = ""
    file: str = ""
    keyring: str = ""
    key_vault: str = ""
    text: str = field(default="", repr=False)

    def reveal(self) -> str:
        """Return a secret that this machine holds.

        Raises:
            BadProfile: The variable is not set, the file cannot be read, the keyring has no such entry, or a vault holds
                it (`identity.reveal` asks vaults).
        """
        if self.env:
            return _from_environment(self.env)
        if self.file:
            return _from_file(self.file)
        if self.keyring:
            return _from_keyring(self.keyring)
        if self.key_vault:
            raise BadProfile(f"the secret is in {self.key_vault}, which has to be asked")
        return self.text

    def reference(self) -> dict[str, str]:
        """Return what a file may hold in the secret's place; empty when there is only the secret itself."""
        return {name: getattr(self, name) for name in WAYS if getattr(self, name)}

    def shown(self) -> str:
        """Return what may be printed: the reference, or stars."""
        return next((f'{{{way} = "{target}"}}' for way, target in self.reference().items()), "***")


def _from_environment(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise BadProfile(f"the environment variable {variable} is not set", hint=f"Set {variable} to the secret")
    return value


def _from_file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadProfile(f"cannot read the secret in {path}: {reason}") from error


def _from_keyring(place: str) -> str:
    try:
        import keyring  # noqa: PLC0415  (an extra)
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("keyring is not installed", hint="Next: pip install 'lakeport[keyring]'") from None
    service, _, user = place.rpartition("/")
    try:
        found = keyring.get_password(service, user)
    except KeyringError as error:
        raise BadProfile(f"the keyring cannot be asked for {place}: {error}") from error
    if found is None:
        raise BadProfile(f"the keyring has no {place}", hint=f"Next: keyring set {service} {user}")
    return str(found)


def reference(value: object, where: str) -> Secret:
    """Return the secret that a file refers to.

    Args:
        value: What the file holds: a table with one of `WAYS`.
        where: The file and key, for the error.

    Raises:
        BadProfile: It is a secret itself, or no reference.
    """
    form = 'write {env = "NAME"}, {file = "PATH"}, {keyring = "SERVICE/USER"} or {key_vault = "https://VAULT/secrets/NAME"}'
    if isinstance(value, str):
        raise BadProfile(f"{where} holds a secret itself", hint=f"Files hold references only: {form}")
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= set(WAYS):
        raise BadProfile(f"{where} is no reference to a secret", hint=f"Next: {form}")
    name, target = next(iter(value.items()))
    if not isinstance(target, str) or not target:
        raise BadProfile(f"{where}.{name} must be a text", hint=f"Next: {form}")
    return Secret(**{name: str(target)})
