"""What an operator may do at the authority: decide sign-ins, change the signing key, stand in for an issuer outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable


class NothingWaits(Exception):
    """No device sign-in waits under this code for this person; the message says why."""


class KeyUnknown(Exception):
    """No key of this id that could retire, or none made here for an app's issuer; the message says which."""


class Authority(Protocol):
    """The authority of a running local Azure, as its operator sees it."""

    def decide(self, user_code: str, user: str, *, is_approved: bool) -> dict[str, Any]:  # Any: a JSON object
        """Approve or decline a device sign-in as a user; return who that is.

        Raises:
            NothingWaits: No such sign-in or user, or the tenant refuses it.
        """
        ...

    def keys(self) -> list[dict[str, Any]]:  # Any: JSON objects
        """Return the keys that are believed, the one that signs first."""
        ...

    def rotate(self) -> Awaitable[None]:
        """Sign with a new key."""
        ...

    def retire(self, key_id: str) -> None:
        """Believe a key no longer.

        Raises:
            KeyUnknown: There is none, or it is the one that signs.
        """
        ...

    def throttle_identities(self, per_second: int | None) -> None:
        """Let the metadata address take so many requests a second of each machine; None: as many as come."""
        ...

    def assertion(self, tenant_id: str, object_id: str) -> str:
        """Return a token with which an app signs in, of an issuer whose keys are made here.

        Raises:
            KeyUnknown: The app has no federated credential of such an issuer.
        """
        ...
