"""One request of JSON to a service that has no SDK client here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport.errors import Unreachable
from lakeport.identity.refusals import translated

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest, HttpResponse

    from lakeport.clouds import Cloud


def get(cloud: Cloud, url: str, credential: TokenCredential | None = None, scope: str = "") -> HttpResponse:
    """Return a service's answer to a GET, whatever its status; see `send`."""
    return send(cloud, "GET", url, credential=credential, scope=scope)


def send(
    cloud: Cloud,
    method: str,
    url: str,
    *,
    credential: TokenCredential | None = None,
    scope: str = "",
    body: dict[str, Any] | None = None,  # Any: JSON
) -> HttpResponse:
    """Return a service's answer, whatever its status.

    Args:
        cloud: How it is reached.
        method: Such as `POST`.
        url: The whole address.
        credential: Who asks; `None`: nobody in particular.
        scope: What the token is for.
        body: What is sent, as JSON.

    Raises:
        Unreachable: It does not answer.
        NotSignedIn: The credential cannot sign in.
    """
    from azure.core import PipelineClient, rest  # noqa: PLC0415  (few commands need it)
    from azure.core.pipeline import policies, transport  # noqa: PLC0415

    options = cloud.sdk_options()
    steps = [policies.UserAgentPolicy("lakeport"), policies.RetryPolicy(retry_connect=1, retry_total=3)]
    if credential is not None:
        steps.append(policies.BearerTokenCredentialPolicy(credential, scope))
    sender = transport.RequestsTransport(connection_verify=options.get("connection_verify", True))
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
        cloud.authority, policies=steps, transport=sender
    )
    try:
        with translated(), client:
            return client.send_request(rest.HttpRequest(method, url, json=body), proxies=options.get("proxies"))
    except OSError as error:  # requests' word for a CA bundle that is gone, as with a local Azure in memory that ended
        raise Unreachable(
            f"the certificates to trust are gone: {cloud.ca_bundle}", hint="Next: lakeport local up"
        ) from error
