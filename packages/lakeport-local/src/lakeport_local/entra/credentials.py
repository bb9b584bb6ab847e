"""Credentials of app registrations: secrets as salted hashes, certificates as their public part."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from lakeport_local.core import derived_id
from lakeport_local.entra.certificates import Certificate, read_certificate
from lakeport_local.entra.secrets import secret_hash, secret_matches

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Ids
    from lakeport_local.state import Store

SecretState: TypeAlias = Literal["right", "wrong", "expired"]


class Credentials:
    """The credentials of one store's apps.

    Args:
        store: Where they are kept.
        ids: Gives salts.
        clock: Says whether a credential is in force.
    """

    def __init__(self, store: Store, ids: Ids, clock: Clock) -> None:
        self._db = store.db
        self._ids = ids
        self._clock = clock

    def add_secret(
        self,
        client_id: str,
        secret: str,
        *,
        key_id: str | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        name: str = "",
        hint: str = "",
        holder: str = "",
    ) -> str:
        """Register a secret; only its salted hash is kept.

        Args:
            client_id: The app.
            secret: The secret's value.
            key_id: GUID of the registration; derived when absent, so that an app has one unnamed secret.
            starts_at: In force from; now when absent.
            ends_at: In force until; for ever when absent.
            name: Its display name.
            hint: Its first characters.
            holder: Object id of the service principal it belongs to; empty for the application's own.

        Returns:
            The key id.
        """
        key_id = (key_id or derived_id("secret", client_id)).lower()
        salt = self._ids.token(16)
        starts = starts_at or self._clock.now()
        self._db.execute(
            "INSERT INTO secrets (key_id, client_id, salt, hash, starts_at, ends_at, name, hint, holder)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key_id) DO UPDATE SET"
            " salt = excluded.salt, hash = excluded.hash, starts_at = excluded.starts_at, ends_at = excluded.ends_at",
            (
                key_id,
                client_id,
                salt,
                secret_hash(secret, salt),
                _epoch(starts),
                ends_at and _epoch(ends_at),
                name,
                hint,
                holder,
            ),
        )
        return key_id

    def secret_state(self, client_id: str, secret: str) -> SecretState:
        """Tell whether a secret is right, wrong, or right but not in force.

        Every secret of the app is compared, and one that is not there when it has none: equal time for all answers.
        """
        rows = self._db.execute("SELECT * FROM secrets WHERE client_id = ?", (client_id,)).fetchall()
        now = _epoch(self._clock.now())
        state: SecretState = "wrong"
        secret_matches(secret, b"", b"")
        for row in rows:
            if secret_matches(secret, row["salt"], row["hash"]):
                in_force = row["starts_at"] <= now and (row["ends_at"] is None or now < row["ends_at"])
                state = "right" if in_force or state == "right" else "expired"
        return state

    def has_any(self, client_id: str) -> bool:
        """Tell whether an app has a credential, in force or not: then it is no public client."""
        row = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM secrets WHERE client_id = ?1)"
            " OR EXISTS (SELECT 1 FROM certificates WHERE client_id = ?1)",
            (client_id,),
        ).fetchone()
        return bool(row[0])

    def add_certificate(
        self, client_id: str, pem: bytes, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> Certificate:
        """Register a certificate; registered again, its dates are renewed.

        Args:
            client_id: The app.
            pem: PEM text with the certificate; nothing else in it is kept.
            starts_at: In force from; the certificate's own start when absent.
            ends_at: In force until; the certificate's own end when absent.

        Raises:
            ValueError: No certificate in it, or one whose key is not RSA.
        """
        read = read_certificate(pem, "")
        key_id = derived_id("certificate", client_id, read.sha256)
        self._db.execute(
            "INSERT INTO certificates (key_id, client_id, der, sha1, sha256, starts_at, ends_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key_id) DO UPDATE SET"
            " starts_at = excluded.starts_at, ends_at = excluded.ends_at",
            (
                key_id,
                client_id,
                read.der,
                read.sha1,
                read.sha256,
                _epoch(starts_at or read.starts_at),
                _epoch(ends_at or read.ends_at),
            ),
        )
        return next(one for one in self.certificates(client_id) if one.key_id == key_id)

    def certificates(self, client_id: str) -> list[Certificate]:
        """Return the certificates of an app, in force or not."""
        rows = self._db.execute("SELECT * FROM certificates WHERE client_id = ? ORDER BY key_id", (client_id,))
        return [
            Certificate(
                row["key_id"],
                row["der"],
                row["sha1"],
                row["sha256"],
                datetime.fromtimestamp(row["starts_at"], UTC),
                datetime.fromtimestamp(row["ends_at"], UTC),
            )
            for row in rows
        ]


def _epoch(at: datetime) -> int:
    return int(at.timestamp())
