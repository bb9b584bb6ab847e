"""What a failure of the wire means for a transfer: what is tried again, and what is said in its own words."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from lakeport.errors import Conflict, LakeportError, NotVerified

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.transfer.plan import Item

    P = ParamSpec("P")
    T = TypeVar("T")

LOOKS = 3
"""How often damaged bytes are asked for: on the way once more is enough, at rest nothing is."""


def again_when_damaged(read: Callable[P, T]) -> Callable[P, T]:
    """Return a read that asks again when what arrived is not what was sent."""

    @wraps(read)
    def reads(*arguments: P.args, **named: P.kwargs) -> T:
        for _ in range(LOOKS - 1):
            try:
                return read(*arguments, **named)
            except NotVerified:
                continue
        return read(*arguments, **named)

    return reads


def worded(item: Item, error: LakeportError) -> LakeportError:
    """Return a failure of an item as people need it told: a service's refusal may mean that somebody else was at work."""
    if error.code == "InvalidBlockList":
        said = f"{item.target} was written by somebody else meanwhile, and what was sent of it is gone"
        return Conflict(said, code=error.code, hint="Next: resume the transfer, which sends it again")
    if error.status == 412:
        return Conflict(f"{item.source} changed while it was read", code=error.code, hint="Next: transfer it again")
    return error
