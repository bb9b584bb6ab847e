"""What an operator may ask of a running local Azure: below `/_lakeport/`, with the folder's admin token.

Knows no service of Azure; what may be asked is the `Operated` protocol, which `serve` implements.
"""

from __future__ import annotations

from lakeport_local.admin.authority import KeyUnknown, NothingWaits
from lakeport_local.admin.faults import Fault, Faults, FaultUnknown
from lakeport_local.admin.service import PREFIX, AdminService, Operated
from lakeport_local.admin.striking import FaultyService

__all__ = [
    "PREFIX",
    "AdminService",
    "Fault",
    "FaultUnknown",
    "Faults",
    "FaultyService",
    "KeyUnknown",
    "NothingWaits",
    "Operated",
]
