"""Two consumers in two tenants and one provider: over every operation of the table, nobody sees or moves what is another's."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANT = "/providers/Microsoft.DataShare"


class Consumer:
    """One consumer with a share of its own at the provider's; every name and text of it is its own."""

    def __init__(self, org: Any, provider: Any) -> None:
        self.org, self.provider = org, provider
        self.names = {
            "accounts": org.account,
            "locations": "eastus",
            "shares": f"{org.name}-share",
            "dataSets": f"{org.name}-data",
            "synchronizationSettings": f"{org.name}-daily",
            "invitations": f"{org.name}-accepted",
            "shareSubscriptions": f"{org.name}-received",
            "dataSetMappings": f"{org.name}-mapped",
            "triggers": f"{org.name}-follows",
        }
        self._share()
        self._receive()

    def _share(self) -> None:
        share = f"shares/{self.names['shares']}"
        ours = self.provider
        about = {"description": f"what {self.org.name} gets", "terms": f"between us and {self.org.name}"}
        assert ours.put(share, {"properties": about}).status == 201
        container = ours.at(containerName=f"for-{self.org.name}")
        ours.write(f"for-{self.org.name}", "secret.csv", self.org.name.encode())
        data = ours.put(f"{share}/dataSets/{self.names['dataSets']}", {"kind": "Container", "properties": container})
        schedule = {"recurrenceInterval": "Day", "synchronizationTime": "2029-01-01T08:00:00Z"}
        self.schedule = {"kind": "ScheduleBased", "properties": schedule}
        ours.put(f"{share}/synchronizationSettings/{self.names['synchronizationSettings']}", self.schedule)
        who = self.org.principal
        target = {"targetActiveDirectoryId": who.tenant_id, "targetObjectId": who.object_id}
        self.sent = [
            ours.put(f"{share}/invitations/{name}", {"properties": target}).body["properties"]["invitationId"]
            for name in (self.names["invitations"], f"{self.org.name}-open")
        ]
        self.data_set_id = data.body["properties"]["dataSetId"]

    def _receive(self) -> None:
        path = f"shareSubscriptions/{self.names['shareSubscriptions']}"
        accepted = {"invitationId": self.sent[0], "sourceShareLocation": "eastus"}
        assert self.org.put(path, {"properties": accepted}).status == 201
        target = {**self.org.at(containerName="copy"), "dataSetId": self.data_set_id}
        mapping = {"kind": "Container", "properties": target}
        assert self.org.put(f"{path}/dataSetMappings/{self.names['dataSetMappings']}", mapping).status == 201
        assert self.org.put(f"{path}/triggers/{self.names['triggers']}", self.schedule).status == 201
        self.run_id = self.org.post(f"{path}/synchronize", {}).body["synchronizationId"]
        asyncio.run(self.org.world.share.drain())
        (view,) = self.provider.get(f"shares/{self.names['shares']}/providerShareSubscriptions")["value"]
        self.view_id = view["properties"]["shareSubscriptionObjectId"]
        self.names["providerShareSubscriptions"] = self.view_id
        for name in ("synchronizationOperationResults", "shareSubscriptionSynchronizations"):
            self.names[name] = self.run_id
        gone = self.org.put(f"shareSubscriptions/{self.names['shareSubscriptions']}/triggers/x", self.schedule)
        assert gone.status == 409
        self.names["consumerInvitations"] = self.sent[1]
        self.names["consumerSourceDataSets"] = self.names["dataSets"]

    @property
    def secrets(self) -> list[str]:
        """What nobody but this consumer and the provider may read."""
        return [
            *self.sent,
            self.data_set_id,
            self.run_id,
            self.view_id,
            f"{self.org.name} gets",
            f"us and {self.org.name}",
        ]

    @property
    def bodies(self) -> list[object]:
        """What reaches this consumer's things by ids in a body."""
        accepting = {"invitationId": self.sent[1], "sourceShareLocation": "eastus"}
        mapping = {**self.org.at(containerName="copy"), "dataSetId": self.data_set_id}
        return [
            {"synchronizationId": self.run_id},
            {"properties": accepting},
            {"kind": "Container", "properties": mapping},
            {"synchronizationMode": "FullSync"},
            None,
        ]

    def state(self) -> bytes:
        """All that this consumer and the provider see of its side, as it is now."""
        at = f"shareSubscriptions/{self.names['shareSubscriptions']}"
        lists = ("consumerSourceDataSets", "dataSetMappings", "triggers")
        seen = [self.org.get(at), *(self.org.get(f"{at}/{name}") for name in lists)]
        seen += [self.org.post(f"{at}/listSynchronizations").body, self.org.get(f"{TENANT}/listInvitations")]
        share = f"shares/{self.names['shares']}"
        seen += [self.provider.get(share), self.provider.get(f"{share}/providerShareSubscriptions")]
        return orjson.dumps([*seen, sorted(self.org.files("copy").items(), key=str).__repr__()])


@pytest.fixture
def three(two_organisations: Any) -> Iterator[tuple[Any, Consumer, Consumer]]:
    """The provider and two consumers, both served."""
    pair = two_organisations()
    northwind = pair.world.organisation(3, "northwind")
    pair.world.open_account(northwind)
    northwind.grant_identity("ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    pair.world.clock.advance(timedelta(minutes=1))
    yield pair.contoso, Consumer(pair.fabrikam, pair.contoso), Consumer(northwind, pair.contoso)
    pair.world.store.close()


def paths(entry: Any, names: dict[str, str]) -> Iterator[str]:
    """Yield where an entry of the table is asked for, below its subscription: the instance and the collection."""
    at = ""
    for kind in entry.name.split("/")[1:]:
        yield f"{at}/{kind}"
        at = f"{at}/{kind}/{names.get(kind, names['consumerInvitations'])}"
    yield at


def _tries(entry: Any, victim: Consumer) -> Iterator[tuple[str, object]]:
    """Yield the methods that an entry may answer, with every body that names something of the victim's."""
    yield "GET", None
    if hasattr(entry, "method"):
        if entry.method == "POST":
            yield from (("POST", body) for body in victim.bodies)
        return
    yield from (("PUT", body) for body in victim.bodies[1:3])
    yield from ((method, None) for method in ("PATCH", "DELETE"))


def test_no_operation_of_the_table_shows_or_moves_what_is_another_tenants(
    three: tuple[Any, Consumer, Consumer],
) -> None:
    contoso, victim, thief = three
    world, before = contoso.world, victim.state()
    own_account = f"{thief.org.group}/providers/Microsoft.DataShare/accounts/{thief.org.account}"
    provider = world.share.provider()
    entries = (*provider.resource_types, *provider.operations)
    asked = 0
    for entry in entries:
        for below in dict.fromkeys(paths(entry, victim.names)):
            bases = [f"{side.group}/providers/Microsoft.DataShare" for side in (contoso, victim.org, thief.org)]
            for base in (*bases, TENANT):
                for method, body in _tries(entry, victim):
                    if f"{base}{below}" != own_account or method == "GET":
                        _judge(thief, victim, method, f"{base}{below}", body)
                        asked += 1
    assert asked > 400
    assert victim.state() == before


def _judge(thief: Consumer, victim: Consumer, method: str, path: str, body: object) -> None:
    answer = thief.org.send(method, path, body)
    given = path.encode() + orjson.dumps(body)
    said = answer.response.body if isinstance(answer.response.body, bytes) else b""
    said += repr(answer.response.headers).encode()
    told = [one for one in victim.secrets if one.encode() in said and one.encode() not in given]
    assert not told, f"{method} {path} told {told}"
    if victim.org.group in path or f"{victim.provider.group}/" in path:
        assert answer.status == 401, f"{method} {path} was answered with {answer.status}"


def test_each_consumer_sees_its_own_and_nothing_else(three: tuple[Any, Consumer, Consumer]) -> None:
    _, one, other = three
    for mine, others in ((one, other), (other, one)):
        seen = mine.state()
        assert all(secret.encode() in seen for secret in mine.secrets)
        assert not [secret for secret in others.secrets if secret.encode() in seen]
        assert mine.org.files("copy") == {"secret.csv": mine.org.name.encode()}
