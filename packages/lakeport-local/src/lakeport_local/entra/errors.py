"""Entra's refusals: the number, the OAuth error and the sentence of each, as the real service words them.

Clients branch on `error` and the number, never on the sentence.

Source: identity.md 1.10; Microsoft Entra authentication and authorization error codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import Response, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

_DOCUMENTATION = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"
_FEDERATION = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
_UNMATCHED = (
    "No matching federated identity record found for presented assertion {} '{}'. Please check your federated identity"
    f" credential Subject, Audience and Issuer against the presented assertion. {_FEDERATION}"
)

_ERRORS: dict[int, tuple[str, str]] = {
    50027: ("invalid_request", "JWT token is invalid or malformed."),
    50011: (
        "invalid_request",
        "The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the"
        " application '{app}'. Make sure the redirect URI sent in the request matches one added to your application in"
        " the Azure portal.",
    ),
    50020: (
        "invalid_grant",
        "User account '{user}' from identity provider '{issuer}' does not exist in tenant '{tenant}' and cannot access"
        " the application '{app}' in that tenant. The account needs to be added as an external user in the tenant"
        " first.",
    ),
    50034: (
        "invalid_grant",
        "The user account {user} does not exist in the directory. To sign into this application, the account must be"
        " added to the directory.",
    ),
    50049: ("invalid_instance", "Unknown or invalid instance."),
    50059: (
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    50126: ("invalid_grant", "Error validating credentials due to invalid username or password."),
    50013: ("invalid_client", "Assertion failed signature validation. [Reason - {reason}]"),
    500131: (
        "invalid_grant",
        "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was"
        " '{audience}' and the expected audience is '{expected}' or one of the Application Uris of this application"
        " with App ID '{app}'.",
    ),
    500133: ("invalid_grant", "Assertion is not within its valid time range."),
    50057: ("invalid_grant", "The user account is disabled."),
    50079: ("interaction_required", "The user is required to use multi-factor authentication."),
    50166: ("invalid_client", "Request to External OIDC endpoint failed. The keys of '{issuer}' are not known here."),
    50173: (
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
        " changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before"
        " which tokens are not valid) for this user is '{valid_from}'.",
    ),
    53003: (
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    50146: ("login_required", "No user is signed in, and the request asks for no prompt."),
    54005: (
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh"
        " token.",
    ),
    70000: ("invalid_grant", "Provided grant is invalid or malformed."),
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70008: ("invalid_grant", "The provided authorization code or refresh token has expired due to inactivity."),
    70011: (
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter"
        " 'scope' is not valid. The scope {scope} is not valid.",
    ),
    70016: (
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    70017: ("authorization_declined", "The person declined the sign-in."),
    70018: (
        "bad_verification_code",
        "Invalid verification code due to User typing in wrong user code for device code flow.",
    ),
    70020: ("expired_token", "The provided value for the input parameter 'device_code' has expired."),
    70025: ("invalid_client", "The client {app} has no configured federated identity credentials."),
    90002: (
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
        " correct cloud. Check with your subscription administrator, this may happen if there are no active"
        " subscriptions for the tenant.",
    ),
    500011: (
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the"
        " application has not been installed by the administrator of the tenant or consented to by any user in the"
        " tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    500112: (
        "invalid_grant",
        "The reply address '{redirect}' does not match the reply address provided when requesting Authorization code.",
    ),
    500113: ("invalid_request", "No reply address is registered for the application."),
    501481: (
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    700005: ("invalid_grant", "The provided Authorization Code is intended to use against other tenant."),
    700016: (
        "unauthorized_client",
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the"
        " application has not been installed by the administrator of the tenant or consented to by any user in the"
        " tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700021: (
        "invalid_client",
        "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at"
        f" {_DOCUMENTATION} .",
    ),
    700023: (
        "invalid_client",
        f"Client assertion audience claim does not match Realm issuer. Review the documentation at {_DOCUMENTATION} .",
    ),
    700024: (
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {start},"
        f" expiry time of assertion {{end}}. Review the documentation at {_DOCUMENTATION} .",
    ),
    700025: (
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    700027: (
        "invalid_client",
        "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client:"
        " '{thumbprint}'{found}]",
    ),
    700211: ("invalid_client", _UNMATCHED.format("issuer", "{issuer}")),
    700212: ("invalid_client", _UNMATCHED.format("audience", "{audience}")),
    700213: ("invalid_client", _UNMATCHED.format("subject", "{subject}")),
    7002138: (
        "invalid_client",
        _UNMATCHED.format("subject", "{subject}") + " The subject differs from a registered one in case only.",
    ),
    700229: (
        "invalid_client",
        "Only app tokens can be used as Federated Identity Credentials for the Microsoft Entra issuer.",
    ),
    7000272: (
        "invalid_client",
        "The certificate with identifier {key} used to sign the federated credential could not be found in the metadata"
        " of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the key used to"
        " sign the incoming token.",
    ),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    700054: ("unsupported_response_type", "response_type '{value}' is not supported; use 'code'."),
    900144: ("invalid_request", "The request body must contain the following parameter: '{name}'."),
    900561: (
        "invalid_request",
        "The endpoint only accepts POST, OPTIONS requests. Received a {method} request.",
    ),
    1002012: (
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with"
        " /.default suffixed to the resource identifier (application ID URI).",
    ),
    5002723: (
        "invalid_client",
        "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in"
        " token header.",
    ),
    5002738: (
        "invalid_client",
        "Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are:"
        " 'RS256, PS256'",
    ),
    7000112: ("unauthorized_client", "Application '{app}'({name}) is disabled."),
    7000114: (
        "invalid_grant",
        "Application '{app}' is not allowed to make application on-behalf-of calls.",
    ),
    7000215: (
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not"
        " the client secret ID, for a secret added to app '{app}'.",
    ),
    7000218: (
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: (
        "invalid_client",
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for"
        " your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security:"
        " https://aka.ms/certCreds.",
    ),
    9001023: (
        "invalid_request",
        "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or"
        " tenant-specific endpoint.",
    ),
    9002313: ("invalid_request", "Invalid request. Request is malformed or invalid."),
}
_LONGEST = 256
_SUBERRORS = {50173: "bad_token", 53003: "message_only", 70008: "bad_token", 700082: "bad_token"}
"""What tells clients what is left to do: sign in again, or show the message."""


class EntraError(ServiceError):
    """A refusal by Entra.

    Attributes:
        number: The AADSTS number.
        error: The OAuth error.
    """

    def __init__(self, number: int, error: str, message: str) -> None:
        super().__init__(401 if error == "invalid_client" else 400, f"AADSTS{number}", message)
        self.number = number
        self.error = error


def refusal(number: int, **names: object) -> EntraError:
    """Return the refusal of this number, its sentence filled with the names it mentions.

    Args:
        number: The AADSTS number.
        names: What the sentence mentions; what a client sent is cut to a decent length.
    """
    error, sentence = _ERRORS[number]
    return EntraError(number, error, sentence.format(**{key: str(value)[:_LONGEST] for key, value in names.items()}))


def error_response(refused: EntraError, *, trace_id: str, correlation_id: str, at: datetime) -> Response:
    """Render a refusal as the token endpoint does."""
    timestamp = f"{at:%Y-%m-%d %H:%M:%S}Z"
    body: dict[str, Any] = {  # Any: a JSON object
        "error": refused.error,
        "error_description": f"{refused.code}: {refused.message}\r\nTrace ID: {trace_id}\r\n"
        f"Correlation ID: {correlation_id}\r\nTimestamp: {timestamp}",
        "error_codes": [refused.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={refused.number}",
    }
    if refused.number in _SUBERRORS:
        body["suberror"] = _SUBERRORS[refused.number]
    return Response(refused.status, list(refused.headers.items()), orjson.dumps(body))
