"""Managed identity: the instance metadata service and App Service's identity endpoint.

Whose token is given is decided by who calls: a proxy credential for IMDS, an identity header for App Service. Knows no
resource but storage accounts by name; tokens are `entra`'s.
"""

from __future__ import annotations

from lakeport_local.imds.service import ImdsService

__all__ = ["ImdsService"]
