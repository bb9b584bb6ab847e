"""Files of a lake: where they are, listing, reading.

Knows profiles and identities; knows nothing of shares.
"""

from __future__ import annotations

from lakeport.lake.client import FileSystem
from lakeport.lake.urls import LakeUrl, parse, profile_of
from lakeport.lake.values import Checksum, Entry

__all__ = ["Checksum", "Entry", "FileSystem", "LakeUrl", "parse", "profile_of"]
