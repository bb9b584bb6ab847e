"""What an ARM path names: a scope, a resource type below it, and the names along the way.

Paths compare without case; names keep the caller's casing.
Source: identity.md 4.1, data-share.md 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Level: TypeAlias = Literal["tenant", "subscription", "group", "resource"]

_RESOURCES = "Microsoft.Resources"
_SPELLINGS = {"subscriptions": "subscriptions", "resourcegroups": "resourceGroups", "providers": "providers"}
_LEVELS: dict[tuple[str, ...], Level] = {
    (): "tenant",
    ("subscriptions",): "subscription",
    ("subscriptions", "resourcegroups"): "group",
}
_LONGEST_NAME = 512


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
        """The full type, such as `Microsoft.DataShare/accounts/shares`."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_instance(self) -> bool:
        """True when the path ends in a name."""
        return len(self.types) == len(self.names)

    @property
    def id(self) -> str:
        """The resource id that the path spells."""
        pairs = [part for pair in zip(self.types, (*self.names, ""), strict=False) for part in pair if part]
        is_root = not self.scope and self.namespace.lower() == _RESOURCES.lower()
        provider = [] if is_root else ["providers", self.namespace]
        return "/".join((self.scope, *provider, *pairs))

    @property
    def level(self) -> Level:
        """What kind of scope the type hangs below."""
        kinds = tuple(self.scope.lower().split("/")[1::2])
        return _LEVELS.get(kinds, "resource")

    @property
    def above(self) -> Address | None:
        """The address of the instance that this one lies in, or None at the top of the namespace."""
        if len(self.types) == 1:
            return None
        return Address(self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1])

    @property
    def topmost(self) -> Address:
        """The address of the outermost instance that this one lies in, or is."""
        return Address(self.scope, self.namespace, self.types[:1], self.names[:1])

    @property
    def above_is_scope(self) -> bool:
        """True when the type lies directly in the scope; of Microsoft.Resources: in a subscription or the tenant."""
        return len(self.types) == 1 or (not self.scope and self.types[0] == "subscriptions" and len(self.types) == 2)

    @property
    def around(self) -> Address | None:
        """The address of what the scope names; None for the tenant."""
        return parse_address(self.scope.split("/")[1:])

    @property
    def subscription_id(self) -> str | None:
        """The subscription's GUID, or None at tenant level."""
        return self._after("subscriptions", 1)

    @property
    def resource_group(self) -> str | None:
        """The resource group's name, or None."""
        return self._after("resourcegroups", 3)

    @property
    def group_id(self) -> str | None:
        """The resource group's id, or None."""
        group = self.resource_group
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{group}" if group else None

    def spelled(self, full_type: str) -> Address:
        """Return the same address with its type in another casing."""
        namespace, *types = full_type.split("/")
        return Address(self.scope, namespace, tuple(types), self.names)

    def _after(self, word: str, at: int) -> str | None:
        parts = self.id.split("/")
        return parts[at + 1] if len(parts) > at + 1 and parts[at].lower() == word else None


def parse_address(segments: Sequence[str]) -> Address | None:
    """Read a path's decoded segments; None when they spell nothing of ARM's grammar.

    Example:
        >>> parse_address("subscriptions/S/resourcegroups/G".split("/")).type
        'Microsoft.Resources/subscriptions/resourceGroups'
        >>> parse_address("subscriptions/S/providers/Microsoft.DataShare/accounts".split("/")).scope
        '/subscriptions/S'
        >>> parse_address("subscriptions/S/providers/Microsoft.DataShare/register".split("/")).type
        'Microsoft.Resources/subscriptions/providers/register'
    """
    if not segments or not all(_is_plain(part) for part in segments):
        return None
    cut = _provider_at(segments)
    if cut is None:
        types = tuple(_SPELLINGS.get(part.lower(), part) for part in segments[::2])
        return Address("", _RESOURCES, types, tuple(segments[1::2]))
    scope = "".join(
        f"/{_SPELLINGS.get(part.lower(), part) if i % 2 == 0 else part}" for i, part in enumerate(segments[:cut])
    )
    namespace, *tail = segments[cut + 1 :]
    return Address(scope, namespace, tuple(tail[::2]), tuple(tail[1::2]))


def _is_plain(part: str) -> bool:
    """Tell whether a segment can be a type or a name: an encoded slash would make it several when ids are compared."""
    return part.strip() == part != "" and len(part) <= _LONGEST_NAME and "/" not in part and part.isprintable()


def _provider_at(segments: Sequence[str]) -> int | None:
    """Return where the last `providers/{namespace}/{type}` begins, or None.

    The namespace itself (`/subscriptions/S/providers/NS`) and its registration are resources of Microsoft.Resources.
    """
    at = [i for i, part in enumerate(segments) if i % 2 == 0 and part.lower() == "providers" and i + 2 < len(segments)]
    if not at:
        return None
    if segments[at[-1] + 2].lower() in {"register", "unregister"} and at[-1] + 3 == len(segments):
        return None
    return at[-1]
