"""What the engine works on: the rooms of one local Azure, and its own rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport_local.datashare.holding import Hold
from lakeport_local.datashare.pieces import Pieces
from lakeport_local.datashare.runs import Runs

if TYPE_CHECKING:
    from lakeport_local.access import Access
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra import Directory
    from lakeport_local.state import Resources, Store
    from lakeport_local.storage import Lake


@dataclass(frozen=True, slots=True)
class World:
    """What the engine works on."""

    store: Store
    resources: Resources
    directory: Directory
    access: Access
    lake: Lake
    clock: Clock
    ids: Ids
    hold: Hold = field(default_factory=Hold)

    @property
    def runs(self) -> Runs:
        """The runs."""
        return Runs(self.store)

    @property
    def pieces(self) -> Pieces:
        """Their pieces."""
        return Pieces(self.store)
