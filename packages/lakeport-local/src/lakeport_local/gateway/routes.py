"""Which service answers: by host name, or by path on an explicit endpoint."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lakeport_local.core import Service

HOSTS: tuple[tuple[str, str], ...] = (
    ("login.microsoftonline.com", "entra"),
    ("login.windows.net", "entra"),
    ("login.microsoft.com", "entra"),
    ("*.login.microsoft.com", "entra"),
    ("sts.windows.net", "entra"),
    ("management.azure.com", "arm"),
    ("management.core.windows.net", "arm"),
    ("graph.microsoft.com", "graph"),
    ("*.dfs.core.windows.net", "storage"),
    ("*.blob.core.windows.net", "storage"),
    ("*.vault.azure.net", "vault"),
    ("169.254.169.254", "imds"),
)
"""Host patterns and the service of each; `*.` stands for one label or more.

Source: identity.md 0 and 9.6, storage.md 1.1.
"""

_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_AUTHORITY_PATHS = r"(?:v2\.0/\.well-known|\.well-known|oauth2|discovery|userrealm|reprocess|kmsi)"

EXPLICIT_PATHS: tuple[tuple[str, str], ...] = (
    (r"/_lakeport(?:/|$)", "admin"),
    (r"/(?:metadata/identity|metadata/instance|msi/token)(?:/|$)", "imds"),
    (r"/(?:subscriptions|providers|tenants|metadata/endpoints)(?:/|$)", "arm"),
    (r"/(?:common|organizations|consumers)/", "entra"),
    (rf"/(?:{_GUID}|[^/]+\.[^/]+)/{_AUTHORITY_PATHS}(?:/|$)", "entra"),
    (r"/", "storage"),
)
"""Paths of explicit endpoints (regular expressions without case and without groups, matched from the start; the first match wins).

A storage account's name holds neither `-` nor `.`, so no account is taken for a tenant.

Source: identity.md 7.2, storage.md 1.1.
"""

_REMEMBERED_CHARACTERS = 256
EXPLICIT_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Route(msgspec.Struct, frozen=True):
    """Where a request goes.

    Attributes:
        name: The service's name in the tables.
        service: The service, or None when this local Azure does not have it.
        is_explicit: It was chosen by path.
    """

    name: str
    service: Service | None
    is_explicit: bool


class Routes:
    """Finds the service of a request.

    Args:
        services: Services by the names in the tables: `entra`, `arm`, `graph`, `storage`, `vault`, `imds`, `admin`.
        hosts: Host patterns and service names.
        paths: Path rules of the explicit endpoints, in order.
        explicit_hosts: Names under which the explicit endpoints are reached.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        *,
        hosts: Sequence[tuple[str, str]] = HOSTS,
        paths: Sequence[tuple[str, str]] = EXPLICIT_PATHS,
        explicit_hosts: Collection[str] = EXPLICIT_HOSTS,
    ) -> None:
        self._services = dict(services)
        self._exact = {pattern: name for pattern, name in hosts if not pattern.startswith("*.")}
        self._suffixes = {pattern[1:]: name for pattern, name in hosts if pattern.startswith("*.")}
        self._paths = re.compile("|".join(f"({rule})" for rule, _ in paths), re.IGNORECASE)
        self._path_names = [name for _, name in paths]
        self._explicit_hosts = frozenset(explicit_hosts)
        self._name = lru_cache(maxsize=1024)(self._read_name)
        self._explicit = lru_cache(maxsize=1024)(self._find_explicit)

    def is_explicit(self, host: str) -> bool:
        """Tell whether a host is one of the explicit endpoints."""
        return host in self._explicit_hosts or host.endswith(".localhost")

    def serves(self, host: str) -> bool:
        """Tell whether a host is one of Azure's that are answered here."""
        return self._name(host) is not None

    def find(self, host: str, raw_path: str) -> Route | None:
        """Return where a request goes, or None for a host that is not answered here."""
        name = self._name(host)
        if name is not None:
            return Route(name, self._services.get(name), is_explicit=False)
        if not self.is_explicit(host):
            return None
        return self._explicit(raw_path) if len(raw_path) <= _REMEMBERED_CHARACTERS else self._find_explicit(raw_path)

    def _find_explicit(self, raw_path: str) -> Route:
        match = self._paths.match(raw_path)
        name = self._path_names[match.lastindex - 1] if match and match.lastindex else ""
        return Route(name, self._services.get(name), is_explicit=True)

    def _read_name(self, host: str) -> str | None:
        name = self._exact.get(host)
        dot = host.find(".")
        while name is None and dot >= 0:
            name = self._suffixes.get(host[dot:])
            dot = host.find(".", dot + 1)
        return name
