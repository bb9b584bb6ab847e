"""Microsoft Graph: the directory of a tenant, as `az ad` and the Graph clients see and edit it.

A subset of v1.0, named in `routes.py`; who may do what is decided in `rights.py`.
"""

from __future__ import annotations

from lakeport_local.graph.service import GraphService

__all__ = ["GraphService"]
