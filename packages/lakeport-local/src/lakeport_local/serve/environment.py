"""The environment in which a program's real host names reach the local Azure.

Source: identity.md 7.4.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
_BUNDLE = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "DENO_CERT",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
)
_UNSET = (
    *("ALL_PROXY", "all_proxy", "SSL_CERT_DIR", "REQUEST_METHOD", "AZURE_AUTHORITY_HOST"),
    *("AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION", "REGION_NAME", "AZURE_SDK_CLOUD_CONF"),
    *("AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"),
    *("IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "ARM_CLOUD_METADATA_URL"),
    *("AZURE_CLI_DISABLE_CONNECTION_VERIFICATION", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
    *("AZURE_USERNAME", "AZURE_PASSWORD", "AZURE_FEDERATED_TOKEN_FILE"),
)
_UNSET_FAMILIES = ("AZURE_KUBERNETES_", "AZURE_CLIENT_CERTIFICATE_", "AZURE_CLIENT_SEND_CERTIFICATE_", "AZURE_STORAGE_")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a client must know of a running local Azure.

    Attributes:
        state: The state folder that was asked for.
        folder: Where its files lie: the state folder, or a temporary one when it keeps its data in memory.
        port: Its port on 127.0.0.1.
    """

    state: Path
    folder: Path
    port: int

    @property
    def ca_bundle(self) -> Path:
        """The local CA and the public roots, PEM."""
        return self.folder / "ca-bundle.pem"

    @property
    def java_trust(self) -> Path:
        """The same as a trust store of Java's, PKCS #12."""
        return self.folder / "ca-bundle.p12"

    @property
    def ca(self) -> Path:
        """The local CA alone, PEM."""
        return self.folder / "ca.pem"


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal to run as, with the one credential that suits it.

    Attributes:
        kind: `app`, `user`, `managed_identity` or `machine`.
        tenant_id: Its tenant.
        client_id: Application id.
        object_id: Object id.
        client_secret: An app's secret, or empty.
        certificate_path: Where an app's certificate lies with its key, or empty.
        federated_token_path: Where the token lies with which a workload signs in, or empty.
        proxy_password: What makes the proxy believe that this identity's machine, or this user's session, asks.
    """

    kind: str
    tenant_id: str
    client_id: str
    object_id: str
    client_secret: str = field(default="", repr=False)
    certificate_path: str = ""
    proxy_password: str = field(default="", repr=False)
    federated_token_path: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What to change in an environment.

    Attributes:
        to_set: Values by name.
        to_unset: Names that must not be there, in order.
    """

    to_set: dict[str, str]
    to_unset: list[str]

    def applied(self, to: Mapping[str, str]) -> dict[str, str]:
        """Return an environment with the change made."""
        return {**{name: value for name, value in to.items() if name not in self.to_unset}, **self.to_set}

    def as_shell(self) -> str:
        """Return lines for a POSIX shell to evaluate."""
        lines = [f"unset {' '.join(self.to_unset)}"] if self.to_unset else []
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.to_set.items()]
        return "\n".join(lines)


def change(endpoint: Endpoint, inherited: Mapping[str, str], *, home: Path, principal: Principal | None) -> Change:
    """Return what makes a program reach the local Azure in place of the real one.

    Args:
        endpoint: The running local Azure.
        inherited: The environment that is there now.
        home: The user's home, whose Azure CLI extensions stay in use.
        principal: Whom the program runs as; None gives it no credential.
    """
    address = f"127.0.0.1:{endpoint.port}"
    has_session = principal is not None and principal.kind != "app"
    as_whom = f"{principal.object_id}:{principal.proxy_password}@" if principal is not None and has_session else ""
    private = endpoint.folder / "home"
    azure_home = Path(inherited.get("AZURE_CONFIG_DIR") or home / ".azure")
    to_set = {
        **dict.fromkeys(_PROXY, f"http://{as_whom}{address}"),
        **dict.fromkeys(_NO_PROXY, "localhost,127.0.0.1,::1"),
        **dict.fromkeys(_BUNDLE, str(endpoint.ca_bundle)),
        "NODE_EXTRA_CA_CERTS": str(endpoint.ca),
        "NODE_USE_ENV_PROXY": "1",
        "JAVA_TOOL_OPTIONS": _java_options(inherited.get("JAVA_TOOL_OPTIONS", ""), endpoint),
        "HOME": str(private),
        "AZURE_CONFIG_DIR": str(private / ".azure"),
        "AZD_CONFIG_DIR": str(private / ".azd"),
        "AZURE_EXTENSION_DIR": inherited.get("AZURE_EXTENSION_DIR") or str(azure_home / "cliextensions"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "LAKEPORT_TOKEN_CACHE": "off",  # between processes: the clock here is moved, and the cloud's tokens lie there
        "BROWSER": f"{shlex.quote(sys.executable)} -m lakeport_local browser %s",
        "LAKEPORT_LOCAL_STATE": str(endpoint.state),
        **(_sign_in(principal, address) if principal is not None else {}),
    }
    families = [name for name in inherited if name.startswith(_UNSET_FAMILIES)]
    to_unset = [name for name in (*_UNSET, *families) if name in inherited and name not in to_set]
    return Change(to_set, to_unset)


def _java_options(inherited: str, endpoint: Endpoint) -> str:
    """Return the options of every Java machine; Java reads no variable for its proxy and no PEM file."""
    properties = {
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": str(endpoint.port),
        "https.proxyHost": "127.0.0.1",
        "https.proxyPort": str(endpoint.port),
        "http.nonProxyHosts": "localhost|127.*|[::1]",
        "javax.net.ssl.trustStore": str(endpoint.java_trust),
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": "changeit",
    }
    options = [inherited, *(shlex.quote(f"-D{name}={value}") for name, value in properties.items())]
    return " ".join(options).strip()


def _sign_in(principal: Principal, address: str) -> dict[str, str]:
    """Return the variables by which a credential of Azure's SDKs finds out who it is; a user's asks in the browser."""
    if principal.kind in ("user", "machine"):  # the proxy knows them: by the browser, at the metadata address
        return {}
    if principal.kind != "app":
        return {
            "IDENTITY_ENDPOINT": f"http://{address}/msi/token",
            "IDENTITY_HEADER": f"{principal.object_id}:{principal.proxy_password}",
        }
    return {
        "AZURE_TENANT_ID": principal.tenant_id,
        "AZURE_CLIENT_ID": principal.client_id,
        **_app_credential(principal),
    }


def _app_credential(principal: Principal) -> dict[str, str]:
    if principal.client_secret:
        return {"AZURE_CLIENT_SECRET": principal.client_secret}
    if principal.federated_token_path:
        return {
            "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
            "AZURE_FEDERATED_TOKEN_FILE": principal.federated_token_path,
        }
    return {"AZURE_CLIENT_CERTIFICATE_PATH": principal.certificate_path}
