"""What a client asks for: scopes, and the one audience they are about.

Source: identity.md 0, 1.2; Microsoft identity platform, "Scopes and permissions".
"""

from __future__ import annotations

from lakeport_local.entra.audiences import GRAPH
from lakeport_local.entra.errors import refusal

_DEFAULT = "/.default"
_OPENID = frozenset({"openid", "profile", "email", "offline_access"})


def default_scope(scope: str) -> str:
    """Return the audience of a client-credentials scope: one resource, `/.default` stripped and nothing else.

    Raises:
        EntraError: 70011 or 1002012.

    Example:
        >>> default_scope("https://management.core.windows.net//.default")
        'https://management.core.windows.net/'
    """
    scopes = scope.split()
    if len(scopes) != 1:
        raise refusal(70011, scope=scope)
    if not scopes[0].endswith(_DEFAULT) or scopes[0] == _DEFAULT:
        raise refusal(1002012, scope=scope)
    return scopes[0].removesuffix(_DEFAULT)


def user_audience(scope: str) -> str:
    """Return the audience of a user's scopes; those without a resource are Graph's.

    Raises:
        EntraError: 70011: none, or of more than one resource.

    Example:
        >>> user_audience("https://storage.azure.com/user_impersonation offline_access openid")
        'https://storage.azure.com'
        >>> user_audience("User.Read openid")
        'https://graph.microsoft.com'
    """
    wanted = resource_scopes(scope)
    audiences = {one.rpartition("/")[0] or GRAPH.uris[0] for one in wanted}
    if len(audiences) > 1 or not scope.split():
        raise refusal(70011, scope=scope)
    return audiences.pop() if audiences else GRAPH.uris[0]


def resource_scopes(scope: str) -> list[str]:
    """Return the scopes that name a permission of a resource, in order."""
    return [one for one in scope.split() if one not in _OPENID]


def granted_scope(scope: str, audience: str) -> str:
    """Return the scopes that a user's answer lists: what was asked for, and what stands behind `.default`."""
    return " ".join(dict.fromkeys((f"{audience}/user_impersonation", *resource_scopes(scope))))
