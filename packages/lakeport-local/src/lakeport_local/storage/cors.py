"""What a browser's page of another origin may do: preflight answers, and the headers of every other answer. Pure.

Source: storage.md 3.8; "Cross-Origin Resource Sharing (CORS) support for Azure Storage".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.core import Response
from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.core import Headers
    from lakeport_local.storage.answers import Fields

Rules = list[dict[str, Any]]  # Any: a JSON object

_ALLOW = "Access-Control-Allow-"


def preflight(rules: Rules, headers: Headers) -> Response:
    """Answer what a browser asks before it sends a request.

    Raises:
        ServiceError: 400 `MissingRequiredHeader`; 403 `CorsPreflightFailure`: no rule allows it.
    """
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    for name, value in (("Origin", origin), ("Access-Control-Request-Method", method)):
        if not value:
            raise refusal("MissingRequiredHeader", HeaderName=name)
    asked = headers.get("access-control-request-headers") or ""
    rule = _first(rules, origin or "", method or "", [name.strip() for name in asked.split(",") if name.strip()])
    if rule is None:
        detail = "No CORS rules matches this request" if rules else "CORS is not enabled for this account."
        raise refusal("CorsPreflightFailure", MessageDetails=detail)
    fields = [*_origin_fields(rule, origin or ""), (f"{_ALLOW}Methods", method or "")]
    fields += [(f"{_ALLOW}Headers", asked)] if asked else []
    return Response(200, [*fields, ("Access-Control-Max-Age", str(rule.get("maxAgeInSeconds") or 0))])


def cross_origin_fields(rules: Rules, origin: str | None, method: str) -> Fields:
    """Return the headers that tell a browser whether its page may see an answer."""
    if not rules:
        return []
    vary = [("Vary", "Origin")]
    rule = None if not origin else _first(rules, origin, method, [])
    if rule is None:
        return vary
    exposed = ",".join(rule.get("exposedHeaders") or [])
    shown = [("Access-Control-Expose-Headers", exposed)] if exposed else []
    return [*_origin_fields(rule, origin or ""), *shown, *vary]


def _origin_fields(rule: dict[str, Any], origin: str) -> Fields:  # Any: a JSON object
    if "*" in rule["allowedOrigins"]:
        return [(f"{_ALLOW}Origin", "*")]
    return [(f"{_ALLOW}Origin", origin), (f"{_ALLOW}Credentials", "true")]


def _first(rules: Rules, origin: str, method: str, headers: Iterable[str]) -> dict[str, Any] | None:  # Any: JSON
    for rule in rules:
        if (
            _matches_origin(rule["allowedOrigins"], origin)
            and method.upper() in {one.upper() for one in rule["allowedMethods"]}
            and all(_matches_header(rule.get("allowedHeaders") or [], name) for name in headers)
        ):
            return rule
    return None


def _matches_origin(allowed: Iterable[str], origin: str) -> bool:
    for one in allowed:
        scheme, wildcard, suffix = one.partition("*.")
        if one in {"*", origin} or (wildcard and origin.startswith(scheme) and origin.endswith(f".{suffix}")):
            return True
    return False


def _matches_header(allowed: Iterable[str], name: str) -> bool:
    low = name.lower()
    return any(low.startswith(one[:-1].lower()) if one.endswith("*") else low == one.lower() for one in allowed)
