"""ARM's own refusals, in its own words.

Source: identity.md 4.5, data-share.md 5 ("general ARM").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.access import Decision
    from lakeport_local.arm.address import Address
    from lakeport_local.entra import TokenRefused
    from lakeport_local.state import Resource


class GatewayError(ServiceError):
    """A refusal that ARM gives by itself: no provider has seen the call, and the answer says so (`x-ms-failure-cause: gateway`)."""


FAILURE_CAUSE = ("x-ms-failure-cause", "gateway")
_TOKEN_CODES = {
    "expired": ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."),
    "audience": (
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource.",
    ),
}


def no_token(tenant_id: str | None) -> ServiceError:
    """401 when there is no bearer token; the challenge names the tenant of the subscription that was asked for."""
    return GatewayError(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        headers={
            "WWW-Authenticate": _challenge(
                tenant_id or "organizations", "The authentication failed because of missing 'Authorization' header."
            )
        },
    )


def token_refused(refused: TokenRefused) -> ServiceError:
    """401 for a token that did not verify."""
    code, message = _TOKEN_CODES.get(refused.kind, ("InvalidAuthenticationToken", "The access token is invalid."))
    return GatewayError(
        401, code, message, headers={"WWW-Authenticate": _challenge(refused.tenant_id or "organizations", message)}
    )


def wrong_tenant(presented: str, expected: str) -> ServiceError:
    """401 for a token of another tenant than the subscription's."""
    message = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{presented}/'. It must match the tenant "
        f"'https://sts.windows.net/{expected}/' associated with this subscription. Please use the authority (URL) "
        f"'https://login.windows.net/{expected}' to get the token. Note, if the subscription is transferred to another "
        "tenant there is no impact to the services, but information about new tenant could take time to propagate "
        "(up to an hour). If you just transferred your subscription and see this error message, please try back later."
    )
    challenge = _challenge(
        expected,
        "The access token is from the wrong issuer. It must match the tenant associated with this subscription.",
    )
    return GatewayError(401, "InvalidAuthenticationTokenTenant", message, headers={"WWW-Authenticate": challenge})


def _challenge(tenant: str, description: str) -> str:
    return f'Bearer authorization_uri="https://login.windows.net/{tenant}", error="invalid_token", error_description="{description}"'


def forbidden(decision: Decision, scope: str) -> ServiceError:
    """403 for a caller without the role."""
    caller = decision.caller
    name = getattr(caller, "client_id", "") if getattr(caller, "kind", "") != "User" else getattr(caller, "name", "")
    return GatewayError(
        403,
        "AuthorizationFailed",
        f"The client '{name}' with object id '{getattr(caller, 'object_id', '')}' does not have authorization to perform action "
        f"'{decision.action.name}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials.",
    )


def missing_version() -> ServiceError:
    """400 when `api-version` is absent."""
    return GatewayError(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def bad_version(version: str, resource_type: str, supported: tuple[str, ...] | None) -> ServiceError:
    """400 when `api-version` is not one of the type's."""
    if supported is None:
        return GatewayError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version[:64]}' is invalid. The format of api-version is 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'.",
        )
    namespace, _, kind = resource_type.partition("/")
    return GatewayError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for the API version '{version[:64]}' of type '{kind}' in namespace '{namespace}'. "
        f"The supported api-versions are '{', '.join(supported)}'.",
    )


def unknown_path() -> ServiceError:
    """404 for a path that names nothing."""
    return GatewayError(404, "NotFound", "The requested path does not exist.")


def unknown_type(address: Address) -> ServiceError:
    """404 for a type that no provider has."""
    return GatewayError(
        404,
        "InvalidResourceType",
        f"The resource type could not be found in the namespace '{address.namespace}' for this request.",
    )


def wrong_method(method: str) -> ServiceError:
    """405 for a method that the type does not take."""
    return GatewayError(
        405, "HttpMethodNotSupported", f"The http method '{method}' is not supported for a resource of this type."
    )


def subscription_missing(subscription_id: str) -> ServiceError:
    """404 for an unknown subscription."""
    return GatewayError(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")


def group_missing(name: str) -> ServiceError:
    """404 for an unknown resource group."""
    return GatewayError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def resource_missing(address: Address) -> ServiceError:
    """404 for an unknown resource."""
    names = "/".join(address.names)
    where = f" under resource group '{address.resource_group}'" if address.resource_group else ""
    return GatewayError(
        404,
        "ResourceNotFound",
        f"The Resource '{address.type}/{names}'{where} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def not_registered(subscription_id: str, namespace: str) -> ServiceError:
    """409 until the subscription registers the provider."""
    return GatewayError(
        409,
        "MissingSubscriptionRegistration",
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register "
        f"subscriptions. Subscription: '{subscription_id}'.",
        detail={
            "details": [
                {
                    "code": "MissingSubscriptionRegistration",
                    "target": namespace,
                    "message": f"The subscription is not registered to use namespace '{namespace}'. See "
                    "https://aka.ms/rps-not-found for how to register subscriptions.",
                }
            ]
        },
    )


def bad_body(why: str) -> ServiceError:
    """400 for a body that is no JSON object of the type's form."""
    return GatewayError(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{why}'."
    )


def wrong_media_type(media_type: str) -> ServiceError:
    """415 for a body that says it is no JSON."""
    return GatewayError(
        415,
        "UnsupportedMediaType",
        f"The content media type '{media_type[:64]}' is not supported. Only 'application/json' is supported.",
    )


def too_large() -> ServiceError:
    """413 for a body over the limit."""
    return GatewayError(413, "RequestEntityTooLarge", "The request content size exceeds the maximum size of 4 MB.")


def conflicting_location(resource: Resource, group: str | None, wanted: str) -> ServiceError:
    """409 for a PUT that would move a resource to another region."""
    return GatewayError(
        409,
        "InvalidResourceLocation",
        f"The resource '{resource.name}' already exists in location '{resource.location}' in resource group '{group}'. "
        f"A resource with the same name cannot be created in location '{wanted}'. Please select a new resource name.",
    )


def unknown_location(wanted: str, resource_type: str, regions: Iterable[str]) -> ServiceError:
    """400 for a region that does not exist."""
    return GatewayError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{wanted[:64]}' is not available for resource type '{resource_type}'. List of available regions "
        f"for the resource type is '{','.join(regions)}'.",
    )
