"""One port for every service: TLS by host name, proxy requests and plain HTTP, told apart by their first bytes.

Reads requests, finds the service by effective host (or by path on an explicit endpoint), writes its answer. Knows no
service: `serve` gives the table.
"""

from __future__ import annotations

from lakeport_local.gateway.asgi import Application
from lakeport_local.gateway.callers import Callers
from lakeport_local.gateway.certificates import CertificateAuthority, NameRefused
from lakeport_local.gateway.gateway import Gateway, new_event_loop
from lakeport_local.gateway.limits import Limits
from lakeport_local.gateway.routes import EXPLICIT_PATHS, HOSTS, Route, Routes

__all__ = [
    "EXPLICIT_PATHS",
    "HOSTS",
    "Application",
    "Callers",
    "CertificateAuthority",
    "Gateway",
    "Limits",
    "NameRefused",
    "Route",
    "Routes",
    "new_event_loop",
]
