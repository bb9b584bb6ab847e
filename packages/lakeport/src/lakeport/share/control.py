"""Requests to Microsoft.DataShare: one function, one request (lists: one a page), documents in and out.

Long-running calls return at the first answer; whoever needs the end looks at the resource until it is there: the SDK's
pollers lose the ids and report failures as success (data-share.md 1.3).
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakeport.errors import NotFound
from lakeport.identity import translated

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.datashare import DataShareManagementClient

    from lakeport.profiles import Profile
    from lakeport.share.resources import Document
    from lakeport.types import SubscriptionId


@dataclass(frozen=True)
class Kind:
    """How the SDK names the operations of a resource type."""

    group: str
    listing: str
    get: str = "get"
    put: str = "create"
    delete: str = "begin_delete"
    body: str = ""


KINDS = {
    "account": Kind("accounts", "list_by_resource_group", put="begin_create", body="account"),
    "share": Kind("shares", "list_by_account", body="share"),
    "data set": Kind("data_sets", "list_by_share", body="data_set"),
    "schedule": Kind("synchronization_settings", "list_by_share", body="synchronization_setting"),
    "invitation": Kind("invitations", "list_by_share", delete="delete", body="invitation"),
    "subscriber": Kind(
        "provider_share_subscriptions",
        "list_by_share",
        get="get_by_share",
        put="adjust",
        body="provider_share_subscription",
    ),
    "subscription": Kind("share_subscriptions", "list_by_account", body="share_subscription"),
    "mapping": Kind("data_set_mappings", "list_by_share_subscription", delete="delete", body="data_set_mapping"),
    "trigger": Kind("triggers", "list_by_share_subscription", put="begin_create", body="trigger"),
}


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
    def _client(self) -> DataShareManagementClient:
        from azure.mgmt.datashare import DataShareManagementClient  # noqa: PLC0415  (a quarter of a second)

        cloud = self.profile.cloud
        return DataShareManagementClient(
            self.credential,
            self.subscription_id,
            cloud.control_plane,
            credential_scopes=[cloud.control_scope],
            **cloud.sdk_options(),
        )

    def get(self, kind: str, *names: str) -> Document | None:
        """Return a resource, or `None` when there is none."""
        try:
            return self._one(KINDS[kind].group, KINDS[kind].get, *names)
        except NotFound as error:
            if error.code in {"ResourceGroupNotFound", "SubscriptionNotFound"}:
                raise
            return None

    def put(self, kind: str, *names: str, body: Document) -> Document:
        """Create or replace a resource; the answer may still say `Creating`."""
        entry = KINDS[kind]
        return self._one(entry.group, entry.put, *names, body=(entry.body, body))

    def delete(self, kind: str, *names: str) -> None:
        """Delete a resource, which may take a while; absent is deleted."""
        try:
            self._one(KINDS[kind].group, KINDS[kind].delete, *names)
        except NotFound:
            return

    def all(self, kind: str, *names: str) -> list[Document]:
        """Return every resource of a kind below these names."""
        return self._many(KINDS[kind].group, KINDS[kind].listing, *names)

    def invitations(self) -> list[Document]:
        """Return the invitations addressed to the caller, from anybody, that wait for an answer."""
        return self._pages(self._client.consumer_invitations.list_invitations)

    def reject(self, location: str, invitation_id: str) -> Document:
        """Turn an invitation down."""
        body = io.BytesIO(json.dumps({"properties": {"invitationId": invitation_id}}).encode())
        return self._at(location, self._client.consumer_invitations.reject_invitation, body)

    def register(self, location: str) -> Document:
        """Have a code mailed to the caller, who is a guest."""
        return self._at(location, self._client.email_registrations.register_email)

    def activate(self, location: str, code: str) -> Document:
        """Show the code from the mail; the answer's status says what came of it."""
        body = io.BytesIO(json.dumps({"activationCode": code}).encode())
        return self._at(location, self._client.email_registrations.activate_email, body)

    def _at(self, location: str, call: Any, *body: io.BytesIO) -> Document:  # Any: one of the SDK's calls
        with translated(self.profile):
            found: Document = call(location.lower().replace(" ", ""), *body, cls=_document)
        return found

    def source_data_sets(self, subscription: str) -> list[Document]:
        """Return what the provider offers in a received share."""
        return self._many("consumer_source_data_sets", "list_by_share_subscription", subscription)

    def source_schedules(self, subscription: str) -> list[Document]:
        """Return the provider's schedules of a received share: none or one."""
        return self._many("share_subscriptions", "list_source_share_synchronization_settings", subscription)

    def synchronize(self, subscription: str, mode: str) -> Document:
        """Ask for a snapshot; the answer holds its id."""
        body = ("synchronize", {"synchronizationMode": mode})
        return self._one("share_subscriptions", "begin_synchronize", subscription, body=body)

    def cancel(self, subscription: str, synchronization_id: str) -> Document:
        """Ask for the end of a snapshot; it is over when its run says so."""
        body = ("share_subscription_synchronization", {"synchronizationId": synchronization_id})
        return self._one("share_subscriptions", "begin_cancel_synchronization", subscription, body=body)

    def runs(self, subscription: str) -> list[Document]:
        """Return the snapshots of a received share, newest first where the service orders them."""
        return self._many("share_subscriptions", "list_synchronizations", subscription)

    def run_details(self, subscription: str, synchronization_id: str) -> list[Document]:
        """Return what a snapshot did, data set by data set."""
        body = ("share_subscription_synchronization", {"synchronizationId": synchronization_id})
        return self._many("share_subscriptions", "list_synchronization_details", subscription, body=body)

    def share_runs(self, share: str) -> list[Document]:
        """Return the snapshots that consumers took of a share."""
        return self._many("shares", "list_synchronizations", share)

    def share_run_details(self, share: str, synchronization_id: str) -> list[Document]:
        """Return what a consumer's snapshot of a share did, data set by data set."""
        body = ("share_synchronization", {"synchronizationId": synchronization_id})
        return self._many("shares", "list_synchronization_details", share, body=body)

    def revoke(self, share: str, subscriber_id: str) -> Document:
        """Take a share back from one subscriber; it is done when the subscriber says `Revoked`."""
        return self._one("provider_share_subscriptions", "begin_revoke", share, subscriber_id)

    def reinstate(self, share: str, subscriber_id: str) -> Document:
        """Give a share to a revoked subscriber again."""
        return self._one(
            "provider_share_subscriptions", "reinstate", share, subscriber_id, body=("provider_share_subscription", {})
        )

    def _one(self, group: str, method: str, *names: str, body: tuple[str, Document] | None = None) -> Document:
        call = getattr(getattr(self._client, group), method)
        options: dict[str, Any] = {"cls": _document}  # Any: the SDK's own option bag
        if method.startswith("begin_"):
            options["polling"] = False
        if body is not None:
            options[body[0]] = io.BytesIO(json.dumps(body[1]).encode())
        with translated(self.profile):
            answer = call(self.resource_group, self.account, *names, **options)
            found: Document = answer.result() if method.startswith("begin_") else answer
        return found

    def _many(self, group: str, method: str, *names: str, body: tuple[str, Document] | None = None) -> list[Document]:
        call = getattr(getattr(self._client, group), method)
        options = {body[0]: io.BytesIO(json.dumps(body[1]).encode())} if body else {}
        account = () if (group, method) == ("accounts", "list_by_resource_group") else (self.account,)
        return self._pages(call, self.resource_group, *account, *names, **options)

    def _pages(self, call: Any, *arguments: str, **options: Any) -> list[Document]:  # Any: any of the SDK's list calls
        found: list[Document] = []

        def collect(answer: Any) -> None:  # Any: azure-core's pipeline response, untyped here
            if answer.http_response.status_code == 200:
                found.extend(answer.http_response.json().get("value") or [])

        with translated(self.profile):
            for _ in call(*arguments, raw_response_hook=collect, **options):
                pass
        return found


def _document(answer: Any, _deserialized: object, _headers: object) -> Document:  # Any: azure-core's pipeline response
    text = answer.http_response.text()
    found = json.loads(text) if text.strip() else {}
    return found if isinstance(found, dict) else {}
