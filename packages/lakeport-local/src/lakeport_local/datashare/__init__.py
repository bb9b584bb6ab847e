"""Microsoft.DataShare: accounts, shares, invitations, subscriptions, and the snapshot runs that copy between tenants.

`DataShare` is the door: `provider()` for the control plane's table, `run()` for the background, `advance()` for whoever moves the clock.
One module a noun; what the real service's public record does not tell is decided in `assumptions`. Copies go through `storage.Lake`,
under the share accounts' identities. Must not know HTTP beyond `arm`, nor how the lake keeps bytes.
"""

from __future__ import annotations

from lakeport_local.datashare.engine import DataShare
from lakeport_local.datashare.provider import provider

__all__ = ["DataShare", "provider"]
