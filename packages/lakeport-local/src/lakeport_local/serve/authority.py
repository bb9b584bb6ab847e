"""What an operator does at the authority of a running local Azure; `admin.Authority`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from lakeport_local.admin import KeyUnknown, NothingWaits
from lakeport_local.core import ShiftableClock
from lakeport_local.entra.errors import EntraError
from lakeport_local.entra.key_pair import KeyPair
from lakeport_local.entra.keys import KeyInUse
from lakeport_local.serve import schema
from lakeport_local.serve.registrations import issuer_file, keys_of
from lakeport_local.serve.topology import Topology

if TYPE_CHECKING:
    from lakeport_local.entra import People, Tokens
    from lakeport_local.entra.federated_credentials import FederatedCredential
    from lakeport_local.imds import ImdsService
    from lakeport_local.serve.provision import Stores

_ASSERTION_LIFETIME = timedelta(hours=12)


class Authority:
    """The operator's side of the authority.

    Args:
        stores: Who there is, and the topology.
        tokens: Signs tokens.
        people: The sign-ins under way.
        imds: Gives managed identities their tokens.
    """

    def __init__(self, stores: Stores, tokens: Tokens, people: People, imds: ImdsService) -> None:
        self._stores = stores
        self._tokens = tokens
        self._people = people
        self._imds = imds

    def decide(self, user_code: str, user: str, *, is_approved: bool) -> dict[str, Any]:  # Any: a JSON object
        """Approve or decline a device sign-in as a user, by sign-in name or object id; the operator needs no password.

        Raises:
            NothingWaits: No such sign-in or user, or the tenant refuses it.
        """
        accounts = self._people.accounts
        home = accounts.home(user) or accounts.of_object(user)
        if home is None:
            raise NothingWaits(f"no user {user!r}")
        try:
            self._people.decide(user_code, home, is_approved=is_approved)
        except EntraError as refused:
            raise NothingWaits(f"{refused.code}: {refused.message}") from refused
        return {"user": home.name, "tenant_id": home.tenant_id, "approved": is_approved}

    def keys(self) -> list[dict[str, Any]]:  # Any: JSON objects
        """Return the ids of the keys that are believed, the one that signs first."""
        return [{"kid": key_id, "signs": key_id == self._tokens.key.id} for key_id in self._tokens.key.ids]

    async def rotate(self) -> None:
        """Sign with a new key; making one takes a tenth of a second, which nobody else waits for."""
        await asyncio.to_thread(self._tokens.key.rotate)

    def retire(self, key_id: str) -> None:
        """Believe a key no longer.

        Raises:
            KeyUnknown: There is none, or it is the one that signs.
        """
        try:
            is_gone = self._tokens.key.retire(key_id)
        except KeyInUse:
            raise KeyUnknown(f"key {key_id!r} signs; rotate first") from None
        if not is_gone:
            raise KeyUnknown(f"no key {key_id!r}")
        self._tokens.forget()

    def throttle_identities(self, per_second: int | None) -> None:
        """Let the metadata address take so many requests a second of each machine; None: as many as come."""
        self._imds.throttle.per_second = per_second

    def assertion(self, tenant_id: str, object_id: str) -> str:
        """Return a token with which an app signs in, of an issuer whose keys are made here; half a day long.

        Raises:
            KeyUnknown: The app has no federated credential of such an issuer.
        """
        directory = self._stores.directory
        principal = directory.principal(tenant_id, object_id)
        generated = self._generated_issuers()
        wanted = directory.federated.of_app(principal.client_id) if principal is not None else []
        for one in wanted:
            if one.issuer in generated:
                return self._signed(one)
        raise KeyUnknown("the app has no federated credential whose issuer's keys are generated")

    def _signed(self, credential: FederatedCredential) -> str:
        now = self._stores.clock.client_now()
        claims = {
            "iss": credential.issuer,
            "sub": credential.subject,
            "aud": list(credential.audiences),
            "jti": self._stores.ids.guid(),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + _ASSERTION_LIFETIME).timestamp()),
        }
        file = issuer_file(self._stores.store.folder, credential.issuer)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        pair = KeyPair(file, ShiftableClock())
        self._stores.directory.issuers.put(credential.issuer, keys_of(pair))
        return pair.sign(orjson.dumps(claims))

    def _generated_issuers(self) -> set[str]:
        kept = self._stores.store.setting("topology")
        document = msgspec.json.decode(kept, type=Topology).document if kept else schema.Document()
        return {issuer.url for issuer in document.issuers if issuer.keys == schema.GENERATED}
