"""A credential whose refusals are lakeport's errors, wherever in an SDK's pipeline they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport.identity.refusals import translated

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential, TokenRequestOptions

    from lakeport.profiles import Profile


class Signing:
    """The credential of a profile.

    SDK clients try again what fails with one of azure-core's errors, storage's for more than a minute. A sign-in that
    was refused stays refused: it leaves as our own error, at once.
    """

    def __init__(self, inner: TokenCredential, profile: Profile) -> None:
        self._inner = inner
        self._profile = profile

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,  # Any: azure-core's protocol says so
    ) -> AccessToken:
        """Return a token for scopes.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        with translated(self._profile):
            return self._inner.get_token(*scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **options)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token for scopes, in azure-core's newer form.

        Raises:
            NotSignedIn: Sign-in was refused; the class says how.
            Unreachable: The authority does not answer.
        """
        with translated(self._profile):
            found: AccessTokenInfo = self._inner.get_token_info(*scopes, options=options)  # type: ignore[attr-defined]
        return found

    def close(self) -> None:
        """Close the connections that it holds."""
        self._inner.close()  # type: ignore[attr-defined]
