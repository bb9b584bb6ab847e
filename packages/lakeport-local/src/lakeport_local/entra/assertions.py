"""Judges client assertions: the signed statement by which an app proves that it holds a certificate's key.

Clients disagree about padding, number types, algorithm and the name of the key; all of their dialects are taken.
A repeated `jti` is no replay: msal uses one assertion for nine minutes.

Source: identity.md 1.3, 9.2; RFC 7523.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakeport_local.core import Clock
    from lakeport_local.entra.certificates import Certificate
    from lakeport_local.entra.objects import App

_SKEW = timedelta(minutes=5)
_LONGEST_LIFE = timedelta(hours=24)
_PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
_PROOF_LIFE = timedelta(minutes=10)
_LAST_INSTANT = datetime(3000, 1, 1, tzinfo=UTC).timestamp()
_PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}
_KEY_NAMES = ("x5t", "x5t#S256", "kid")


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion taken apart, nothing of it checked.

    Attributes:
        header: JOSE header.
        claims: Claims.
        signed: The bytes the signature covers, exactly as received: some clients pad them.
        signature: The signature.
    """

    header: dict[str, Any]  # Any: a JSON object
    claims: dict[str, Any]  # Any: a JSON object
    signed: bytes
    signature: bytes


def read_assertion(text: str) -> Assertion:
    """Take an assertion apart.

    Raises:
        EntraError: 50027: it is no JWT.
    """
    try:
        header, claims, signature = text.split(".")
        signed = f"{header}.{claims}".encode("ascii")
        return Assertion(_json_object(header), _json_object(claims), signed, _decoded(signature))
    except ValueError:
        raise refusal(50027) from None


def _json_object(segment: str) -> dict[str, Any]:  # Any: a JSON object
    value = orjson.loads(_decoded(segment))
    return dict(value) if isinstance(value, dict) else {}


def _decoded(segment: str) -> bytes:
    stripped = segment.rstrip("=")
    return base64.b64decode(stripped + "=" * (-len(stripped) % 4), b"-_", validate=True)


def judge_assertion(
    assertion: Assertion,
    app: App,
    certificates: Sequence[Certificate],
    *,
    is_audience: Callable[[str], bool],
    clock: Clock,
) -> None:
    """Believe an assertion, or refuse it.

    Args:
        assertion: What the client sent.
        app: Who it says it is.
        certificates: The app's registered certificates.
        is_audience: Tells whether an `aud` names the endpoint that was asked.
        clock: The certificate must be in force by this local Azure's time, the assertion in its time by the client's.

    Raises:
        EntraError: The number says which check failed.
    """
    algorithm = assertion.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _PADDINGS:
        raise refusal(5002738, algorithm=algorithm)
    _judge_names(assertion, app)
    _judge_signature(assertion, _named_certificate(assertion, certificates), _PADDINGS[algorithm], clock.now())
    audience = assertion.claims.get("aud")
    audience = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    if not isinstance(audience, str) or not is_audience(audience):
        raise refusal(700023)
    judge_dates(assertion, clock.client_now())


def judge_proof(text: str, issuer: str, certificates: Sequence[Certificate], *, clock: Clock) -> None:
    """Believe an app's proof that it holds the key of a registered certificate, or refuse it.

    Args:
        text: A signed token of ten minutes at most.
        issuer: The application's object id.
        certificates: Those that are registered.
        clock: Certificate and proof must be in their time.

    Raises:
        EntraError: It is not to be believed.

    Source: Microsoft Graph, "application: addKey", "Generating proof of possession tokens".
    """
    proof = read_assertion(text)
    algorithm = proof.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _PADDINGS:
        raise refusal(5002738, algorithm=algorithm)
    _judge_signature(proof, _named_certificate(proof, certificates), _PADDINGS[algorithm], clock.now())
    if proof.claims.get("iss") != issuer or proof.claims.get("aud") != _PROOF_AUDIENCE:
        raise refusal(700023)
    judge_dates(proof, clock.client_now(), longest=_PROOF_LIFE)


def _judge_names(assertion: Assertion, app: App) -> None:
    issuer, subject = assertion.claims.get("iss"), assertion.claims.get("sub")
    if not isinstance(issuer, str) or issuer.lower() != app.client_id or subject != issuer:
        raise refusal(700021)


def _named_certificate(assertion: Assertion, certificates: Sequence[Certificate]) -> Certificate:
    """Return the registered certificate that the header names; a certificate in the header proves nothing by itself."""
    names = [name for name in (assertion.header.get(key) for key in _KEY_NAMES) if isinstance(name, str) and name]
    leaf = _leaf(assertion.header.get("x5c"))
    if not names and leaf is None:
        raise refusal(5002723)
    for certificate in certificates:
        if any(certificate.is_named(name) for name in names) or (not names and certificate.der == leaf):
            return certificate
    shown = _shown(names[0]) if names else ""
    raise refusal(700027, reason="The key was not found.", thumbprint=shown, found="")


def _leaf(chain: object) -> bytes | None:
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        return None
    try:
        return base64.b64decode(chain[0], validate=True)
    except ValueError:
        return None


def _shown(name: str) -> str:
    """Show a thumbprint as the service does: upper-case hex."""
    try:
        return _decoded(name).hex().upper()
    except ValueError:
        return name


def _judge_signature(
    assertion: Assertion, certificate: Certificate, scheme: padding.AsymmetricPadding, now: datetime
) -> None:
    found = (
        f", Found key 'Start={certificate.starts_at:%m/%d/%Y %H:%M:%S}, End={certificate.ends_at:%m/%d/%Y %H:%M:%S}'"
    )
    thumbprint = certificate.sha1.upper()
    try:
        certificate.public_key.verify(assertion.signature, assertion.signed, scheme, hashes.SHA256())
    except InvalidSignature:
        reason = "The key was found, but use of the key to verify the signature failed."
        raise refusal(700027, reason=reason, thumbprint=thumbprint, found=found) from None
    if not certificate.starts_at <= now < certificate.ends_at:
        reason = "The key used is expired." if now >= certificate.ends_at else "The key is not yet valid."
        raise refusal(700027, reason=reason, thumbprint=thumbprint, found=found)


def judge_dates(assertion: Assertion, now: datetime, *, longest: timedelta | None = _LONGEST_LIFE) -> None:
    """Require that an assertion is in its time, five minutes of skew allowed, and not too long.

    Raises:
        EntraError: 50027: it has no such dates. 700024: it is not.
    """
    end = _instant(assertion.claims.get("exp"))
    start = _instant(assertion.claims.get("nbf", assertion.claims.get("iat", now.timestamp())))
    if start is None or end is None:
        raise refusal(50027)
    is_long = longest is not None and end > now + longest + _SKEW
    if now >= end + _SKEW or now < start - _SKEW or is_long:
        shown = {name: f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z" for name, at in (("now", now), ("start", start), ("end", end))}
        raise refusal(700024, **shown)


def _instant(value: object) -> datetime | None:
    """Read a numeric date, whole or not; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return datetime.fromtimestamp(min(max(value, 0), _LAST_INSTANT), UTC)
