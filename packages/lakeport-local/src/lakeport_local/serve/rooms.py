"""Every room over one store: which service stands behind which name of the gateway's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import Access, DecisionLog
from lakeport_local.arm import ControlPlane
from lakeport_local.arm.providers import PROVIDERS
from lakeport_local.datashare import DataShare
from lakeport_local.entra import Directory, EntraService, People, Tokens
from lakeport_local.graph import GraphService
from lakeport_local.imds import ImdsService
from lakeport_local.serve.authority import Authority
from lakeport_local.serve.containers import LakeContainers
from lakeport_local.serve.credentials import Credentials
from lakeport_local.serve.provision import Stores
from lakeport_local.state import Resources
from lakeport_local.storage import Lake, StorageService
from lakeport_local.vault import Chest, VaultService

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Ids, Service
    from lakeport_local.gateway import Callers
    from lakeport_local.state import Store


class Rooms:
    """The rooms of one local Azure.

    Args:
        store: Where all of them keep what they know.
        clock: Their time.
        ids: Their ids and secrets.
        callers: Who checks which principal's machine a request comes from.

    Attributes:
        stores: What a topology is put into.
        access: Decides.
        plane: The control plane.
        authority: What an operator does at the authority.
        imds: The metadata address.
        tokens: Issues and verifies tokens.
        data_share: Runs snapshots, in the background too.
        log: Why requests were allowed or refused.
        services: The services by the names of the gateway's tables.
    """

    def __init__(self, store: Store, clock: Clock, ids: Ids, callers: Callers) -> None:
        resources = Resources(store)
        directory = Directory(store, ids, clock)
        chest = Chest(store, ids, clock)
        lake = Lake(store, resources, ids, clock)
        self.tokens = tokens = Tokens(directory, store, ids, clock)
        self.log = DecisionLog(store.folder / "refusals.jsonl")
        self.access = Access(resources, self.log, clock)
        people = People(directory, store, ids, clock)
        self.stores = Stores(store, resources, directory, Credentials(store), lake, chest, ids, clock)
        self.imds = ImdsService(directory, tokens, resources, clock, callers)
        self.authority = Authority(self.stores, tokens, people, self.imds)
        self.data_share = DataShare(
            store=store,
            resources=resources,
            directory=directory,
            access=self.access,
            lake=lake,
            clock=clock,
            ids=ids,
        )
        self.plane = ControlPlane(
            store=store,
            resources=resources,
            directory=directory,
            tokens=tokens,
            access=self.access,
            clock=clock,
            ids=ids,
            providers=(*PROVIDERS, self.data_share.provider()),
            containers=LakeContainers(lake),
        )
        self.plane.on_removed("Microsoft.Storage/storageAccounts", lake.forget)
        self.services: dict[str, Service] = {
            "entra": EntraService(directory, tokens, resources, clock, people),
            "imds": self.imds,
            "graph": GraphService(
                store=store,
                directory=directory,
                tokens=tokens,
                resources=resources,
                access=self.access,
                ids=ids,
                clock=clock,
            ),
            "arm": self.plane,
            "vault": VaultService(chest, store=store, resources=resources, tokens=tokens, access=self.access, ids=ids),
            "storage": StorageService(lake, self.access, tokens, directory),
        }
