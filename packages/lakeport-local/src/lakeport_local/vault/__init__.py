"""Key Vault's data plane: secrets and certificates of the vaults that the control plane knows.

`Chest` is what vaults hold, without HTTP; `VaultService` answers for `*.vault.azure.net`.
"""

from __future__ import annotations

from lakeport_local.vault.chest import Chest
from lakeport_local.vault.service import VaultService

__all__ = ["Chest", "VaultService"]
