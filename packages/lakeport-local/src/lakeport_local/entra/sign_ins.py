"""Sign-ins under way: device codes that wait for a person, authorization codes that wait for their app.

Source: identity.md 1.6, 1.7, 9.4; RFC 8628; RFC 6749 4.1.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import sqlite3

    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra.objects import User
    from lakeport_local.state import Store

DEVICE_LIFETIME = timedelta(minutes=15)
POLL_INTERVAL = timedelta(seconds=5)

_CODE_LIFETIME = timedelta(minutes=10)
_KEPT = timedelta(days=1)
_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ23456789"

State: TypeAlias = Literal["pending", "approved", "declined", "blocked", "redeemed"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app asked for when the sign-in began.

    Attributes:
        client_id: The app.
        tenant_key: The tenant's id, or `common` or `organizations`.
        scope: Scopes, space-separated.
        redirect_uri: Where the code goes; empty for a device code.
        challenge: PKCE S256 challenge; empty without one.
        nonce: To be repeated in the id token.
    """

    client_id: str
    tenant_key: str
    scope: str
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in under way.

    Attributes:
        wish: What was asked for.
        state: How far it is.
        tenant_id: Home tenant of the person, once there is one.
        object_id: Their object id at home.
        expires_at: When it ends.
    """

    wish: Wish
    state: State
    tenant_id: str
    object_id: str
    expires_at: datetime


class SignIns:
    """The sign-ins under way in one store.

    Args:
        store: Where they are kept; codes as hashes only.
        ids: Gives codes.
        clock: Says when they end.
    """

    def __init__(self, store: Store, ids: Ids, clock: Clock) -> None:
        self._db = store.db
        self._ids = ids
        self._clock = clock

    def begin_device(self, wish: Wish) -> tuple[str, str]:
        """Begin a device sign-in; return the device code and the user code."""
        user_code = "".join(_LETTERS[byte % len(_LETTERS)] for byte in self._ids.token(9))
        return self._add(wish, "pending", None, DEVICE_LIFETIME, user_code), user_code

    def waiting(self, user_code: str) -> SignIn | None:
        """Return the device sign-in that waits for a person under this user code, or None."""
        row = self._db.execute(
            "SELECT * FROM sign_ins WHERE user_code = ? AND state = 'pending' AND expires_at > ?",
            (user_code.strip().upper(), self._now()),
        ).fetchone()
        return None if row is None else _sign_in(row)

    def decide(self, user_code: str, state: State, home: User | None = None) -> bool:
        """Decide about a waiting device sign-in.

        Args:
            user_code: The code the app shows.
            state: What becomes of it.
            home: Of whoever approves it, the user object at home; the caller made sure that it is them.

        Returns:
            False when nothing waits under this code.
        """
        changed = self._db.execute(
            "UPDATE sign_ins SET state = ?, tenant_id = ?, object_id = ?"
            " WHERE user_code = ? AND state = 'pending' AND expires_at > ?",
            (
                state,
                home.tenant_id if home else "",
                home.object_id if home else "",
                user_code.strip().upper(),
                self._now(),
            ),
        )
        return changed.rowcount == 1

    def add_code(self, wish: Wish, home: User) -> str:
        """Return an authorization code for a person who signed in."""
        return self._add(wish, "approved", home, _CODE_LIFETIME, None)

    def find(self, code: str) -> SignIn | None:
        """Return the sign-in of a device code or authorization code, or None; it may have ended."""
        row = self._db.execute("SELECT * FROM sign_ins WHERE code_hash = ?", (_hash(code),)).fetchone()
        return None if row is None else _sign_in(row)

    def redeem(self, code: str) -> None:
        """Use a code up."""
        self._db.execute("UPDATE sign_ins SET state = 'redeemed' WHERE code_hash = ?", (_hash(code),))

    def _add(self, wish: Wish, state: State, home: User | None, lifetime: timedelta, user_code: str | None) -> str:
        code = "1.A" + base64.urlsafe_b64encode(self._ids.token(48)).decode()
        now = self._clock.now()
        self._db.execute("DELETE FROM sign_ins WHERE expires_at < ?", (int((now - _KEPT).timestamp()),))
        self._db.execute(
            "INSERT INTO sign_ins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(_hash(code), user_code, wish.client_id, wish.tenant_key, wish.scope, wish.redirect_uri),
                *(wish.challenge, wish.nonce, state, home.tenant_id if home else "", home.object_id if home else ""),
                int((now + lifetime).timestamp()),
            ),
        )
        return code

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()


def _sign_in(row: sqlite3.Row) -> SignIn:
    wish = Wish(row["client_id"], row["tenant_key"], row["scope"], row["redirect_uri"], row["challenge"], row["nonce"])
    ends = datetime.fromtimestamp(row["expires_at"], UTC)
    return SignIn(wish, row["state"], row["tenant_id"], row["object_id"], ends)
