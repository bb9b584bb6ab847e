"""The table of all providers, looked up by method and address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.arm import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.arm.address import Address
    from lakeport_local.arm.table import Operation, Provider, ResourceType

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
"""What a method on a stored resource is called in an RBAC action."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A method on a stored type."""

    provider: Provider
    kind: ResourceType

    @property
    def name(self) -> str:
        """The full type, in the provider's casing."""
        return self.kind.name

    def action(self, method: str) -> str:
        """The RBAC action of a method."""
        return f"{self.kind.name}/{VERBS[method]}"

    def verb(self, method: str, address: Address) -> str:
        """What a method on one resource, or on their collection, is called in `parity/`."""
        return "GET" if method == "HEAD" else method if address.is_instance else "LIST"


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """An operation."""

    provider: Provider
    operation: Operation

    @property
    def name(self) -> str:
        """The full type path, in the provider's casing."""
        return self.operation.name

    def action(self, method: str) -> str | None:
        """The RBAC action; None when any authenticated caller may ask."""
        return self.operation.action

    def verb(self, method: str, address: Address) -> str:
        """What the operation's method is called in `parity/`."""
        return method


class Entries:
    """All stored types and operations.

    Args:
        providers: The table.
    """

    def __init__(self, providers: Sequence[Provider]) -> None:
        self.providers = {provider.namespace.lower(): provider for provider in providers}
        self._stored = {
            kind.name.lower(): StoredEntry(provider, kind) for provider in providers for kind in provider.resource_types
        }
        self._operations = {
            (operation.method, operation.name.lower()): OperationEntry(provider, operation)
            for provider in providers
            for operation in provider.operations
        }
        self._names = {name for _, name in self._operations} | set(self._stored)

    def provider_of(self, address: Address | None) -> Provider | None:
        """Return the provider of an address' namespace, or None."""
        return None if address is None else self.providers.get(address.namespace.lower())

    def kind(self, resource_type: str) -> ResourceType | None:
        """Return the stored type of this name, or None."""
        entry = self._stored.get(resource_type.lower())
        return None if entry is None else entry.kind

    def public(self, method: str, address: Address | None) -> Operation | None:
        """Return the operation that an address names, if it needs no token."""
        entry = None if address is None else self._operations.get((method, address.type.lower()))
        return entry.operation if entry is not None and entry.operation.is_public else None

    def find(self, method: str, address: Address) -> StoredEntry | OperationEntry:
        """Return what a method and address lead to.

        Raises:
            ServiceError: 404 `InvalidResourceType`, 405 `HttpMethodNotSupported`.
        """
        name = address.type.lower()
        operation = self._operations.get((method, name))
        if operation is not None:
            if address.level not in (operation.operation.levels or {address.level}):
                raise errors.unknown_type(address)
            return operation
        stored = self._stored.get(name)
        if stored is not None and not _may_lie(stored.kind, address):
            raise errors.unknown_type(address)
        if stored is not None and _takes(stored.kind, method, address):
            return stored
        raise errors.wrong_method(method) if name in self._names else errors.unknown_type(address)


def _may_lie(kind: ResourceType, address: Address) -> bool:
    """Tell whether the type has instances at the address' level, or collections of them."""
    is_wide_list = not address.is_instance and address.above is None and "group" in kind.levels
    return address.level in kind.levels or (is_wide_list and address.level == "subscription")


def _takes(kind: ResourceType, method: str, address: Address) -> bool:
    if not address.is_instance:
        return method == "GET" and kind.is_listed
    hooks = {"GET": True, "HEAD": True, "PUT": kind.put, "PATCH": kind.patch, "DELETE": kind.delete}
    return bool(hooks.get(method))
