"""What a request at the authority is judged and answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.core import Clock
    from lakeport_local.entra.clients import Clients
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.people import People
    from lakeport_local.entra.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Realm:
    """The parts of one authority.

    Attributes:
        directory: Who there is.
        people: How people sign in.
        clients: Identifies and authenticates apps.
        tokens: Issues tokens.
        clock: Tells the time.
    """

    directory: Directory
    people: People
    clients: Clients
    tokens: Tokens
    clock: Clock
