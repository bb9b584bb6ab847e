"""What it costs to know who sends a small request and whether they may: CPU of one core, in this process.

What a whole request costs is measured in the server's process; this is the part of it that the two checks are.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from benchmarks.peers.account import ACCOUNT, CONTAINER, KEY
from benchmarks.peers.lakes import signed

from lakeport_local.access import Access, Target
from lakeport_local.access import storage as actions
from lakeport_local.access.log import DecisionLog
from lakeport_local.core import Headers, RandomIds, Request, ShiftableClock
from lakeport_local.entra import Directory, Tokens
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.storage.address import Address
from lakeport_local.storage.authentication import Authentication
from lakeport_local.storage.delegation import DelegationKeys
from lakeport_local.storage.sas import Signatures

_ASKED = 20_000
_PATH = f"/{ACCOUNT}/{CONTAINER}/f000001"
_TYPE = "Microsoft.Storage/storageAccounts"


def checked_us() -> float:
    """Return the CPU microseconds that one signed read takes to be authenticated and authorised."""
    store = Store(None)
    try:
        authentication, access = _checks(store)
        scope = f"/subscriptions/s/resourceGroups/g/providers/{_TYPE}/{ACCOUNT}"
        internal = {"keys": [KEY, KEY], "tenant_id": "t"}
        account = Resource(scope, _TYPE, ACCOUNT, internal=internal)
        address = Address(ACCOUNT, "blob", CONTAINER, "f000001", is_mixed=True)
        requests = [_request(str(number)) for number in range(_ASKED)]
        begun = time.process_time()
        for request in requests:
            caller = authentication.caller(request, account, address)
            target = Target(f"{scope}/blobServices/default/containers/{CONTAINER}", "t", "f000001", tuple)
            if not access.decide(caller, actions.READ, target, request_id=request.id).allowed:
                raise RuntimeError("the account's key does not open it")
        return (time.process_time() - begun) / _ASKED * 1e6
    finally:
        store.close()


def _checks(store: Store) -> tuple[Authentication, Access]:
    clock, ids = ShiftableClock(), RandomIds()
    directory = Directory(store, ids, clock)
    access = Access(Resources(store), DecisionLog(), clock)
    signatures = Signatures(DelegationKeys(store, ids), directory, lambda *_: None)
    tokens = Tokens(directory, store, ids, clock)
    return Authentication(tokens, signatures, clock, access, level=lambda *_: ""), access


def _request(number: str) -> Request:
    headers = Headers([*_HEADERS, ("host", "127.0.0.1")])
    return Request(
        "GET", "http", "127.0.0.1", 0, _PATH, "", headers, "127.0.0.1", None, number, datetime.now(UTC), explicit=True
    )


_HEADERS = list(signed("GET", _PATH).items())
