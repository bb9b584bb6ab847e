"""A storage account's connection string: what it says of where the account answers.

Source: Azure Storage, "Configure connection strings": AccountName, EndpointSuffix, BlobEndpoint; DfsEndpoint as the
Data Lake SDKs spell it, and DataLakeEndpoint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport import clouds

if TYPE_CHECKING:
    from lakeport.clouds import Cloud

_HOST = re.compile(r"https://(?P<account>[a-z0-9]+)\.(?:blob|dfs)\.(?P<suffix>[a-z0-9.-]+)/?")


@dataclass(frozen=True)
class Where:
    """Where an account answers, as far as a connection string says it.

    Attributes:
        account: Its name, or empty.
        suffix: What its host names end with, such as `core.windows.net`, or empty.
        blobs: The address of its Blob API where that is no such host name, or empty.
        paths: The same of the Data Lake API.
    """

    account: str = ""
    suffix: str = ""
    blobs: str = ""
    paths: str = ""

    def put_into(self, cloud: Cloud) -> Cloud:
        """Return a cloud in which the account answers there.

        Raises:
            BadProfile: It says no address.
        """
        if self.suffix:
            cloud = replace(cloud, dfs_suffix=f"dfs.{self.suffix}", blob_suffix=f"blob.{self.suffix}")
        if self.blobs or self.paths:
            found = clouds.endpoint(self.paths or self.blobs)
            cloud = replace(cloud, endpoint=found, blob_endpoint=clouds.endpoint(self.blobs) if self.blobs else "")
        return cloud


def parts(text: str) -> dict[str, str]:
    """Return what a connection string says, its keys in lower case.

    Example:
        >>> parts("AccountName=lake; EndpointSuffix=core.windows.net")["endpointsuffix"]
        'core.windows.net'
    """
    pairs = (part.partition("=") for part in text.strip().split(";") if part.strip())
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def where(text: str) -> Where:
    """Return where a connection string's account answers.

    Example:
        >>> where("BlobEndpoint=https://lake.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x")
        Where(account='lake', suffix='core.windows.net', blobs='', paths='')
        >>> where("AccountName=dev;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/dev").blobs
        'http://127.0.0.1:10000/dev'
    """
    said = parts(text)
    given = (said.get("blobendpoint", ""), said.get("datalakeendpoint", "") or said.get("dfsendpoint", ""))
    urls = [one.partition("?")[0].rstrip("/") for one in given]
    hosts = [_HOST.fullmatch(one.lower()) for one in urls]
    usual = next((one for one in hosts if one), None)
    account = said.get("accountname") or (usual["account"] if usual else "") or _of_path(next(filter(None, urls), ""))
    if usual and all(bool(one) is bool(url) for one, url in zip(hosts, urls, strict=True)):
        return Where(account, usual["suffix"])
    return Where(account, said.get("endpointsuffix", "").strip("."), *urls)


def _of_path(url: str) -> str:
    return urlsplit(url).path.strip("/") if url else ""
