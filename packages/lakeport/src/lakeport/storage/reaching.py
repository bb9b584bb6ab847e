"""How a host is reached: its address, the proxy before it, and whom to trust.

Source: the environment variables that requests and curl read (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from lakeport.clouds import Cloud

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Way:
    """The way to one host.

    Attributes:
        scheme: `https`, or `http` for an explicit endpoint.
        base: What every path there begins with: empty, or `/ACCOUNT`.
        proxy: The proxy's address, or empty.
        ca_bundle: The certificates to trust; empty: the system's.
    """

    scheme: str
    host: str
    port: int
    base: str = ""
    proxy: str = ""
    ca_bundle: str = ""

    @property
    def authority(self) -> str:
        """The host as requests name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def way(cloud: Cloud, url: str) -> Way:
    """Return the way to an address: through the local Azure's proxy, the environment's, or none.

    Args:
        cloud: Whose address it is.
        url: The address of an account, such as `https://lake.dfs.core.windows.net`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    own = "" if cloud.endpoint else cloud.proxy
    proxy = own or ("" if proxy_bypass(f"{host}:{port}") else getproxies().get(parts.scheme, ""))
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    ca_bundle = cloud.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE", "") or os.environ.get("CURL_CA_BUNDLE", "")
    return Way(parts.scheme, host, port, parts.path.rstrip("/"), proxy, ca_bundle)
