"""Users of a tenant, and the guests invited into it.

Source: identity.md 1.12, 3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.core import Response
from lakeport_local.entra import User
from lakeport_local.graph import errors
from lakeport_local.graph.call import answer, required_text, text
from lakeport_local.graph.writing import created, written

if TYPE_CHECKING:
    from lakeport_local.entra import Entry
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_HANDLED = frozenset({"accountEnabled", "mail", "passwordProfile", "userPrincipalName", "userType"})
_ADDRESS = re.compile(r"[^@\s'\"<>#]{1,64}@[A-Za-z0-9.-]{1,128}")
_MIN_PASSWORD = 8
_INVITED = "#EXT#@"


def list_users(call: Call) -> Response:
    """Answer with the tenant's users, guests included."""
    return call.listed(call.catalog.entries(call.tenant_id, "user"), "user")


def count_users(call: Call) -> Response:
    """Answer with their number."""
    return call.counted(call.catalog.entries(call.tenant_id, "user"), "user")


def get_user(call: Call) -> Response:
    """Answer with one user."""
    return call.shown(call.entry("user"))


def get_me(call: Call) -> Response:
    """Answer with the user whose token it is."""
    return call.shown(call.named(signed_in(call), "user"))


def signed_in(call: Call) -> str:
    """Return the object id of the signed-in user.

    Raises:
        ServiceError: 400: an app is signed in.
    """
    if call.caller.kind != "User":
        raise errors.bad_request("/me request is only valid with delegated authentication flow.")
    return call.caller.object_id


def create_user(call: Call) -> Response:
    """Make a member of the tenant, who signs in with the password of `passwordProfile`."""
    body = call.body()
    upn = _upn(call, required_text(body, "userPrincipalName"))
    required_text(body, "displayName")
    required_text(body, "mailNickname")
    _enabled(body)
    password = _password(body)
    if password is None:
        raise errors.bad_request("A password must be specified to create a new user.")
    if call.directory.user(call.tenant_id, upn) is not None:
        raise errors.taken("userPrincipalName")
    made = call.directory.add_user(call.tenant_id, name=upn, object_id=call.ids.guid(), password=password)
    entry = call.named(made.object_id, "user")
    entry.profile.update(created(call))
    written(call, entry, body, _HANDLED)
    _enable(call, made.object_id, body)
    return call.shown(call.named(made.object_id, "user"), 201)


def _upn(call: Call, upn: str) -> str:
    tenant = call.directory.tenant(call.tenant_id)
    if not _ADDRESS.fullmatch(upn) or tenant is None or upn.partition("@")[2].lower() != tenant.domain.lower():
        raise errors.bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in "
            "your organization."
        )
    return upn


def _password(body: Document) -> str | None:
    profile = body.get("passwordProfile")
    if profile is None:
        return None
    if not isinstance(profile, dict):
        raise errors.bad_value("passwordProfile")
    password = text(profile, "password")
    if password is not None and len(password) < _MIN_PASSWORD:
        raise errors.bad_request(
            "The specified password does not comply with password complexity requirements. Please provide a different password."
        )
    return password


def _enabled(body: Document) -> bool | None:
    """Return whether the account may sign in, or None when the body does not say."""
    enabled = body.get("accountEnabled")
    if not isinstance(enabled, bool | None):
        raise errors.bad_value("accountEnabled")
    return enabled


def _enable(call: Call, object_id: str, body: Document) -> None:
    enabled = _enabled(body)
    if enabled is not None:
        call.directory.enable(call.tenant_id, object_id, is_enabled=enabled)
        if not enabled:
            call.directory.revoke_sessions(call.tenant_id, object_id)


def revoke_sessions(call: Call) -> Response:
    """End what a user's sign-ins have left: refresh tokens from before are refused."""
    return _revoked(call, call.entry("user"))


def revoke_my_sessions(call: Call) -> Response:
    """End the sessions of the user whose token it is."""
    return _revoked(call, call.named(signed_in(call), "user"))


def _revoked(call: Call, entry: Entry) -> Response:
    call.directory.revoke_sessions(call.tenant_id, entry.object_id)
    return answer(200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": True})


def update_user(call: Call) -> Response:
    """Change a user; a new password ends with the old one."""
    entry, body = call.entry("user"), call.body()
    _enabled(body)
    upn, password = text(body, "userPrincipalName"), _password(body)
    is_guest = entry.home_tenant_id != entry.tenant_id
    if is_guest and (upn or password):
        raise errors.bad_request("The sign-in of a guest is its home tenant's matter.")
    if upn and upn.lower() != entry.name.lower():
        if call.directory.user(call.tenant_id, _upn(call, upn)) is not None:
            raise errors.taken("userPrincipalName")
        call.catalog.rename(entry, upn)
    if password:
        call.directory.add_user(call.tenant_id, name=upn or entry.name, object_id=entry.object_id, password=password)
    written(call, entry, body, _HANDLED)
    _enable(call, entry.object_id, body)
    return Response(204)


def delete_user(call: Call) -> Response:
    """Remove a user from the tenant."""
    call.catalog.remove(call.entry("user"))
    return Response(204)


def invite_guest(call: Call) -> Response:
    """Make a guest of an address; where another tenant here has it, the guest signs in there and is in at once [A]."""
    body = call.body()
    address = required_text(body, "invitedUserEmailAddress")
    redirect = required_text(body, "inviteRedirectUrl")
    if not _ADDRESS.fullmatch(address):
        raise errors.bad_value("invitedUserEmailAddress")
    existing = _known(call, address)
    if existing is not None and not existing.is_guest:
        raise errors.bad_request(
            f"The invited user already exists in the directory as object ID: {existing.object_id}. They can use that account to "
            "sign in to shared apps and resources."
        )
    home = _at_home(call, address)
    guest = existing or call.directory.add_user(
        call.tenant_id, name=address, object_id=call.ids.guid(), password=None, guest_of=home or _nobody(address)
    )
    entry = call.named(guest.object_id, "user")
    if existing is None:
        _name_guest(call, entry, text(body, "invitedUserDisplayName"))
    return answer(201, _invitation(call, body, entry, redirect, is_accepted=home is not None))


def _known(call: Call, address: str) -> User | None:
    users = call.catalog.entries(call.tenant_id, "user")
    found = next((one for one in users if address.lower() in (one.mail.lower(), one.name.lower())), None)
    return call.directory.user(call.tenant_id, found.object_id) if found else None


def _at_home(call: Call, address: str) -> User | None:
    """Return the member with this address in another tenant, or None."""
    found = (call.directory.user(one.id, address) for one in call.directory.tenants() if one.id != call.tenant_id)
    return next((user for user in found if user is not None and not user.is_guest), None)


def _nobody(address: str) -> User:
    """Return the home of a guest whose account no tenant here has: nobody signs in with it."""
    return User("", "", address, address, "", "")


def _name_guest(call: Call, entry: Entry, name: str | None) -> None:
    call.catalog.set_profile(entry, created(call) | ({"displayName": name} if name else {}))


def _invitation(call: Call, body: Document, guest: Entry, redirect: str, *, is_accepted: bool) -> Document:
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#invitations/$entity",
        "id": call.ids.guid(),
        "inviteRedeemUrl": f"https://login.microsoftonline.com/redeem?rd={guest.object_id}",
        "invitedUserDisplayName": text(body, "invitedUserDisplayName"),
        "invitedUserType": "Guest",
        "invitedUserEmailAddress": guest.mail,
        "sendInvitationMessage": body.get("sendInvitationMessage") is True,
        "resetRedemption": False,
        "inviteRedirectUrl": redirect,
        "status": "Completed" if is_accepted else "PendingAcceptance",
        "invitedUserMessageInfo": {"messageLanguage": None, "customizedMessageBody": None, "ccRecipients": []},
        "invitedUser": {"id": guest.object_id},
    }
