"""Every operation that the local Azure's tables hold, by the name that `claims.toml` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm.providers import PROVIDERS
from lakeport_local.datashare.provider import provider as data_share
from lakeport_local.graph.routes import ROUTES as GRAPH
from lakeport_local.storage import blob, dfs
from lakeport_local.vault.routes import ROUTES as VAULT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.arm import Provider, ResourceType


def operations() -> set[str]:
    """Return every operation, such as `arm PUT Microsoft.DataShare/accounts` or `dfs path PATCH append`."""
    providers = (*PROVIDERS, data_share(lambda: None))
    arm = (f"arm {name}" for provider in providers for name in _of_provider(provider))
    lake = (f"{api} {' '.join(key).strip()}" for api, table in _LAKE.items() for key in table)
    routes = (" ".join(route.words) for table in (VAULT, GRAPH) for route in table)
    return {*arm, *lake, *routes}


_LAKE = {"dfs": dfs.OPERATIONS, "blob": blob.OPERATIONS}


def _of_provider(provider: Provider) -> Iterator[str]:
    for kind in provider.resource_types:
        yield from (f"{method} {kind.name}" for method in _methods(kind))
    for operation in provider.operations:
        yield f"{operation.method} {operation.name}"


def _methods(kind: ResourceType) -> Iterator[str]:
    yield "GET"
    has = {"PUT": kind.put, "PATCH": kind.patch, "DELETE": kind.delete, "LIST": kind.is_listed or None}
    yield from (method for method, hook in has.items() if hook is not None)
