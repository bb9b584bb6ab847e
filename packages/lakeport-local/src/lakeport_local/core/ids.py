"""Identifiers as an input: random in service, in sequence in tests, derived where a name must give the same id."""

from __future__ import annotations

import itertools
import os
import secrets
import uuid
from typing import Protocol

_DRAWN_AT_ONCE = 64
_VARIANT = {digit: "89ab"[number % 4] for number, digit in enumerate("0123456789abcdef")}
_NAMESPACE = uuid.UUID("6c616b65-706f-5274-8c6f-63616c417a75")


class Ids(Protocol):
    """Gives identifiers and secrets."""

    def guid(self) -> str:
        """Return a new GUID, lower-case, with hyphens."""
        ...

    def token(self, size_bytes: int = 32) -> bytes:
        """Return unguessable bytes for keys and secrets."""
        ...


class RandomIds:
    """Identifiers from the operating system's random source, which is asked for many at a time."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []
        self._owner = 0

    def guid(self) -> str:
        """Return a random (version 4) GUID."""
        if not self._drawn or self._owner != os.getpid():  # a forked process must not give the same ones
            block = secrets.token_bytes(16 * _DRAWN_AT_ONCE)
            self._drawn = [block[at : at + 16] for at in range(0, len(block), 16)]
            self._owner = os.getpid()
        digits = self._drawn.pop().hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"

    def token(self, size_bytes: int = 32) -> bytes:
        """Return `size_bytes` random bytes."""
        return secrets.token_bytes(size_bytes)


class SequentialIds:
    """Identifiers that count up; for tests that compare whole documents."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def guid(self) -> str:
        """Return the next GUID of the sequence, `00000000-0000-4000-8000-000000000001` first."""
        return str(uuid.UUID(int=(0x4000_8000 << 64) | next(self._count)))

    def token(self, size_bytes: int = 32) -> bytes:
        """Return the next number of the sequence as `size_bytes` bytes."""
        return next(self._count).to_bytes(size_bytes, "big")


def derived_id(*names: str) -> str:
    """Return the GUID that belongs to a path of names, the same in every state folder.

    Example:
        >>> derived_id("tenant", "contoso") == derived_id("tenant", "contoso")
        True
    """
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))
