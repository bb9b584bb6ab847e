"""Judges the tokens of other issuers with which an app signs in: workload identity federation.

The issuer is one whose keys the topology gave, or a tenant of this local Azure, whose apps and managed identities may sign
in as another app. Nothing is fetched.

Source: identity.md 1.4; Microsoft Entra, "Workload identity federation".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from lakeport_local.entra.assertions import judge_dates
from lakeport_local.entra.audiences import TOKEN_EXCHANGE
from lakeport_local.entra.errors import refusal
from lakeport_local.entra.federated_credentials import EXCHANGE_AUDIENCE
from lakeport_local.entra.tokens import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.core import Clock
    from lakeport_local.entra.assertions import Assertion
    from lakeport_local.entra.federated_credentials import FederatedCredential
    from lakeport_local.entra.issuers import IssuerKey, Issuers
    from lakeport_local.entra.tokens import Tokens

_OUR_ISSUER = re.compile(r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0")
_ALGORITHM = "RS256"
WRONG_SIGNATURE = "The provided signature value did not match the expected signature value."


def is_federated(assertion: Assertion) -> bool:
    """Tell whether an assertion is another issuer's token: its issuer is a URL, not the app itself."""
    issuer = assertion.claims.get("iss")
    return isinstance(issuer, str) and issuer.lower().startswith(("https://", "http://"))


class Federation:
    """Judges the assertions of other issuers.

    Args:
        issuers: The issuers outside.
        tokens: Knows the tokens of this local Azure.
        clock: An assertion must be in its time by the client's clock.
    """

    def __init__(self, issuers: Issuers, tokens: Tokens, clock: Clock) -> None:
        self._issuers = issuers
        self._tokens = tokens
        self._clock = clock

    def judge(self, assertion: Assertion, text: str, credentials: Sequence[FederatedCredential], app: str) -> None:
        """Believe another issuer's token, or refuse it.

        Args:
            assertion: The token, taken apart.
            text: The token as it was sent.
            credentials: The federated credentials of the app or identity that signs in.
            app: How a refusal names it.

        Raises:
            EntraError: The number says which check failed.
        """
        if not credentials:
            raise refusal(70025, app=app)
        matching_credential(assertion.claims, credentials)
        issuer = str(assertion.claims["iss"])
        if _OUR_ISSUER.fullmatch(issuer):
            self._judge_our_own(text)
        else:
            _judge_signature(assertion, issuer, self._issuers.keys(issuer))
            judge_dates(assertion, self._clock.client_now(), longest=None)

    def _judge_our_own(self, text: str) -> None:
        try:
            claims = self._tokens.claims_of(text)
        except TokenRefused as refused:
            number = {"expired": 500133, "not_yet_valid": 500133, "malformed": 50027}.get(refused.kind, 50013)
            raise refusal(number, reason=WRONG_SIGNATURE) from refused
        if claims.get("idtyp") != "app":
            raise refusal(700229)


def matching_credential(
    claims: dict[str, Any], credentials: Sequence[FederatedCredential]
) -> FederatedCredential:  # Any: a JSON object
    """Return the credential that a token's claims match: issuer, then subject, then audience, letter by letter.

    Raises:
        EntraError: 700211, 700213 or 7002138, 700212.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    by_issuer = [one for one in credentials if one.issuer == issuer]
    if not by_issuer:
        raise refusal(700211, issuer=issuer)
    by_subject = [one for one in by_issuer if one.subject == subject]
    if not by_subject:
        is_near = any(one.subject.lower() == str(subject).lower() for one in by_issuer)
        raise refusal(7002138 if is_near else 700213, subject=subject)
    audience = claims.get("aud")
    audience = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    named = EXCHANGE_AUDIENCE if audience == TOKEN_EXCHANGE.app_id else audience
    for one in by_subject:
        if named in one.audiences or audience in one.audiences:
            return one
    raise refusal(700212, audience=audience)


def _judge_signature(assertion: Assertion, issuer: str, keys: list[IssuerKey] | None) -> None:
    algorithm, key_id = assertion.header.get("alg"), assertion.header.get("kid")
    if algorithm != _ALGORITHM:
        raise refusal(5002738, algorithm=algorithm)
    if keys is None:
        raise refusal(50166, issuer=issuer)
    named = [one for one in keys if one.id in ("", key_id)] if key_id is not None else keys
    if not named:
        raise refusal(7000272, key=key_id, issuer=issuer)
    if not any(_has_signed(one, assertion) for one in named):
        raise refusal(50013, reason=WRONG_SIGNATURE)


def _has_signed(one: IssuerKey, assertion: Assertion) -> bool:
    try:
        one.key.verify(assertion.signature, assertion.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
