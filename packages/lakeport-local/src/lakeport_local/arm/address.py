"""What an ARM path names: a scope, a resource type below it, and the names along the way.

Paths compare without case; names keep the caller's casing.
Source: identity.md 4.1, data-share.md 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass

_RESOURCES = "Microsoft.Resources"
_SPELLINGS = {"subscriptions": "subscriptions", "resourcegroups": "resourceGroups", "providers": "providers"}


@dataclass(frozen=True, slots=True)
class Address:
    """One path of the control plane.

    Attributes:
        scope: What the type hangs below, such as `/subscriptions/S/resourceGroups/G`; empty for the tenant.
        namespace: Provider namespace; subscriptions, resource groups and tenants are `Microsoft.Resources`.
        types: Type segments, such as ("accounts", "shares"), as sent.
        names: Names, as many as types (an instance) or one fewer (a collection, or an action on the parent).
    """

    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        """The full type, such as `Microsoft.DataShare/accounts/shares`, as sent."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_instance(self) -> bool:
        """True when the path ends in a name."""
        return len(self.types) == len(self.names)

    @property
    def id(self) -> str:
        """The resource id that the path spells."""
        pairs = [part for pair in zip(self.types, (*self.names, ""), strict=False) for part in pair if part]
        provider = [] if self.namespace == _RESOURCES else ["providers", self.namespace]
        return "/".join((self.scope, *provider, *pairs)) if provider or pairs else self.scope

    @property
    def above(self) -> Address | None:
        """The address of the instance that this one lies in, or None at the top of the namespace."""
        if len(self.types) == 1:
            return None
        return Address(self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1])

    @property
    def subscription_id(self) -> str | None:
        """The subscription's GUID, or None at tenant level."""
        return self._after("subscriptions")

    @property
    def resource_group(self) -> str | None:
        """The resource group's name, or None."""
        return self._after("resourcegroups")

    @property
    def group_id(self) -> str | None:
        """The resource group's id, or None."""
        group = self.resource_group
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{group}" if group else None

    def _after(self, word: str) -> str | None:
        parts = self.id.split("/")
        return next((parts[i + 1] for i, part in enumerate(parts[:-1]) if i % 2 and part.lower() == word), None)


def parse_address(segments: list[str]) -> Address | None:
    """Read a path's decoded segments; None when they spell nothing of ARM's grammar.

    Example:
        >>> parse_address("subscriptions/S/resourcegroups/G".split("/")).type
        'Microsoft.Resources/subscriptions/resourceGroups'
        >>> parse_address("subscriptions/S/providers/Microsoft.DataShare/accounts".split("/")).scope
        '/subscriptions/S'
        >>> parse_address("subscriptions/S/providers/Microsoft.DataShare/register".split("/")).id
        '/subscriptions/S/providers/Microsoft.DataShare/register'
    """
    if not segments or any(not part.strip() for part in segments):
        return None
    cut = _provider_at(segments)
    if cut is None:
        pairs = segments
        return Address("", _RESOURCES, tuple(_SPELLINGS.get(t.lower(), t) for t in pairs[::2]), tuple(pairs[1::2]))
    scope = "".join(
        f"/{_SPELLINGS.get(part.lower(), part) if i % 2 == 0 else part}" for i, part in enumerate(segments[:cut])
    )
    tail = segments[cut + 1 :]
    return Address(scope, tail[0], tuple(tail[1::2]), tuple(tail[2::2]))


def _provider_at(segments: list[str]) -> int | None:
    """Return where the last `providers/{namespace}/{type}` begins, or None.

    The namespace itself (`/subscriptions/S/providers/NS`) and its registration are resources of Microsoft.Resources.
    """
    at = [i for i, part in enumerate(segments) if i % 2 == 0 and part.lower() == "providers" and i + 2 < len(segments)]
    if not at:
        return None
    if segments[at[-1] + 2].lower() in {"register", "unregister"} and at[-1] + 3 == len(segments):
        return None
    return at[-1]
