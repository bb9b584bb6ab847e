"""Federated credentials of app registrations: which tokens of other issuers an app signs in with.

Source: identity.md 1.4, 3; Microsoft Graph, "federatedIdentityCredential".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    import sqlite3

    from lakeport_local.state import Resources, Store

EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
"""The audience that a federated credential names unless it is told otherwise."""

_OF_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """Tokens that an app signs in with; all three are compared letter by letter.

    Attributes:
        id: GUID.
        name: Unique in the app.
        issuer: The tokens' `iss`.
        subject: Their `sub`.
        audiences: One of these is their `aud`.
        description: What it is for, or None.
    """

    id: str
    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...] = (EXCHANGE_AUDIENCE,)
    description: str | None = None


class FederatedCredentials:
    """The federated credentials of one store.

    Args:
        store: Where those of apps are kept; those of managed identities are resources.
    """

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def put(self, client_id: str, credential: FederatedCredential) -> None:
        """Keep a credential of an app, new or changed."""
        self._db.execute(
            "INSERT INTO federated_credentials VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " issuer = excluded.issuer, subject = excluded.subject, audiences = excluded.audiences,"
            " description = excluded.description",
            (
                *(credential.id, client_id, credential.name, credential.issuer, credential.subject),
                orjson.dumps(credential.audiences).decode(),
                credential.description,
            ),
        )

    def of_app(self, client_id: str) -> list[FederatedCredential]:
        """Return an app's credentials, by name."""
        rows = self._db.execute("SELECT * FROM federated_credentials WHERE client_id = ? ORDER BY name", (client_id,))
        return [_credential(row) for row in rows]

    def remove(self, client_id: str, id_: str) -> bool:
        """Remove a credential of an app; return False when it has none with this id."""
        done = self._db.execute("DELETE FROM federated_credentials WHERE client_id = ? AND id = ?", (client_id, id_))
        return done.rowcount > 0


def of_identity(resource_id: str, resources: Resources) -> list[FederatedCredential]:
    """Return the credentials of a user-assigned identity: resources below it."""
    return [
        FederatedCredential(
            str(one.uid),
            one.name,
            str(one.properties.get("issuer", "")),
            str(one.properties.get("subject", "")),
            tuple(one.properties.get("audiences") or ()),
        )
        for one in resources.under(resource_id, _OF_IDENTITY)
    ]


def _credential(row: sqlite3.Row) -> FederatedCredential:
    audiences = tuple(orjson.loads(row["audiences"]))
    return FederatedCredential(row["id"], row["name"], row["issuer"], row["subject"], audiences, row["description"])
