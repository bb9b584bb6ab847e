"""What a client says it can handle, in the `claims` it asks for.

Source: identity.md 1.2; OpenID Connect Core 1.0, 5.5.
"""

from __future__ import annotations

import orjson

from lakeport_local.entra.errors import refusal


def capabilities_of(claims: str) -> tuple[str, ...]:
    """Return the capabilities in a `claims` parameter, which may be empty.

    Raises:
        EntraError: 9002313: it is no JSON object.

    Example:
        >>> capabilities_of('{"access_token":{"xms_cc":{"values":["CP1"]}}}')
        ('CP1',)
    """
    if not claims:
        return ()
    try:
        asked = orjson.loads(claims)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise refusal(9002313)
    for name in ("access_token", "xms_cc", "values"):
        asked = asked.get(name) if isinstance(asked, dict) else None
    return tuple(one for one in asked if isinstance(one, str)) if isinstance(asked, list) else ()
