"""What services and sign-in answer, as lakeport's errors."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakeport.errors import LakeportError, NotSignedIn, Unavailable, Unreachable, WrongTenant, class_of, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.profiles import Profile

_AADSTS = re.compile(r"AADSTS(\d+): ?(.*?)(?:\s+Trace ID:.*|$)", re.DOTALL)
_OTHER_TENANT = re.compile(r"not configured to acquire tokens for tenant ([0-9a-f-]{36})", re.IGNORECASE)
_HOST = re.compile(r"host='([^']+)'")

# Only what the code itself proves (identity.md 1.10).
SIGN_IN_HINTS = {
    "7000215": "The client secret is wrong; a common slip is the secret's id in place of its value",
    "7000222": "The client secret has expired: make a new one",
    "7000218": "Give client_secret or certificate",
    "700027": "The certificate is not the one registered for this application",
    "700024": "The clock of this machine differs from the service's",
    "700016": "The application is not in this tenant: check client_id and tenant_id",
    "90002": "There is no such tenant: check tenant_id",
}
HINTS = {
    "InvalidAuthenticationTokenTenant": "The subscription is in another tenant: check tenant_id and subscription_id",
    "MissingSubscriptionRegistration": "Next: az provider register --namespace Microsoft.DataShare",
    "SubscriptionNotFound": "Check subscription_id",
    "ResourceGroupNotFound": "Check resource_group",
}


@contextmanager
def translated(profile: Profile | None = None) -> Iterator[None]:
    """Turn what an Azure SDK raises inside the block into lakeport's errors.

    Args:
        profile: Who is signing in, so that a refusal can name it.

    Raises:
        LakeportError: The service, or the way to it, refused.
    """
    from azure.core.exceptions import AzureError  # noqa: PLC0415  (heavy; whoever uses this has loaded it)

    try:
        yield
    except AzureError as error:
        raise translate(error, profile) from error


def translate(error: Exception, profile: Profile | None = None) -> LakeportError:
    """Return lakeport's error for one of azure-core's."""
    from azure.core import exceptions  # noqa: PLC0415

    who = f"profile {profile.name!r}" if profile else "the credential"
    signing_in = _AADSTS.search(str(error))
    if signing_in:
        return _refused_sign_in(who, signing_in)
    elsewhere = _OTHER_TENANT.search(str(error))
    if elsewhere:
        return _wrong_tenant(who, elsewhere[1], profile)
    if isinstance(error, exceptions.ServiceRequestError | exceptions.ServiceResponseError):
        return _unreachable(error, profile)
    if isinstance(error, exceptions.HttpResponseError) and error.response is not None:
        return _refused(error)
    if isinstance(error, exceptions.ClientAuthenticationError):
        return NotSignedIn(f"{who} cannot sign in: {_first_line(error)}", hint=_chain_hint(error))
    return LakeportError(_first_line(error))


def _refused_sign_in(who: str, found: re.Match[str]) -> LakeportError:
    number, said = found[1], one_line(found[2])
    cls = class_of(f"AADSTS{number}", 401)
    return cls(f"{who} cannot sign in: {said}", code=f"AADSTS{number}", status=401, hint=SIGN_IN_HINTS.get(number, ""))


def _wrong_tenant(who: str, tenant_id: str, profile: Profile | None) -> LakeportError:
    own = f" signs in to tenant {profile.tenant_id}, and" if profile and profile.tenant_id else ""
    return WrongTenant(f"{who}{own} may not get in here: this belongs to tenant {tenant_id}", status=401)


def _unreachable(error: Exception, profile: Profile | None) -> LakeportError:
    text = str(error)
    found = _HOST.search(text)
    host = found[1] if found else "the service"
    proxy = profile.cloud.proxy if profile else ""
    if proxy and ("ProxyError" in text or "proxy" in text.lower()):
        at = urlsplit(proxy).netloc.rpartition("@")[2]
        if "403" in text:
            return Unreachable(
                f"the local Azure at {at} does not serve {host}", hint="It answers for Azure's host names only"
            )
        return Unreachable(f"nothing answers at {at}, where the local Azure was", hint="Next: lakeport local up")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return Unreachable(f"{host} shows a certificate this machine does not trust", hint="Set REQUESTS_CA_BUNDLE")
    if "ProxyError" in text:
        return Unreachable(f"the proxy does not lead to {host}", hint="Check HTTPS_PROXY")
    if "resolve" in text:
        return Unreachable(f"{host} has no address", hint="Check the name and the network")
    return Unreachable(f"{host} cannot be reached: {_reason(text)}")


def _reason(text: str) -> str:
    for sign, said in (
        ("timed out", "it took too long"),
        ("refused", "connection refused"),
        ("reset", "the connection broke"),
    ):
        if sign in text:
            return said
    return one_line(text)[:200]


def _refused(error: Any) -> LakeportError:
    response = error.response
    code = str(
        getattr(error, "error_code", None)
        or getattr(getattr(error, "error", None), "code", None)
        or _header_code(response)
    )
    message = getattr(getattr(error, "error", None), "message", None) or _first_line(error)
    status = error.status_code
    url = str(getattr(response.request, "url", ""))
    cls = class_of(code, status)
    if cls is LakeportError and status is None:
        cls = Unavailable
    said = one_line(str(message)) or f"{urlsplit(url).hostname} answered {status}"
    return cls(
        said,
        code=code or str(status or ""),
        status=status,
        request_id=response.headers.get("x-ms-request-id") or "",
        url=url,
        hint=HINTS.get(code, ""),
    )


def _header_code(response: Any) -> str:
    return str(response.headers.get("x-ms-error-code") or "")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(getattr(error, "message", "") or error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:300]


def _chain_hint(error: Exception) -> str:
    if "DefaultAzureCredential" in str(error):
        return "Next: set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, run az login, or name a profile"
    return ""
