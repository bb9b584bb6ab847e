"""Requests to a storage account as they go over the wire: connections, what opens them, what is tried again, lists.

Lean on purpose: what moves bytes or lists many paths goes through here. Knows profiles and identities; knows nothing
of files of this machine, and nothing of plans.
"""

from __future__ import annotations

from lakeport.storage.account import Account, Data
from lakeport.storage.listing import Found, paths
from lakeport.storage.retrying import Patience

__all__ = ["Account", "Data", "Found", "Patience", "paths"]
