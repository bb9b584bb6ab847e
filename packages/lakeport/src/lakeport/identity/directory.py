"""What an id or a name is in a tenant's directory, as Microsoft Graph tells.

Source: Microsoft Graph REST reference v1.0, servicePrincipal, application and user; identity.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from lakeport import identity
from lakeport.errors import Forbidden, LakeportError, NotSignedIn, class_of
from lakeport.identity import asking
from lakeport.types import ObjectId, is_guid

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.clouds import Cloud
    from lakeport.profiles import Profile
    from lakeport.types import TenantId

Kind = Literal["object id", "client id", "application object id", "name"]


@dataclass(frozen=True)
class Entry:
    """A principal, and what it was asked for by.

    Attributes:
        object_id: The id that roles and invitations name.
    """

    asked_by: Kind
    object_id: ObjectId
    name: str


def look_up(cloud: Cloud, credential: TokenCredential, principal: str) -> Entry | None:
    """Return the principal that an id or a name means in the credential's tenant, or `None` when there is none.

    Raises:
        Forbidden: The credential may not read the directory.
        LakeportError: The directory cannot be asked.

    Wire: one to four GETs of Graph.
    """
    if not is_guid(principal):
        return _filtered(cloud, credential, f"displayName eq '{_quoted(principal)}'", "name")
    for group in ("servicePrincipals", "users"):
        found = _get(cloud, credential, f"{group}/{principal}")
        if found is not None:
            return _entry(found, "object id")
    by_client = _filtered(cloud, credential, f"appId eq '{principal}'", "client id")
    if by_client is not None:
        return by_client
    application = _get(cloud, credential, f"applications/{principal}")
    if application is None:
        return None
    return _filtered(cloud, credential, f"appId eq '{_quoted(str(application['appId']))}'", "application object id")


def tenant_name(profile: Profile, tenant_id: TenantId) -> str:
    """Return what a tenant is called, as its own directory or, of another tenant, the profile's tells; else empty.

    Source: Microsoft Graph REST reference v1.0, tenantRelationship: findTenantInformationByTenantId.

    Wire: one GET of Graph; needs CrossTenantInformation.ReadBasic.All.
    """
    path = f"tenantRelationships/findTenantInformationByTenantId(tenantId='{tenant_id}')"
    try:
        found = _get(profile.cloud, identity.credential(profile), path) or {}
    except LakeportError:
        return ""  # it may not be asked: then whoever needs the name has to be told it
    return str(found.get("displayName") or "")


def _filtered(cloud: Cloud, credential: TokenCredential, condition: str, kind: Kind) -> Entry | None:
    found = _get(cloud, credential, f"servicePrincipals?$filter={quote(condition)}") or {}
    values = found.get("value", [])
    return _entry(values[0], kind) if len(values) == 1 else None


def _entry(found: dict[str, Any], kind: Kind) -> Entry:  # Any: JSON
    return Entry(kind, ObjectId(str(found["id"]).lower()), str(found.get("displayName") or found["id"]))


def _get(cloud: Cloud, credential: TokenCredential, path: str) -> dict[str, Any] | None:  # Any: JSON
    answer = asking.get(cloud, f"{cloud.graph}/v1.0/{path}", credential, f"{cloud.graph}/.default")
    if answer.status_code == 404:
        return None
    if answer.status_code == 200:
        body: dict[str, Any] = answer.json()  # Any: JSON
        return body
    cls = class_of("", answer.status_code)
    what = "the directory may not be read" if cls in {Forbidden, NotSignedIn} else "the directory does not answer"
    raise cls(f"{what}: {cloud.graph} answered {answer.status_code}", status=answer.status_code)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
