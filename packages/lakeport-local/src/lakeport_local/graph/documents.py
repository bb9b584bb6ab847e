"""The directory's objects as Graph's documents.

Every object of a kind has every member, so that the members of one are the properties of all. What `profile` holds by
Graph's names stands in the place of the default.

Source: identity.md 3; the public reference of Microsoft Graph v1.0.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from lakeport_local.core import iso_instant

if TYPE_CHECKING:
    from lakeport_local.entra import Catalog, Certificate, Directory, Entry, EntryKind, SecretNote
    from lakeport_local.graph.filters import Document

SETS: dict[str, EntryKind] = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "users": "user",
    "groups": "group",
}
"""Entity sets by the kind of their objects."""

SHOWN: dict[EntryKind, frozenset[str]] = {
    "user": frozenset(
        {
            "@odata.type", "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone",
            "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
        }
    )
}  # fmt: skip
"""What is shown without `$select`, where that is not everything."""

_APPLICATION: Document = {
    "deletedDateTime": None,
    "appId": None,
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "createdDateTime": None,
    "displayName": None,
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isFallbackPublicClient": None,
    "notes": None,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "requestSignatureVerification": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": {"logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None, "termsOfServiceUrl": None},
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
}  # fmt: skip
_SERVICE_PRINCIPAL: Document = {
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": None,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": None,
}
_USER: Document = {
    "businessPhones": [],
    "displayName": None,
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": None,
    "accountEnabled": True,
    "ageGroup": None,
    "city": None,
    "companyName": None,
    "country": None,
    "createdDateTime": None,
    "creationType": None,
    "deletedDateTime": None,
    "department": None,
    "employeeId": None,
    "externalUserState": None,
    "externalUserStateChangeDateTime": None,
    "identities": [],
    "mailNickname": None,
    "onPremisesImmutableId": None,
    "onPremisesSyncEnabled": None,
    "otherMails": [],
    "passwordPolicies": None,
    "postalCode": None,
    "proxyAddresses": [],
    "state": None,
    "streetAddress": None,
    "usageLocation": None,
    "userType": "Member",
}
_GROUP: Document = {
    "deletedDateTime": None,
    "classification": None,
    "createdDateTime": None,
    "creationOptions": [],
    "description": None,
    "displayName": None,
    "expirationDateTime": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mail": None,
    "mailEnabled": False,
    "mailNickname": None,
    "membershipRule": None,
    "membershipRuleProcessingState": None,
    "onPremisesSyncEnabled": None,
    "preferredDataLocation": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "renewedDateTime": None,
    "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [],
    "securityEnabled": True,
    "securityIdentifier": None,
    "theme": None,
    "visibility": None,
}
_DEFAULTS: dict[EntryKind, Document] = {
    "application": _APPLICATION,
    "servicePrincipal": _SERVICE_PRINCIPAL,
    "user": _USER,
    "group": _GROUP,
}
PROPERTIES: dict[EntryKind, frozenset[str]] = {
    kind: frozenset({"id", *defaults}) for kind, defaults in _DEFAULTS.items()
}
"""The names that documents of each kind have."""


class Documents:
    """Renders the objects of one directory.

    Args:
        directory: Knows tenants, users and certificates.
        catalog: Knows applications and the notes of secrets.
    """

    def __init__(self, directory: Directory, catalog: Catalog) -> None:
        self._directory = directory
        self._catalog = catalog

    def of(self, entry: Entry) -> Document:
        """Return an object's document, with its type."""
        own = {
            "application": self._application,
            "servicePrincipal": self._service_principal,
            "user": self._user,
            "group": self._group,
        }[entry.kind](entry)
        profile = {name: value for name, value in entry.profile.items() if name in _DEFAULTS[entry.kind]}
        kind = {"@odata.type": f"#microsoft.graph.{entry.kind}", "id": entry.object_id}
        return {**kind, **_DEFAULTS[entry.kind], **profile, **own}

    def _application(self, entry: Entry) -> Document:
        tenant = self._directory.tenant(entry.tenant_id)
        return {
            "appId": entry.client_id,
            "displayName": entry.name,
            "publisherDomain": tenant.domain if tenant else None,
            "keyCredentials": self.key_credentials(entry),
            "passwordCredentials": self.password_credentials(entry),
        }

    def key_credentials(self, application: Entry) -> list[Document]:
        """Return an application's certificates as `keyCredentials`."""
        names = self._catalog.certificate_names(application.client_id)
        found = self._directory.certificates(application.client_id)
        return [_key_credential(one, names.get(one.key_id, "")) for one in found]

    def password_credentials(self, entry: Entry) -> list[Document]:
        """Return the secrets of an application or service principal as `passwordCredentials`, without their values."""
        holder = entry.object_id if entry.kind == "servicePrincipal" else ""
        return [password_credential(note) for note in self._catalog.secrets(entry.client_id, holder)]

    def _service_principal(self, entry: Entry) -> Document:
        if entry.resource_id:
            return {
                "appId": entry.client_id,
                "displayName": entry.name,
                "servicePrincipalType": "ManagedIdentity",
                "servicePrincipalNames": [entry.client_id],
                "alternativeNames": [f"isExplicit={_is_user_assigned(entry)}", entry.resource_id],
            }
        application = self._catalog.registration(entry.client_id)
        shown = self._of_application(application) if application else {}
        return {
            "accountEnabled": entry.is_enabled,
            "appDisplayName": entry.name,
            "appId": entry.client_id,
            "appOwnerOrganizationId": entry.home_tenant_id or None,
            "displayName": entry.name,
            "passwordCredentials": self.password_credentials(entry),
            **shown,
        }

    def _of_application(self, application: Entry) -> Document:
        """Return what a service principal shows of its application."""
        profile = {**_APPLICATION, **application.profile}
        redirects = [uri for part in ("web", "spa", "publicClient") for uri in profile[part].get("redirectUris", ())]
        return {
            "appDescription": profile["description"],
            "appRoles": profile["appRoles"],
            "homepage": profile["web"].get("homePageUrl"),
            "info": profile["info"],
            "oauth2PermissionScopes": profile["api"].get("oauth2PermissionScopes", []),
            "replyUrls": redirects,
            "servicePrincipalNames": [*profile["identifierUris"], application.client_id],
            "signInAudience": profile["signInAudience"],
            "verifiedPublisher": profile["verifiedPublisher"],
        }

    def _user(self, entry: Entry) -> Document:
        is_guest = entry.home_tenant_id != entry.tenant_id
        name = entry.profile.get("displayName") or entry.mail or entry.name
        tenant = self._directory.tenant(entry.home_tenant_id)
        issuer = (tenant.domain if tenant else "ExternalAzureAD") if not is_guest else "ExternalAzureAD"
        return {
            "displayName": name,
            "accountEnabled": entry.is_enabled,
            "userPrincipalName": entry.name,
            "mail": entry.mail or None,
            "mailNickname": entry.profile.get("mailNickname") or entry.name.partition("@")[0],
            "userType": "Guest" if is_guest else "Member",
            "creationType": "Invitation" if is_guest else None,
            "externalUserState": ("Accepted" if tenant else "PendingAcceptance") if is_guest else None,
            "otherMails": [entry.mail] if is_guest else [],
            "identities": [
                {
                    "signInType": "federated" if is_guest else "userPrincipalName",
                    "issuer": issuer,
                    "issuerAssignedId": None if is_guest else entry.name,
                }
            ],
        }

    def _group(self, entry: Entry) -> Document:
        nickname = entry.profile.get("mailNickname") or "".join(c for c in entry.name if c.isalnum() or c in "-_.")
        return {"displayName": entry.name, "mailNickname": nickname}


def _is_user_assigned(entry: Entry) -> bool:
    return "/microsoft.managedidentity/userassignedidentities/" in entry.resource_id.lower()


def _key_credential(certificate: Certificate, name: str) -> Document:
    return {
        "customKeyIdentifier": base64.b64encode(bytes.fromhex(certificate.sha1)).decode(),
        "displayName": name or None,
        "endDateTime": iso_instant(certificate.ends_at),
        "key": None,
        "keyId": certificate.key_id,
        "startDateTime": iso_instant(certificate.starts_at),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def password_credential(note: SecretNote, secret: str | None = None) -> dict[str, Any]:  # Any: a JSON object
    """Return a secret as a `passwordCredential`; its value only in the answer that made it."""
    return {
        "customKeyIdentifier": None,
        "displayName": note.name or None,
        "endDateTime": iso_instant(note.ends_at) if note.ends_at else None,
        "hint": note.hint or None,
        "keyId": note.key_id,
        "secretText": secret,
        "startDateTime": iso_instant(note.starts_at),
    }
