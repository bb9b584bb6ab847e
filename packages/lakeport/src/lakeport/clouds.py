"""The clouds: which host names they have, and how their clients get there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlsplit

from lakeport.errors import BadProfile


class SdkOptions(TypedDict, total=False):
    """What every Azure SDK client is constructed with, to reach this cloud."""

    proxies: dict[str, str]
    """The proxy by scheme; absent: the environment's."""
    connection_verify: str
    """A CA bundle, a path; absent: the system's trust."""
    retry_connect: int
    """How often a refused connection is tried again."""
    use_env_settings: bool
    """Whether the environment's proxies and passwords are looked up for every request; absent: they are."""


@dataclass(frozen=True)
class Cloud:
    """Where a cloud's services are.

    Attributes:
        proxy: The proxy through which the local Azure answers for the real host names; empty elsewhere.
        ca_bundle: The path of the certificates to trust with it; empty elsewhere.
        endpoint: Where the one storage account that is meant answers, if not by its host names:
            `http://127.0.0.1:10000/ACCOUNT`, or a domain of its own.
        blob_endpoint: Where its Blob API answers, if that is elsewhere.
    """

    name: str
    authority: str
    control_plane: str
    dfs_suffix: str
    blob_suffix: str
    graph: str = "https://graph.microsoft.com"
    vault_scope: str = "https://vault.azure.net/.default"
    proxy: str = ""
    ca_bundle: str = ""
    endpoint: str = ""
    blob_endpoint: str = ""

    def __repr__(self) -> str:
        return f"Cloud({self.name!r})"

    @property
    def control_scope(self) -> str:
        """The scope of a control-plane token."""
        return f"{self.control_plane}/.default"

    def account_url(self, account: str) -> str:
        """Return the Data Lake endpoint of a storage account."""
        return self.endpoint or f"https://{account}.{self.dfs_suffix}"

    def blob_url(self, account: str) -> str:
        """Return the Blob endpoint of a storage account."""
        return self.blob_endpoint or self.endpoint or f"https://{account}.{self.blob_suffix}"

    def sdk_options(self) -> SdkOptions:
        """Return what every SDK client is constructed with."""
        if not self.proxy:
            return SdkOptions(retry_connect=1)
        return SdkOptions(
            proxies={"http": self.proxy, "https": self.proxy},
            connection_verify=self.ca_bundle,
            retry_connect=1,
            use_env_settings=False,  # all is said already, and looking costs a quarter of a small request
        )


PUBLIC = Cloud(
    "public",
    "https://login.microsoftonline.com",
    "https://management.azure.com",
    "dfs.core.windows.net",
    "blob.core.windows.net",
)
CLOUDS = {
    "public": PUBLIC,
    "usgov": Cloud(
        "usgov",
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "dfs.core.usgovcloudapi.net",
        "blob.core.usgovcloudapi.net",
        "https://graph.microsoft.us",
        "https://vault.usgovcloudapi.net/.default",
    ),
    "china": Cloud(
        "china",
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "dfs.core.chinacloudapi.cn",
        "blob.core.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://vault.azure.cn/.default",
    ),
}
NAMES = (*CLOUDS, "local")


def local(proxy: str, ca_bundle: str) -> Cloud:
    """Return the cloud that a running local Azure is: the public cloud's names behind its proxy."""
    return Cloud(
        "local",
        PUBLIC.authority,
        PUBLIC.control_plane,
        PUBLIC.dfs_suffix,
        PUBLIC.blob_suffix,
        proxy=proxy,
        ca_bundle=ca_bundle,
    )


def cloud(name: str) -> Cloud:
    """Return a cloud by name.

    Raises:
        BadProfile: There is none of that name. `local` is not among them: it is asked of the running one.
    """
    try:
        return CLOUDS[name]
    except KeyError:
        raise BadProfile(f"there is no cloud {name!r}", hint=f"Clouds: {', '.join(NAMES)}") from None


def endpoint(text: str) -> str:
    """Return the address of one storage account, as it is used.

    Raises:
        BadProfile: It is none.

    Example:
        >>> endpoint("http://127.0.0.1:10000/devstoreaccount1/")
        'http://127.0.0.1:10000/devstoreaccount1'
    """
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise BadProfile(f"endpoint {text!r} is no address", hint="Write http://HOST:PORT/ACCOUNT")
    return text.rstrip("/")
