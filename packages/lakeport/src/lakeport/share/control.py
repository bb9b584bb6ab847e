"""Requests to Microsoft.DataShare: one function, one request (lists: one a page), documents in and out.

Long-running calls return at the first answer; whoever needs the end of one looks at the resource until it is there: the
SDK's pollers lose the ids and report failures as success (data-share.md 1.3).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport.errors import NotFound
from lakeport.identity.control_plane import ControlPlane

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile
    from lakeport.share.resources import Document
    from lakeport.types import SubscriptionId

_VERSION = "2020-09-01"
_TENANT = "/providers/Microsoft.DataShare"
KINDS: dict[str, tuple[str, ...]] = {
    "account": (),
    "share": ("shares",),
    "data set": ("shares", "dataSets"),
    "schedule": ("shares", "synchronizationSettings"),
    "invitation": ("shares", "invitations"),
    "subscriber": ("shares", "providerShareSubscriptions"),
    "subscription": ("shareSubscriptions",),
    "mapping": ("shareSubscriptions", "dataSetMappings"),
    "trigger": ("shareSubscriptions", "triggers"),
}
"""The collections on the way from an account to a resource, by what we call the resource."""


class Control:
    """The data share accounts of one resource group, as one caller.

    Names are those below the account: `("share",)` for a share, `("share", "data set")` for its data set.
    """

    def __init__(
        self,
        profile: Profile,
        credential: TokenCredential,
        subscription_id: SubscriptionId,
        resource_group: str,
        account: str,
    ) -> None:
        self.profile = profile
        self.credential = credential
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.account = account

    @cached_property
    def _plane(self) -> ControlPlane:
        return ControlPlane(self.profile, self.credential, _VERSION)

    def _path(self, kind: str, *names: str) -> str:
        """Return where a resource is, or, with one name too few, where all of its kind are."""
        group = f"/subscriptions/{_quoted(self.subscription_id)}/resourceGroups/{_quoted(self.resource_group)}"
        account = f"{group}{_TENANT}/accounts/{_quoted(self.account)}"
        parts = [part for pair in zip(KINDS[kind], (*names, ""), strict=False) for part in pair if part]
        return "/".join((account, *(_quoted(part) for part in parts)))

    def get(self, kind: str, *names: str) -> Document | None:
        """Return a resource, or `None` when there is none."""
        try:
            return self._plane.ask("GET", self._path(kind, *names))
        except NotFound as error:
            if error.code in {"ResourceGroupNotFound", "SubscriptionNotFound"}:
                raise
            return None

    def put(self, kind: str, *names: str, body: Document) -> Document:
        """Create or replace a resource; the answer may still say `Creating`."""
        if kind == "subscriber":
            return self._act(kind, *names, "adjust", body=body)
        return self._plane.ask("PUT", self._path(kind, *names), body)

    def delete(self, kind: str, *names: str) -> None:
        """Delete a resource, which may take a while; absent is deleted."""
        try:
            self._plane.ask("DELETE", self._path(kind, *names))
        except NotFound:
            return

    def all(self, kind: str, *names: str) -> list[Document]:
        """Return every resource of a kind below these names."""
        return list(self._plane.pages("GET", self._path(kind, *names)))

    def invitations(self) -> list[Document]:
        """Return the invitations addressed to the caller, from anybody, that wait for an answer."""
        return list(self._plane.pages("GET", f"{_TENANT}/listInvitations"))

    def reject(self, location: str, invitation_id: str) -> Document:
        """Turn an invitation down."""
        return self._at(location, "rejectInvitation", {"properties": {"invitationId": invitation_id}})

    def register(self, location: str) -> Document:
        """Have a code mailed to the caller, who is a guest."""
        return self._at(location, "registerEmail")

    def activate(self, location: str, code: str) -> Document:
        """Show the code from the mail; the answer's status says what came of it."""
        return self._at(location, "activateEmail", {"activationCode": code})

    def _at(self, location: str, verb: str, body: Document | None = None) -> Document:
        named = _quoted(location.lower().replace(" ", ""))
        return self._plane.ask("POST", f"{_TENANT}/locations/{named}/{verb}", body)

    def source_data_sets(self, subscription: str) -> list[Document]:
        """Return what the provider offers in a received share."""
        return list(self._plane.pages("GET", f"{self._path('subscription', subscription)}/consumerSourceDataSets"))

    def source_schedules(self, subscription: str) -> list[Document]:
        """Return the provider's schedules of a received share: none or one."""
        return self._listed("subscription", subscription, "listSourceShareSynchronizationSettings")

    def synchronize(self, subscription: str, mode: str) -> Document:
        """Ask for a snapshot; the answer holds its id."""
        return self._act("subscription", subscription, "synchronize", body={"synchronizationMode": mode})

    def cancel(self, subscription: str, synchronization_id: str) -> Document:
        """Ask for the end of a snapshot; it is over when its run says so."""
        body: Document = {"synchronizationId": synchronization_id}
        return self._act("subscription", subscription, "cancelSynchronization", body=body)

    def runs(self, subscription: str) -> list[Document]:
        """Return the snapshots of a received share, newest first where the service orders them."""
        return self._listed("subscription", subscription, "listSynchronizations")

    def run_details(self, subscription: str, synchronization_id: str) -> list[Document]:
        """Return what a snapshot did, data set by data set."""
        body: Document = {"synchronizationId": synchronization_id}
        return self._listed("subscription", subscription, "listSynchronizationDetails", body)

    def share_runs(self, share: str) -> list[Document]:
        """Return the snapshots that consumers took of a share."""
        return self._listed("share", share, "listSynchronizations")

    def share_run_details(self, share: str, synchronization_id: str) -> list[Document]:
        """Return what a consumer's snapshot of a share did, data set by data set."""
        return self._listed("share", share, "listSynchronizationDetails", {"synchronizationId": synchronization_id})

    def revoke(self, share: str, subscriber_id: str) -> Document:
        """Take a share back from one subscriber; it is done when the subscriber says `Revoked`."""
        return self._act("subscriber", share, subscriber_id, "revoke")

    def reinstate(self, share: str, subscriber_id: str, expires_at: str = "") -> Document:
        """Give a share to a subscriber again, whose access was revoked or ended.

        Args:
            share: The share.
            subscriber_id: The object id of the subscription.
            expires_at: When it ends; empty: as it was, which an access that ended by its date does not allow.
        """
        body: Document = {"properties": {"expirationDate": expires_at}} if expires_at else {}
        return self._act("subscriber", share, subscriber_id, "reinstate", body=body)

    def _act(self, kind: str, *names_and_verb: str, body: Document | None = None) -> Document:
        *names, verb = names_and_verb
        return self._plane.ask("POST", f"{self._path(kind, *names)}/{verb}", body)

    def _listed(self, kind: str, name: str, verb: str, body: Document | None = None) -> list[Document]:
        return list(self._plane.pages("POST", f"{self._path(kind, name)}/{verb}", body))


def _quoted(name: str) -> str:
    return quote(name, safe="")
