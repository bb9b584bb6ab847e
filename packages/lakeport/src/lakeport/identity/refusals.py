"""What services and sign-in answer, as lakeport's errors."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakeport.errors import LakeportError, NotSignedIn, Throttled, Unavailable, WrongTenant, absent, class_of, one_line
from lakeport.identity.reach import is_unreachable, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport.profiles import Profile

_AADSTS = re.compile(r"AADSTS(\d+): ?(.*?)(?:\s+Trace ID:.*|$)", re.DOTALL)
_OTHER_TENANT = re.compile(r"not configured to acquire tokens for tenant ([0-9a-f-]{36})", re.IGNORECASE)
_CHALLENGED = re.compile(r"authorization_uri=\"?https://[^/]+/([0-9a-f-]{36})/", re.IGNORECASE)
_TENANT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_TENANT = re.compile(r"Unable to get authority configuration for \S+?/([^/\s]+?)\.? ")
_THROTTLED = re.compile(r"TooManyRequests|temporarily_unavailable|request is being throttled")
_WITHOUT_BODY = re.compile(r"Operation returned an invalid status '(.*)'", re.DOTALL)
_STORAGE_TAIL = re.compile(r"\s*RequestId:\S+\s+Time:\S+")

# Only what the code itself proves (identity.md 1.10).
SIGN_IN_HINTS = {
    "7000215": "Check the client secret",
    "7000222": "Make a new client secret",
    "7000218": "Give client_secret or certificate",
    "700027": "The certificate is not the one registered for this application",
    "700024": "The clock of this machine differs from the service's: set it",
    "700016": "The application is not in this tenant: check client_id and tenant_id",
    "90002": "There is no such tenant: check tenant_id",
}
_POLICY = "The tenant forbids this way to sign in, as many forbid device codes: ask for an exception, or use interactive_browser"
PEOPLE_HINTS = {
    "7000218": "The application does not let people sign in by a code: allow public client flows, or leave client_id out",
    "53003": _POLICY,
    "530032": _POLICY,
    "53000": "The tenant demands a managed device, which a code cannot prove: use interactive_browser on one",
    "53001": "The tenant demands a joined device, which a code cannot prove: use interactive_browser on one",
    "50076": "The tenant demands a second factor: sign in again and give it",
    "65001": "Nobody has agreed that this application may act here: an administrator has to",
    "70019": "The code has ended: ask for another",
    "70020": "The code has ended: ask for another",
}
"""For who signs in by a code or in a browser."""
WORKLOAD_HINTS = {"700024": "The token in token_file is not in its time: whoever issues it must renew it"}
"""For whom another issuer vouches: the dates are the issuer's, not this machine's."""
CHAIN_HINTS = {
    "700024": "The clock of this machine differs from the service's, or the token in AZURE_FEDERATED_TOKEN_FILE has ended"
}
"""For who did not choose by what to sign in."""
HINTS_BY_CREDENTIAL: Mapping[str, Mapping[str, str]] = {
    "device_code": PEOPLE_HINTS,
    "interactive_browser": PEOPLE_HINTS,
    "workload_identity": WORKLOAD_HINTS,
    "default": CHAIN_HINTS,
    "chained": CHAIN_HINTS,
}
HINTS = {
    "InvalidAuthenticationTokenTenant": "The subscription is in another tenant: check tenant_id and subscription_id",
    "MissingSubscriptionRegistration": "Next: az provider register --namespace Microsoft.DataShare",
    "SubscriptionNotFound": "Check subscription_id",
    "ResourceGroupNotFound": "Check resource_group",
}


@contextmanager
def translated(profile: Profile | None = None, about: str = "") -> Iterator[None]:
    """Give a block in which what an Azure SDK raises is raised as lakeport's errors.

    Args:
        profile: Who is signing in, so that a refusal can name it.
        about: What is asked for, where the service's own text does not name it.

    Raises:
        LakeportError: The service, or the way to it, refused.
    """
    from azure.core.exceptions import AzureError  # noqa: PLC0415  (heavy; whoever uses this has loaded it)

    try:
        yield
    except AzureError as error:
        raise translate(error, profile, about) from error


def translate(error: Exception, profile: Profile | None = None, about: str = "") -> LakeportError:
    """Return lakeport's error for one of azure-core's.

    Args:
        error: What azure-core raised.
        profile: Who was signing in, so that a refusal can name it.
        about: What was asked for, where the service's own text does not name it.
    """
    from azure.core import exceptions  # noqa: PLC0415

    who = f"profile {profile.name!r}" if profile else "the credential"
    signing_in = _AADSTS.search(str(error))
    if signing_in:
        return _refused_sign_in(who, signing_in, profile)
    elsewhere = _OTHER_TENANT.search(str(error))
    if elsewhere:
        return _wrong_tenant(who, elsewhere[1], profile)
    if isinstance(error, exceptions.ServiceRequestError | exceptions.ServiceResponseError):
        return unreachable(str(error), profile.cloud.proxy if profile else "")
    if isinstance(error, exceptions.HttpResponseError) and error.response is not None:
        return _refused(error, about)
    if isinstance(error, exceptions.ClientAuthenticationError):
        return _cannot_sign_in(error, who, profile)
    return LakeportError(_first_line(error))


def _cannot_sign_in(error: Exception, who: str, profile: Profile | None) -> LakeportError:
    text = str(error)
    if is_unreachable(text):
        return unreachable(text, profile.cloud.proxy if profile else "")
    if _THROTTLED.search(text):  # the SDK has waited as it was told, and tried again, in vain
        return Throttled(f"{who} cannot sign in: too many requests", code="TooManyRequests", hint="Next: wait a minute")
    nowhere = _NO_TENANT.search(f"{text} ")
    if nowhere:
        hint = "Check tenant_id"
        return WrongTenant(f"{who} cannot sign in: there is no tenant {nowhere[1]!r}", code="AADSTS90002", hint=hint)
    return NotSignedIn(f"{who} cannot sign in: {_first_line(error)}", hint=_chain_hint(error))


def _refused_sign_in(who: str, found: re.Match[str], profile: Profile | None) -> LakeportError:
    number, said = found[1], one_line(found[2])
    cls = class_of(f"AADSTS{number}", 401)
    hints = HINTS_BY_CREDENTIAL.get(profile.credential if profile else "", {})
    hint = hints.get(number) or SIGN_IN_HINTS.get(number, "")
    if number == "7000222" and profile and profile.client_id:
        hint += f": az ad app credential reset --id {profile.client_id} --append"
    return cls(f"{who} cannot sign in: {said}", code=f"AADSTS{number}", status=401, hint=hint)


def of_another_tenant(profile: Profile, challenge: str) -> LakeportError | None:
    """Return the error that a challenge is when it names another tenant than the one signed in to; else `None`.

    Args:
        profile: Who asked.
        challenge: The answer's `WWW-Authenticate`. Source: storage.md 4.5.
    """
    named = _CHALLENGED.search(challenge)
    if named is None or not _TENANT_ID.fullmatch(profile.tenant_id) or named[1].lower() == profile.tenant_id.lower():
        return None
    return _wrong_tenant(f"profile {profile.name!r}", named[1], profile)


def _wrong_tenant(who: str, tenant_id: str, profile: Profile | None) -> LakeportError:
    own = f" signs in to tenant {profile.tenant_id}, and" if profile and profile.tenant_id else ""
    return WrongTenant(f"{who}{own} may not get in here: this belongs to tenant {tenant_id}", status=401)


def _refused(error: Any, about: str) -> LakeportError:  # Any: HttpResponseError's parts differ by service
    response = error.response
    named = getattr(error, "error_code", None)
    code = str(
        getattr(named, "value", named)  # storage's client makes an enumeration of it
        or getattr(getattr(error, "error", None), "code", None)
        or _header_code(response)
    )
    message = getattr(getattr(error, "error", None), "message", None) or _first_line(error)
    status = error.status_code
    url = str(getattr(response.request, "url", ""))
    cls = class_of(code, status)
    if cls is LakeportError and status is None:
        cls = Unavailable
    said = (
        one_line(_WITHOUT_BODY.sub(r"\1", _STORAGE_TAIL.sub("", str(message))))
        or f"{urlsplit(url).hostname} answered {status}"
    )
    return cls(
        (about and absent(code, about)) or (f"{about}: {said}" if about else said),
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
