"""The keys that sign tokens, one set per state folder: the newest signs, those before it are believed until they retire.

Source: identity.md 1 (keys document), 9.3; OpenID Connect Core 1.0, 10.1.1.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from joserfc import jws
from joserfc.errors import JoseError

from lakeport_local.entra.key_pair import ALGORITHM, KeyPair

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport_local.core import Clock

_FILE = "entra-signing.pem"
_BEFORE = "entra-signing-*.pem"


class KeyInUse(Exception):
    """The key that signs cannot retire."""


class SigningKey:
    """Signs tokens with the newest key, and judges signatures by every key that has not retired.

    Args:
        folder: The state folder.
        clock: Dates the certificates.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._current = KeyPair(folder / _FILE, clock)
        self._before = [KeyPair(file, clock) for file in sorted(folder.glob(_BEFORE))]

    @property
    def id(self) -> str:
        """The key id of the key that signs."""
        return self._current.id

    @property
    def ids(self) -> list[str]:
        """The key ids that are believed, the one that signs first."""
        return list(self._by_id())

    def public_jwk(self) -> dict[str, object]:
        """Return the public part of the key that signs as a JSON Web Key."""
        return self._current.public_jwk()

    def public_jwks(self) -> list[dict[str, object]]:
        """Return every key that is believed, the one that signs first, as the keys document lists them."""
        return [pair.public_jwk() for pair in self._by_id().values()]

    def sign(self, payload: bytes) -> str:
        """Return a compact JWS over the payload."""
        return self._current.sign(payload)

    def payload_of(self, token: str) -> bytes | None:
        """Return what a token's signature covers, or None when none of these keys signed it.

        Raises:
            ValueError: It is no compact JWS.
        """
        try:
            signature = jws.extract_compact(token.encode("ascii"))
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("not a compact JWS") from error
        header = signature.headers()
        named = header.get("kid")
        pair = self._by_id().get(named) if isinstance(named, str) else None
        if pair is None or header.get("alg") != ALGORITHM or "crit" in header:
            return None
        return signature.payload if pair.has_signed(signature) else None

    def rotate(self) -> str:
        """Sign with a new key from now on; return its id. What was signed before is believed until its key retires.

        A crash in between leaves the old key under both names, which does no harm.
        """
        aside = self._folder / f"entra-signing-{self.id}.pem"
        beside = aside.with_suffix(".new")
        beside.touch(mode=0o600)
        shutil.copyfile(self._folder / _FILE, beside)
        beside.replace(aside)
        made = KeyPair(self._folder / "entra-signing.next", self._clock)
        new_id = made.id
        (self._folder / "entra-signing.next").replace(self._folder / _FILE)
        self._before.insert(0, KeyPair(aside, self._clock))
        self._current = KeyPair(self._folder / _FILE, self._clock)
        return new_id

    def retire(self, key_id: str) -> bool:
        """Believe a key no longer; return False when there is none of this id.

        Raises:
            KeyInUse: It is the key that signs.
        """
        if key_id == self.id:
            raise KeyInUse(key_id)
        gone = [pair for pair in self._before if pair.id == key_id]
        for pair in gone:
            (self._folder / f"entra-signing-{key_id}.pem").unlink(missing_ok=True)
            self._before.remove(pair)
        return bool(gone)

    def _by_id(self) -> dict[str, KeyPair]:
        return {pair.id: pair for pair in (self._current, *self._before)}
