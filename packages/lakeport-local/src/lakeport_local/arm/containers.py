"""What the control plane asks of the lake about containers; whoever wires a local Azure brings it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.state import Resource


@dataclass(frozen=True, slots=True)
class Container:
    """A container as it is.

    Attributes:
        etag: Without quotes.
        metadata: Pairs.
        lease_status: `locked` or `unlocked`.
        lease_state: Such as `available`.
        lease_kind: `infinite` or `fixed`, while leased.
        kept: Legal holds and the policy that keep its blobs, as the data plane reads them.
    """

    name: str
    etag: str
    modified_at: datetime
    metadata: tuple[tuple[str, str], ...]
    lease_status: str
    lease_state: str
    lease_kind: str
    kept: dict[str, Any] = field(default_factory=dict)  # Any: a JSON object


class Containers(Protocol):
    """The containers of every storage account."""

    def find(self, account: Resource, name: str) -> Container | None:
        """Return a container, or None."""
        ...

    def make(self, account: Resource, name: str, *, owner: str, metadata: list[tuple[str, str]]) -> Container:
        """Make a container.

        Raises:
            ServiceError: 400 the name cannot be used; 409 it is being deleted.
        """
        ...

    def describe(self, account: Resource, name: str, metadata: list[tuple[str, str]]) -> Container:
        """Set the metadata of a container."""
        ...

    def keep(self, account: Resource, name: str, kept: dict[str, Any]) -> Container:  # Any: a JSON object
        """Set what keeps the blobs of a container."""
        ...

    def delete(self, account: Resource, name: str) -> None:
        """Delete a container.

        Raises:
            ServiceError: 409: its blobs are kept; 412: it is leased.
        """
        ...

    def page(self, account: Resource, *, prefix: str, after: str, limit: int) -> list[Container]:
        """Return containers by name: those that begin with `prefix`, behind `after`."""
        ...
