"""The control plane, asked in JSON: one request a call, over azure-core's pipeline as the management clients build it.

The management clients themselves would load a model of every resource, and read every answer into one, to hand out the
documents that came: half of what a look at fifty shares costs.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakeport.identity.refusals import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.mgmt.core import ARMPipelineClient

    from lakeport.profiles import Profile


class ControlPlane:
    """A cloud's control plane, as one caller.

    Args:
        profile: Who asks, and where.
        credential: The same, for tokens.
        api_version: Of the provider that is asked.
    """

    def __init__(self, profile: Profile, credential: TokenCredential, api_version: str) -> None:
        self._profile = profile
        self._credential = credential
        self._api_version = api_version

    @cached_property
    def _client(self) -> ARMPipelineClient[HttpRequest, HttpResponse]:
        from azure.core.pipeline import policies  # noqa: PLC0415  (an eighth of a second)
        from azure.mgmt.core import ARMPipelineClient  # noqa: PLC0415
        from azure.mgmt.core.policies import (  # noqa: PLC0415
            ARMAutoResourceProviderRegistrationPolicy,
            ARMChallengeAuthenticationPolicy,
        )

        cloud = self._profile.cloud
        options = cloud.sdk_options()
        steps = [
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy(sdk_moniker="lakeport"),
            policies.ProxyPolicy(**options),
            ARMAutoResourceProviderRegistrationPolicy(),
            policies.RedirectPolicy(),
            policies.RetryPolicy(**options),
            ARMChallengeAuthenticationPolicy(self._credential, cloud.control_scope),
            policies.SensitiveHeaderCleanupPolicy(),
        ]
        return ARMPipelineClient(cloud.control_plane, policies=steps, **options)

    def ask(self, method: str, path: str, body: object = None, **query: str) -> dict[str, Any]:  # Any: JSON
        """Make one request and return the document that came, empty where none did.

        Args:
            method: Such as `PUT`.
            path: From the root, percent-encoded.
            body: What is sent, as JSON; `None`: nothing.
            query: Parameters beside the api-version.

        Raises:
            LakeportError: The service, or the way to it, refused.
        """
        return self._sent(method, f"{self._profile.cloud.control_plane}{path}", body, self._query(query))

    def pages(self, method: str, path: str, body: object = None, **query: str) -> Iterator[dict[str, Any]]:
        """Yield what a list holds, a page a request; the pages after the first are read, whatever the method was.

        Raises:
            LakeportError: The service, or the way to it, refused.
        """
        page = self.ask(method, path, body, **query)
        yield from page.get("value") or []
        while page.get("nextLink"):
            page = self._sent("GET", str(page["nextLink"]), None, None)
            yield from page.get("value") or []

    def _query(self, query: dict[str, str]) -> dict[str, str]:
        return {"api-version": self._api_version, **query}

    def _sent(self, method: str, url: str, body: object, query: dict[str, str] | None) -> dict[str, Any]:
        from azure.core import exceptions, rest  # noqa: PLC0415
        from azure.mgmt.core.exceptions import ARMErrorFormat  # noqa: PLC0415

        request = rest.HttpRequest(method, url, params=query, json=body, headers={"Accept": "application/json"})
        with translated(self._profile):
            answer = self._client.send_request(request)
            if answer.status_code >= 300:
                raise exceptions.HttpResponseError(response=answer, error_format=ARMErrorFormat)
        text = answer.text()
        found = json.loads(text) if text.strip() else {}
        return found if isinstance(found, dict) else {}
