"""How long the control plane takes for a GET, beside the least that it must do: verify a token that it has seen.

CPU time of this process, so that other programs on the machine do not count; the median of many calls.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

from lakeport_local.arm import ControlPlane
from lakeport_local.arm.providers import role_assignment
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import ARM, Tokens
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CALLS = 500
BUDGET_MS = 3.0


def measure() -> Iterator[Figure]:
    store, clock, ids = Store(None), FixedClock(AT), RandomIds()
    rooms, topology = Rooms(store, clock, ids, Callers(bytes(32))), load(None)
    provision(rooms.stores, topology.document, topology.certificates)
    plane = rooms.services["arm"]
    if not isinstance(plane, ControlPlane):
        raise TypeError(plane)
    tenant = topology.document.tenants[0]
    scope = f"/subscriptions/{tenant.subscriptions[0].id}"
    caller = rooms.stores.directory.find(tenant.id, "provider")
    if caller is None:
        raise LookupError("provider")
    grant = role_assignment(
        scope,
        name=ids.guid(),
        role_id=READER,
        principal_id=caller.object_id,
        principal_type="ServicePrincipal",
        tenant_id=tenant.id,
        at=AT,
    )
    plane.resources.put(grant)
    tokens = Tokens(rooms.stores.directory, store, ids, clock)
    token = tokens.issue(caller, "https://management.azure.com/", lifetime=timedelta(days=1), appidacr="1")
    group = f"{scope}/resourceGroups/{tenant.subscriptions[0].resource_groups[0].name}"
    paths = {
        "GET a storage account": f"{group}/providers/Microsoft.Storage/storageAccounts/sourcestorage",
        "GET the resources of a group": f"{group}/resources",
        "GET the role assignments of a subscription": f"{scope}/providers/Microsoft.Authorization/roleAssignments",
    }
    yield Figure(
        "peer: verify a token seen before", _median(lambda: tokens.verify(token, audiences=ARM.audiences)), "ms"
    )
    for what, path in paths.items():
        yield Figure(what, _median(partial(_get, plane, path, token)), "ms", at_most=BUDGET_MS)
    store.close()


def _get(plane: ControlPlane, path: str, token: str) -> None:
    fields = Headers([("Authorization", f"Bearer {token}")])
    request = Request(
        "GET", "https", "management.azure.com", 443, path, "api-version=2024-11-01", fields, "127.0.0.1", None, "id", AT
    )
    plane.open_body(request)
    answer = plane.handle(request)
    if not isinstance(answer, Response) or answer.status != 200:
        raise RuntimeError(answer)


def _median(call: Callable[[], object]) -> float:
    """Return the median CPU milliseconds of a call."""
    spans = []
    for _ in range(CALLS):
        start = time.process_time_ns()
        call()
        spans.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(spans)
