"""Random walks over both sides' operations, beside a small model of the state machines (data-share.md 2)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

DAILY = {
    "kind": "ScheduleBased",
    "properties": {"recurrenceInterval": "Day", "synchronizationTime": "2029-01-01T08:00:00Z"},
}


@dataclass
class Walk:
    """Does one step after another on the service and on the model; `None` stands for what does not exist."""

    pair: Any
    births: int = 0
    share: int | None = None
    data_set: int | None = None
    setting: int | None = None
    source: int | None = None  # the share that the subscription was made to
    is_subscribed: bool = False
    is_revoked: bool = False
    mapped: int | None = None  # the data set that the mapping was made for
    followed: int | None = None  # the schedule that the trigger was made from
    ends_at: datetime | None = None  # when the subscription's access ends
    runs: int = 0  # of the subscription, all at their end
    offered: str | None = None  # what became of the open invitation, to its recipient
    is_sent: bool = False  # the provider still has the open invitation
    ids: dict[str, str] = field(default_factory=dict)

    def born(self) -> int:
        self.births += 1
        return self.births

    @property
    def is_live(self) -> bool:
        return self.is_subscribed and self.share is not None and self.source == self.share

    @property
    def is_over(self) -> bool:
        return self.is_revoked or (self.ends_at is not None and self.ends_at <= self.pair.world.clock.now())

    def put_share(self) -> None:
        status = self.pair.contoso.put("shares/s1", {"properties": {}}).status
        assert status == (201 if self.share is None else 200)
        self.share = self.share or self.born()

    def delete_share(self) -> None:
        assert self.pair.contoso.delete("shares/s1").status == (204 if self.share is None else 202)
        self.share = self.data_set = self.setting = None
        self.is_sent = False
        self.offered = "Withdrawn" if self.offered == "Pending" else self.offered

    def invite(self) -> None:
        fabrikam = self.pair.fabrikam
        target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
        answer = self.pair.contoso.put("shares/s1/invitations/open", {"properties": target})
        if self.share is None:
            assert answer.status == 404
            return
        assert answer.status == (200 if self.is_sent and self.offered != "Pending" else 201)
        if not self.is_sent:
            self.offered = "Pending"
        self.is_sent = True
        self.ids["open"] = answer.body["properties"]["invitationId"]

    def withdraw(self) -> None:
        status = self.pair.contoso.delete("shares/s1/invitations/open").status
        assert status == (200 if self.is_sent else 204)
        if self.is_sent:
            self.offered = "Withdrawn" if self.offered == "Pending" else self.offered
        self.is_sent = False

    def reject(self) -> None:
        body = {"properties": {"invitationId": self.ids.get("open", "none")}}
        status = self.pair.fabrikam.post(f"{TENANT}/locations/eastus/rejectInvitation", body).status
        expected = {None: 404, "Pending": 200, "Rejected": 200}
        assert status == expected.get(self.offered, 409)
        self.offered = "Rejected" if status == 200 else self.offered

    def put_data_set(self) -> None:
        body = {"kind": "Container", "properties": self.pair.contoso.at(containerName="raw")}
        answer = self.pair.contoso.put("shares/s1/dataSets/raw", body)
        assert answer.status == (404 if self.share is None else 200 if self.data_set else 201)
        if self.share is not None:
            self.data_set = self.data_set or self.born()
            self.ids["data set"] = answer.body["properties"]["dataSetId"]

    def delete_data_set(self) -> None:
        status = self.pair.contoso.delete("shares/s1/dataSets/raw").status
        assert status == (200 if self.share is not None and self.data_set else 204)
        self.data_set = None

    def put_setting(self) -> None:
        status = self.pair.contoso.put("shares/s1/synchronizationSettings/daily", DAILY).status
        assert status == (404 if self.share is None else 409 if self.setting else 201)
        if self.share is not None:
            self.setting = self.setting or self.born()

    def delete_setting(self) -> None:
        status = self.pair.contoso.delete("shares/s1/synchronizationSettings/daily").status
        assert status == (202 if self.share is not None and self.setting else 204)
        self.setting = None

    def invite_and_accept(self) -> None:
        fabrikam = self.pair.fabrikam
        target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
        sent = self.pair.contoso.put(f"shares/s1/invitations/i{self.born()}", {"properties": target})
        assert sent.status == (404 if self.share is None else 201)
        if self.share is None:
            return
        body = {
            "properties": {"invitationId": sent.body["properties"]["invitationId"], "sourceShareLocation": "eastus"}
        }
        accepted = fabrikam.put("shareSubscriptions/received", body)
        assert accepted.status == (409 if self.is_subscribed else 201)
        if not self.is_subscribed:
            self.is_subscribed, self.is_revoked, self.source = True, False, self.share
            self.ends_at, self.runs = None, 0

    def delete_subscription(self) -> None:
        status = self.pair.fabrikam.delete("shareSubscriptions/received").status
        assert status == (202 if self.is_subscribed else 204)
        self.is_subscribed, self.mapped, self.followed = False, None, None

    def _view(self) -> str | None:
        answer = self.pair.contoso.send("GET", "shares/s1/providerShareSubscriptions")
        assert answer.status == (404 if self.share is None else 200)
        found = answer.body.get("value", [])
        assert len(found) == int(self.is_live)
        if not found:
            return None
        return f"shares/s1/providerShareSubscriptions/{found[0]['properties']['shareSubscriptionObjectId']}"

    def revoke(self) -> None:
        view = self._view()
        if view is not None:
            assert self.pair.contoso.post(f"{view}/revoke").status == 202
            self.is_revoked = True

    def reinstate(self) -> None:
        view = self._view()
        if view is not None:
            assert self.pair.contoso.post(f"{view}/reinstate").status == 200
            self.is_revoked = False

    def adjust(self) -> None:
        view, until = self._view(), self.pair.world.clock.now() + timedelta(hours=1)
        if view is not None:
            body = {"properties": {"expirationDate": until.isoformat()}}
            assert self.pair.contoso.post(f"{view}/adjust", body).status == 200
            self.ends_at = until

    def pass_a_day(self) -> None:
        self.pair.world.clock.advance(timedelta(days=1))

    def map(self) -> None:
        data_set_id = self.ids.get("data set", "none")
        target = {**self.pair.fabrikam.at(containerName="copy"), "dataSetId": data_set_id}
        body = {"kind": "Container", "properties": target}
        answer = self.pair.fabrikam.put("shareSubscriptions/received/dataSetMappings/raw", body)
        if not self.is_subscribed:
            assert answer.status == 404
        elif self.mapped is not None:
            assert answer.status in {200, 409}
        else:
            assert answer.status == (201 if self.is_live and self.data_set else 404)
            self.mapped = self.data_set if answer.status == 201 else None

    def unmap(self) -> None:
        status = self.pair.fabrikam.delete("shareSubscriptions/received/dataSetMappings/raw").status
        assert status == (204 if not self.is_subscribed or self.mapped is None else 200)
        self.mapped = None

    def follow(self) -> None:
        status = self.pair.fabrikam.put("shareSubscriptions/received/triggers/daily", DAILY).status
        if not self.is_subscribed:
            assert status == 404
        elif self.followed is not None:
            assert status == 200
        else:
            assert status == (201 if self.is_live and self.setting else 400)
            self.followed = self.setting if status == 201 else None

    def unfollow(self) -> None:
        status = self.pair.fabrikam.delete("shareSubscriptions/received/triggers/daily").status
        assert status == (204 if not self.is_subscribed or self.followed is None else 202)
        self.followed = None

    def synchronize(self) -> None:
        status = self.pair.fabrikam.post("shareSubscriptions/received/synchronize", {}).status
        if not self.is_subscribed:
            assert status == 404
        elif not self.is_live or self.is_over:
            assert status == 403
        else:
            assert status == (400 if self.mapped is None else 202)
            self.runs += status == 202
            asyncio.run(self.pair.world.share.drain())

    def check(self) -> None:
        """Compare what fabrikam sees with the model."""
        self.pair.world.clock.advance(timedelta(seconds=1))
        listed = self.pair.fabrikam.get(f"{TENANT}/listInvitations")["value"]
        open_ones = [one["name"] for one in listed if one["name"] == "open"]
        assert open_ones == (["open"] if self.offered == "Pending" else [])
        if self.offered is not None:
            one = self.pair.fabrikam.get(f"{TENANT}/locations/eastus/consumerInvitations/{self.ids['open']}")
            assert one["properties"]["invitationStatus"] == self.offered
        answer = self.pair.fabrikam.send("GET", "shareSubscriptions/received")
        assert answer.status == (200 if self.is_subscribed else 404)
        if not self.is_subscribed:
            return
        expected = "SourceDeleted" if not self.is_live else "Revoked" if self.is_over else "Active"
        assert answer.body["properties"]["shareSubscriptionStatus"] == expected
        records = self.pair.fabrikam.post("shareSubscriptions/received/listSynchronizations").body["value"]
        assert [one["status"] for one in records] == ["Succeeded"] * self.runs
        if self.is_live:
            (view,) = self.pair.contoso.get("shares/s1/providerShareSubscriptions")["value"]
            assert view["properties"]["shareSubscriptionStatus"] == expected
        if self.mapped is not None:
            mapping = self.pair.fabrikam.get("shareSubscriptions/received/dataSetMappings/raw")["properties"]
            is_whole = self.is_live and self.mapped == self.data_set
            assert mapping["dataSetMappingStatus"] == ("Ok" if is_whole else "Broken")
        if self.followed is not None:
            trigger = self.pair.fabrikam.get("shareSubscriptions/received/triggers/daily")["properties"]
            is_same = self.is_live and self.followed == self.setting
            assert trigger["triggerStatus"] == ("Active" if is_same else "SourceSynchronizationSettingDeleted")


STEPS = (
    "put_share",
    "delete_share",
    "put_data_set",
    "delete_data_set",
    "put_setting",
    "delete_setting",
    "invite_and_accept",
    "delete_subscription",
    "invite",
    "withdraw",
    "reject",
    "revoke",
    "reinstate",
    "adjust",
    "pass_a_day",
    "map",
    "unmap",
    "follow",
    "unfollow",
    "synchronize",
)
TENANT = "/providers/Microsoft.DataShare"
SET_UP = ("put_share", "put_data_set", "put_setting", "invite_and_accept", "map", "follow")


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=5, max_size=25))
def test_both_sides_follow_the_model_wherever_a_walk_leads(
    two_organisations: Callable[[], Any], steps: list[str]
) -> None:
    pair = two_organisations()
    pair.world.lake.ensure_file_system(pair.contoso.store, "raw", owner="me")
    walk = Walk(pair)
    try:
        for step in (*SET_UP, *steps):
            getattr(walk, step)()
            walk.check()
    finally:
        pair.world.store.close()
