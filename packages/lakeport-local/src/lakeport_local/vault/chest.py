"""What vaults hold: secrets with versions, alive, deleted, gone. Knows no HTTP.

Values lie in the state folder's database and nowhere else; whoever can read the folder can read them, as with the account
keys beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import sqlite3

    from lakeport_local.core import Clock, Ids
    from lakeport_local.state import Resource, Store

DAYS_KEPT = 90


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret.

    Attributes:
        version: 32 hex digits.
        value: The secret; of a certificate, the PFX as base64 or PEM text.
        content_type: What the owner says the value is.
        tags: The owner's.
        is_enabled: False refuses the value.
        not_before: For information, or None.
        expires: For information, or None.
        created: When.
        updated: When its attributes changed last.
        certificate: DER of the certificate of which it is the secret, or None.
    """

    version: str
    value: str = field(repr=False)
    content_type: str | None
    tags: dict[str, str]
    is_enabled: bool
    not_before: datetime | None
    expires: datetime | None
    created: datetime
    updated: datetime
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret with one of its versions.

    Attributes:
        id: Its row.
        name: As it was spelled first.
        newest: The version shown: the newest, unless another was asked for.
        deleted_at: When it was deleted, or None.
        purged_at: When a deleted one goes for good, or None.
        policy: A certificate's policy; None for a plain secret.
    """

    id: int
    name: str
    newest: Version
    deleted_at: datetime | None = None
    purged_at: datetime | None = None
    policy: dict[str, Any] | None = None  # Any: a JSON object


_WHOLE = (
    "SELECT s.id, s.name, s.deleted_at, s.purged_at, s.policy, v.* FROM vault_secrets s"
    " JOIN vault_versions v ON v.secret = s.id"
)
_NEWEST = " v.number = (SELECT max(number) FROM vault_versions WHERE secret = s.id)"


class Chest:
    """The secrets of one store's vaults.

    Args:
        store: Where they are kept.
        ids: Gives version names.
        clock: Tells the time.
    """

    def __init__(self, store: Store, ids: Ids, clock: Clock) -> None:
        self._store = store
        self._db = store.db
        self._ids = ids
        self._clock = clock

    def seed(self, vault: Resource, name: str, value: str) -> None:
        """Make a vault hold a secret with this value: as a new version where it has another; a deleted one stays deleted."""
        kept = self.find(vault, name) or self.find_deleted(vault, name)
        if kept is None or (kept.newest.value != value and kept.deleted_at is None and kept.policy is None):
            self.add(vault, name, self.new_version(value))

    def new_version(
        self,
        value: str,
        *,
        content_type: str | None = None,
        tags: dict[str, str] | None = None,
        certificate: bytes | None = None,
    ) -> Version:
        """Return a version that is about to be added: enabled, without dates."""
        now = self._clock.now().replace(microsecond=0)
        name = self._ids.guid().replace("-", "")
        return Version(name, value, content_type, tags or {}, True, None, None, now, now, certificate)

    def serial(self) -> bytes:
        """Return unguessable bytes for the serial number of a certificate."""
        return self._ids.token(16)

    def add(
        self,
        vault: Resource,
        name: str,
        version: Version,
        policy: dict[str, Any] | None = None,  # Any: a JSON object
    ) -> Secret:
        """Give a secret a new version, and make the secret where there is none."""
        self._db.execute(
            "INSERT INTO vault_secrets (vault, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (_contents(vault), name)
        )
        row = self._db.execute(
            "SELECT * FROM vault_secrets WHERE vault = ? AND name = ?", (_contents(vault), name)
        ).fetchone()
        if policy is not None:
            self.set_policy(row["id"], policy)
        self._insert(row["id"], version)
        found = self.find(vault, name)
        assert found is not None  # it was added just now
        return found

    def _insert(self, secret_id: int, version: Version) -> None:
        self._db.execute(
            "INSERT INTO vault_versions (secret, version, value, content_type, tags, is_enabled, not_before, expires,"
            " created, updated, certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                secret_id,
                version.version,
                version.value,
                version.content_type,
                orjson.dumps(version.tags).decode(),
                version.is_enabled,
                _epoch(version.not_before),
                _epoch(version.expires),
                _epoch(version.created),
                _epoch(version.updated),
                version.certificate,
            ),
        )

    def set_policy(self, secret_id: int, policy: dict[str, Any]) -> None:  # Any: a JSON object
        """Keep a certificate's policy."""
        self._db.execute("UPDATE vault_secrets SET policy = ? WHERE id = ?", (orjson.dumps(policy).decode(), secret_id))

    def find(self, vault: Resource, name: str, version: str = "") -> Secret | None:
        """Return a secret with its newest version, or the one asked for; None when it is not there or deleted."""
        self._forget(vault)
        keys: tuple[object, ...] = (_contents(vault), name, *([version.lower()] if version else []))
        row = self._db.execute(
            f"{_WHOLE} WHERE s.vault = ? AND s.name = ? AND s.deleted_at IS NULL AND"
            f"{' v.version = ?' if version else _NEWEST}",
            keys,
        ).fetchone()
        return None if row is None else _secret(row)

    def find_deleted(self, vault: Resource, name: str) -> Secret | None:
        """Return a deleted secret with its newest version, or None."""
        self._forget(vault)
        row = self._db.execute(
            f"{_WHOLE} WHERE s.vault = ? AND s.name = ? AND s.deleted_at IS NOT NULL AND{_NEWEST}",
            (_contents(vault), name),
        ).fetchone()
        return None if row is None else _secret(row)

    def page(
        self, vault: Resource, after: str, limit: int, *, is_deleted: bool = False, only_certificates: bool = False
    ) -> list[Secret]:
        """Return secrets by name, from the first after `after`; the alive ones, or the deleted ones."""
        self._forget(vault)
        rows = self._db.execute(
            f"{_WHOLE} WHERE s.vault = ? AND s.name > ? AND s.deleted_at IS {'NOT NULL' if is_deleted else 'NULL'}"
            f" AND{_NEWEST}{' AND s.policy IS NOT NULL' if only_certificates else ''} ORDER BY s.name LIMIT ?",
            (_contents(vault), after, limit),
        )
        return [_secret(row) for row in rows]

    def versions(self, secret: Secret, after: str, limit: int) -> list[Secret]:
        """Return a secret once for each of its versions, by version, from the first after `after`."""
        rows = self._db.execute(
            f"{_WHOLE} WHERE s.id = ? AND v.version > ? ORDER BY v.version LIMIT ?", (secret.id, after, limit)
        )
        return [_secret(row) for row in rows]

    def history(self, secret: Secret) -> list[Version]:
        """Return all versions of a secret, the oldest first."""
        rows = self._db.execute(f"{_WHOLE} WHERE s.id = ? ORDER BY v.number", (secret.id,))
        return [_secret(row).newest for row in rows]

    def previous_version(self, secret: Secret) -> str | None:
        """Return the name of the version before the one shown, or None."""
        row = self._db.execute(
            "SELECT version FROM vault_versions WHERE secret = ?1 AND number <"
            " (SELECT number FROM vault_versions WHERE secret = ?1 AND version = ?2) ORDER BY number DESC LIMIT 1",
            (secret.id, secret.newest.version),
        ).fetchone()
        return None if row is None else str(row["version"])

    def update(self, secret: Secret, changed: Version) -> Version:
        """Keep a version's attributes, content type and tags; its value stays. Return it as it is then."""
        now = self._clock.now().replace(microsecond=0)
        self._db.execute(
            "UPDATE vault_versions SET content_type = ?, tags = ?, is_enabled = ?, not_before = ?, expires = ?, updated = ?"
            " WHERE secret = ? AND version = ?",
            (
                changed.content_type,
                orjson.dumps(changed.tags).decode(),
                changed.is_enabled,
                _epoch(changed.not_before),
                _epoch(changed.expires),
                _epoch(now),
                secret.id,
                changed.version,
            ),
        )
        row = self._db.execute(f"{_WHOLE} WHERE s.id = ? AND v.version = ?", (secret.id, changed.version)).fetchone()
        return _secret(row).newest

    def delete(self, secret: Secret, days_kept: int) -> None:
        """Put a secret away; it comes back by `recover`, and goes for good after so many days."""
        now = self._clock.now()
        self._db.execute(
            "UPDATE vault_secrets SET deleted_at = ?, purged_at = ? WHERE id = ?",
            (_epoch(now), _epoch(now + timedelta(days=days_kept)), secret.id),
        )

    def recover(self, secret: Secret) -> None:
        """Bring a deleted secret back."""
        self._db.execute("UPDATE vault_secrets SET deleted_at = NULL, purged_at = NULL WHERE id = ?", (secret.id,))

    def purge(self, secret: Secret) -> None:
        """Forget a secret and its versions."""
        self._db.execute("DELETE FROM vault_secrets WHERE id = ?", (secret.id,))

    def _forget(self, vault: Resource) -> None:
        """Forget the deleted secrets whose days are over."""
        self._db.execute(
            "DELETE FROM vault_secrets WHERE vault = ? AND purged_at <= ?",
            (_contents(vault), _epoch(self._clock.now())),
        )


def _secret(row: sqlite3.Row) -> Secret:
    version = Version(
        row["version"],
        row["value"],
        row["content_type"],
        orjson.loads(row["tags"]),
        bool(row["is_enabled"]),
        _instant(row["not_before"]),
        _instant(row["expires"]),
        datetime.fromtimestamp(row["created"], UTC),
        datetime.fromtimestamp(row["updated"], UTC),
        row["certificate"],
    )
    policy = orjson.loads(row["policy"]) if row["policy"] else None
    return Secret(row["id"], row["name"], version, _instant(row["deleted_at"]), _instant(row["purged_at"]), policy)


def _epoch(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _contents(vault: Resource) -> int:
    """Return under which number a vault's secrets are kept: its own, or that of the deleted vault that it was before."""
    return int(vault.internal.get("contents") or vault.uid)
