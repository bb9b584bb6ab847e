"""Collections in pages: `nextLink` is a GET-able URL that holds all state, whatever verb the list had.

Source: data-share.md 1.1 (the SDK follows `nextLink` with GET and no body even for POST lists).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.arm.call import Call

_OWN = {"api-version", "$skiptoken"}


def page(
    call: Call, keys: Sequence[str], items: Sequence[Any], *, size: int, path: str | None = None
) -> dict[str, Any]:  # Any: JSON
    """Return one page of a list as `{"value", "nextLink"?}`.

    Args:
        call: The call; its `$skipToken` says after which key to go on.
        keys: One key an item, unique, in the list's order.
        items: The items.
        size: Items a page.
        path: Path of the next page's URL; the call's own when None.

    Raises:
        ServiceError: 400 `InvalidSkipToken`: the token is none of ours.
    """
    token = call.request.parameter("$skiptoken")
    start = _after(keys, token) if token else 0
    shown: dict[str, Any] = {"value": list(items[start : start + size])}
    if start + size < len(items):
        text = base64.urlsafe_b64encode(keys[start + size - 1].encode()).decode().rstrip("=")
        others = {name: value for name, value in call.request.query if name.lower() not in _OWN}
        shown["nextLink"] = call.url(path or call.request.path, **{**others, "$skipToken": text})
    return shown


def _after(keys: Sequence[str], token: str) -> int:
    """Return where the list goes on; an item deleted meanwhile ends nothing: what follows in order is next."""
    try:
        last = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise ServiceError(400, "InvalidSkipToken", "The skip token is not valid.") from None
    if last in keys:
        return keys.index(last) + 1
    return sum(key <= last for key in keys)
