"""Graph's refusals, in its own words, and the envelope they come in.

Source: identity.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import Response, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.entra import TokenRefused

_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)
_TOKEN_MESSAGES = {
    "expired": "Lifetime validation failed, the token is expired.",
    "audience": "Access token validation failure. Invalid audience.",
    "malformed": "CompactToken parsing failed with error code: 80049217",
    "signature": "Access token validation failure. Invalid signature.",
    "issuer": "Access token validation failure. Invalid issuer.",
    "not_yet_valid": "Lifetime validation failed, the token is not yet valid.",
}


def error_response(refused: ServiceError, request_id: str, client_request_id: str, at: datetime) -> Response:
    """Return a refusal in Graph's envelope."""
    inner = {"date": f"{at:%Y-%m-%dT%H:%M:%S}", "request-id": request_id, "client-request-id": client_request_id}
    body = {"error": {"code": refused.code, "message": refused.message, "innerError": inner}}
    return Response(refused.status, list(refused.headers.items()), orjson.dumps(body))


def no_token() -> ServiceError:
    """401 without a bearer token."""
    return ServiceError(
        401, "InvalidAuthenticationToken", "Access token is empty.", headers={"WWW-Authenticate": _CHALLENGE}
    )


def token_refused(refused: TokenRefused) -> ServiceError:
    """401 for a token that did not verify."""
    message = _TOKEN_MESSAGES.get(refused.kind, "Access token validation failure.")
    return ServiceError(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": _CHALLENGE})


def denied() -> ServiceError:
    """403 for a caller who may not do this in the directory."""
    return ServiceError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def missing(key: str) -> ServiceError:
    """404 for an object that the directory does not have."""
    return ServiceError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key[:128]}' does not exist or one of its queried reference-property objects are not present.",
    )


def unknown_segment(segment: str) -> ServiceError:
    """400 for a path that names nothing."""
    return ServiceError(400, "BadRequest", f"Resource not found for the segment '{segment[:64]}'.")


def wrong_method() -> ServiceError:
    """405 for a method that the path does not take."""
    return ServiceError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def bad_request(message: str) -> ServiceError:
    """400 for a request that makes no sense."""
    return ServiceError(400, "Request_BadRequest", message)


def bad_body() -> ServiceError:
    """400 for a body that is no JSON object."""
    return ServiceError(
        400,
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
    )


def bad_proof() -> ServiceError:
    """401 for a proof of possession that is not to be believed."""
    return ServiceError(401, "Authentication_MissingOrMalformed", "Access token missing or malformed: invalid proof.")


def bad_property(name: str) -> ServiceError:
    """400 for a property that the type does not have, or that may not be written."""
    return bad_request(f"Invalid property '{name[:64]}'.")


def bad_value(name: str) -> ServiceError:
    """400 for a value of the wrong type or form."""
    return bad_request(f"Invalid value specified for property '{name[:64]}' of resource.")


def taken(name: str) -> ServiceError:
    """400 for a value that another object has."""
    return bad_request(f"Another object with the same value for property {name} already exists.")


def bad_filter(why: str) -> ServiceError:
    """400 for a filter that cannot be read."""
    return ServiceError(400, "BadRequest", f"Invalid filter clause: {why}.")


def unsupported_query(message: str) -> ServiceError:
    """400 for a query that the directory does not answer."""
    return ServiceError(400, "Request_UnsupportedQuery", message)
