"""What a request's body may set of an object: names that are known, values of the right type, nothing else.

Source: identity.md 3; the public reference of Microsoft Graph v1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant
from lakeport_local.graph import errors

if TYPE_CHECKING:
    from lakeport_local.entra import Entry, EntryKind
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_TEXTS = (str, type(None))
_OBJECTS = (dict, type(None))

WRITABLE: dict[EntryKind, dict[str, tuple[type, ...]]] = {
    "application": {
        **dict.fromkeys(("addIns", "appRoles", "identifierUris", "requiredResourceAccess", "tags"), (list,)),
        **dict.fromkeys(
            ("description", "groupMembershipClaims", "notes", "serviceManagementReference", "signInAudience"), _TEXTS
        ),
        **dict.fromkeys(("api", "publicClient", "spa", "web"), (dict,)),
        **dict.fromkeys(("info", "optionalClaims", "parentalControlSettings"), _OBJECTS),
        "isDeviceOnlyAuthSupported": (bool, type(None)),
        "isFallbackPublicClient": (bool, type(None)),
    },
    "servicePrincipal": {
        **dict.fromkeys(("description", "loginUrl", "notes", "preferredSingleSignOnMode"), _TEXTS),
        "appRoleAssignmentRequired": (bool,),
        "notificationEmailAddresses": (list,),
        "tags": (list,),
    },
    "user": {
        **dict.fromkeys(("businessPhones", "otherMails"), (list,)),
        **dict.fromkeys(
            (
                "city", "companyName", "country", "department", "displayName", "employeeId", "givenName", "jobTitle",
                "mailNickname", "mobilePhone", "officeLocation", "onPremisesImmutableId", "passwordPolicies",
                "postalCode", "preferredLanguage", "state", "streetAddress", "surname", "usageLocation",
            ),
            _TEXTS,
        ),
    },
    "group": {
        **dict.fromkeys(("classification", "description", "mailNickname", "visibility"), _TEXTS),
    },
}  # fmt: skip
"""What only Graph reads, by kind: it is kept as it was sent."""

_SIGN_IN_AUDIENCES = frozenset(
    {"AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"}
)
_REDIRECTING = ("web", "spa", "publicClient")
_MOST_PROFILE_BYTES = 64 * 1024


def written(call: Call, entry: Entry, body: Document, handled: frozenset[str]) -> None:
    """Keep what a body sets of an object's profile.

    Args:
        call: The call.
        entry: The object, as it is.
        body: The request's body.
        handled: Names that the caller of this function sees to; null in them and in others means "not set".

    Raises:
        ServiceError: 400 for a name that may not be written, or a value of the wrong type.
    """
    kinds = WRITABLE[entry.kind]
    profile = dict(entry.profile)
    for name, value in body.items():
        if name in handled or name.startswith("@odata."):
            continue
        if name not in kinds:
            raise errors.bad_property(name)
        if not isinstance(value, kinds[name]):
            raise errors.bad_value(name)
        profile[name] = {**(profile.get(name) or {}), **value} if isinstance(value, dict) else value
    wrong = next(
        (part for part in _REDIRECTING if not _is_texts((profile.get(part) or {}).get("redirectUris", []))), None
    )
    if wrong is not None:
        raise errors.bad_value(f"{wrong}/redirectUris")
    if profile.get("signInAudience") not in (None, *_SIGN_IN_AUDIENCES):
        raise errors.bad_value("signInAudience")
    if len(str(profile)) > _MOST_PROFILE_BYTES:
        raise errors.bad_request("The size of the object has exceeded its limit.")
    call.catalog.set_profile(entry, profile)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def created(call: Call) -> Document:
    """Return the profile that an object is born with."""
    return {"createdDateTime": iso_instant(call.clock.now().replace(microsecond=0))}
