"""What a side needs before anything can work: asked beforehand, each answer with the one command that mends it.

Sources: data-share.md 4 (roles, firewall, registration) and 1.6 (kinds); Resource Manager REST reference, "Providers - Get";
Storage resource provider REST reference, "Storage Accounts - Get Properties".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakeport.access import roles
from lakeport.errors import LakeportError, NotFound, class_of
from lakeport.identity import asking
from lakeport.identity.caller import caller
from lakeport.share import kinds
from lakeport.share.desired import Consumer, Provider
from lakeport.share.provider import plain_location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.credentials import TokenCredential

    from lakeport.access.roles import Roles, Store
    from lakeport.identity.caller import Caller

Document = dict[str, Any]  # Any: JSON
PROVIDERS, STORAGE, ACCOUNTS = "2021-04-01", "2023-01-01", "2020-09-01"
OWNER, CONTRIBUTOR = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"
STORAGE_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
ACCESS_ADMINISTRATOR, RBAC_ADMINISTRATOR = (
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
KNOWN = frozenset(
    {OWNER, CONTRIBUTOR, STORAGE_CONTRIBUTOR, ACCESS_ADMINISTRATOR, RBAC_ADMINISTRATOR, READER, *roles.DATA_ROLES}
)
"""Built-in roles whose rights are known here; any other may hold a right or not."""


@dataclass(frozen=True)
class Check:
    """What was found about one need.

    Attributes:
        what: The need: `provider`, `account`, `caller`, `store`, `namespace`, `firewall`, `identity` or `region`.
        is_met: `None` when it cannot be told from here.
        said: Whose right on what, or what is how.
        fix: The one command that mends it, or empty.
    """

    what: str
    is_met: bool | None
    said: str
    fix: str = ""

    @property
    def is_in_the_way(self) -> bool:
        """Whether nothing should be sent: certain, and not left to the service's own better word."""
        return self.is_met is False and self.what not in {"caller", "identity", "account"}


@dataclass(frozen=True)
class Preflight:
    """What one side needs.

    Attributes:
        wants_grant: The caller is to give roles, and must be allowed to.
    """

    wished: Provider | Consumer
    credential: TokenCredential
    roles: Roles
    wants_grant: bool = False

    def checks(self) -> list[Check]:
        """Return everything that was found, in the order in which it matters."""
        return [*self._provider(), *self._account(), *(one for store in self._stores() for one in self._store(store))]

    @cached_property
    def _who(self) -> Caller:
        return caller(self.credential, self.wished.profile)

    def _stores(self) -> tuple[Store, ...]:
        if isinstance(self.wished, Consumer):
            return self.wished.stores
        return tuple(dict.fromkeys(one.store for one in self.wished.data_sets if one.store is not None))

    def _provider(self) -> Iterator[Check]:
        subscriptions = dict.fromkeys(
            [self.wished.place.subscription_id, *(one.subscription_id for one in self._stores())]
        )
        for subscription in subscriptions:
            found = self._ask(f"/subscriptions/{subscription}/providers/Microsoft.DataShare", PROVIDERS)
            if isinstance(found, LakeportError):
                yield Check("provider", None, f"could not ask subscription {subscription}: {found.message}")
                continue
            state = str(found.get("registrationState", ""))
            fix = f"az provider register --namespace Microsoft.DataShare --subscription {subscription}"
            said = f"Microsoft.DataShare is {state or 'unknown'} in subscription {subscription}"
            yield Check("provider", state == "Registered", said, "" if state == "Registered" else fix)
            if subscription == self.wished.place.subscription_id:
                yield from self._region(found)

    def _region(self, provider: Document) -> Iterator[Check]:
        if not self.wished.location:
            return
        offered = {
            plain_location(one)
            for kind in provider.get("resourceTypes") or []
            if str(kind.get("resourceType", "")).lower() == "accounts"
            for one in kind.get("locations") or []
        }
        if offered:
            is_met = plain_location(self.wished.location) in offered
            said = f"location {self.wished.location}: Data Share is {'' if is_met else 'not '}offered there"
            yield Check(
                "region", is_met, said, "" if is_met else f"write location: one of {', '.join(sorted(offered))}"
            )

    def _account(self) -> Iterator[Check]:
        place = self.wished.place
        group = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
        scope = f"{group}/providers/Microsoft.DataShare/accounts/{place.account}"
        enough, on = frozenset({OWNER, CONTRIBUTOR}), f"data share account {place.account}"
        found = self._ask(scope, ACCOUNTS)
        if isinstance(found, NotFound) and self.wished.location:
            yield Check("account", is_met=True, said=f"{on}: made by apply")
            yield self._caller(group, f"resource group {place.resource_group}", enough, "Contributor")
            return
        if isinstance(found, LakeportError):
            made = f"az datashare account create --name {place.account} --resource-group {place.resource_group}"
            yield Check(
                "account", is_met=False, said=f"{on}: {found.message}", fix=made if isinstance(found, NotFound) else ""
            )
            return
        yield Check("account", is_met=True, said=f"{on}: there, in {found.get('location')}")
        yield self._caller(scope, on, enough, "Contributor")

    def _caller(self, scope: str, on: str, enough: frozenset[str], role: str) -> Check:
        found = self.roles.of_caller(self._who.object_id, scope)
        held = {one.role_id for one in found or ()}
        whose = f"the caller ({self._who.object_id}, profile {self.wished.profile.name!r})"
        if held & enough:
            return Check("caller", is_met=True, said=f"{whose} may change {on}")
        if found is None or held - KNOWN:
            return Check("caller", None, f"could not tell whether {whose} may change {on}")
        fix = f'az role assignment create --assignee-object-id {self._who.object_id} --role "{role}" --scope {scope}'
        return Check("caller", is_met=False, said=f"{whose} lacks {role} on {on}", fix=fix)

    def _store(self, store: Store) -> Iterator[Check]:
        found = self._ask(store.scope, STORAGE)
        if isinstance(found, LakeportError):
            yield self._no_store(store, found)
            return
        yield Check("store", is_met=True, said=f"storage account {store.name}: there, in {found.get('location')}")
        enough = frozenset({OWNER, CONTRIBUTOR, STORAGE_CONTRIBUTOR})
        yield self._caller(store.scope, f"storage account {store.name}", enough, "Storage Account Contributor")
        if self.wants_grant:
            givers = frozenset({OWNER, ACCESS_ADMINISTRATOR, RBAC_ADMINISTRATOR})
            yield self._caller(store.scope, f"roles on {store.name}", givers, "Role Based Access Control Administrator")
        properties = found.get("properties") or {}
        yield self._namespace(store, bool(properties.get("isHnsEnabled")))
        yield _firewall(store, properties.get("networkAcls") or {})

    def _no_store(self, store: Store, error: LakeportError) -> Check:
        if error.code in {"InvalidAuthenticationTokenTenant", "SubscriptionNotFound"}:
            said = f"storage account {store.name} lies in subscription {store.subscription_id}, outside the caller's tenant"
            return Check("store", is_met=False, said=f"{said}: a share takes from its own tenant only")
        if isinstance(error, NotFound):
            fix = f"az storage account create --name {store.name} --resource-group {store.resource_group} --hns true"
            return Check("store", is_met=False, said=f"storage account {store.name}: {error.message}", fix=fix)
        return Check("store", None, f"could not look at storage account {store.name}: {error.message}")

    def _namespace(self, store: Store, has_namespace: bool) -> Check:
        needing = [one for one in self._wire_kinds(store) if kinds.BY_WIRE[one].root == "fileSystem"]
        is_met = has_namespace or not needing
        said = f"storage account {store.name} has {'a' if has_namespace else 'no'} hierarchical namespace"
        if is_met:
            return Check("namespace", is_met=True, said=said)
        other = "container, blob_folder or blob" if isinstance(self.wished, Provider) else "wasbs:// in to:"
        said += f", which {needing[0]} needs; use {other}"
        fix = f"az storage account hns-migration start --type upgrade --name {store.name} -g {store.resource_group}"
        return Check("namespace", is_met=False, said=said, fix=fix)

    def _wire_kinds(self, store: Store) -> list[str]:
        if isinstance(self.wished, Provider):
            return [one.kind for one in self.wished.data_sets if one.store == store and one.kind in kinds.BY_WIRE]
        return ["AdlsGen2Folder" for one in self.wished.destinations if one.store == store and not one.in_blob]

    def _ask(self, path: str, version: str) -> Document | LakeportError:
        """Return a resource, or why it cannot be had."""
        cloud = self.wished.profile.cloud
        url = f"{cloud.control_plane}{path}?api-version={version}"
        answer = asking.get(cloud, url, self.credential, cloud.control_scope)
        body: Document = answer.json() if answer.text().strip().startswith("{") else {}
        if answer.status_code == 200:
            return body
        said = body.get("error") or {}
        code = str(said.get("code", ""))
        return class_of(code, answer.status_code)(
            str(said.get("message", f"it answered {answer.status_code}")), code=code
        )


def _firewall(store: Store, rules: Document) -> Check:
    """Data Share comes as a trusted service: a closed account must let those in (data-share.md 4)."""
    is_open = str(rules.get("defaultAction", "Allow")) == "Allow"
    lets_trusted = "azureservices" in str(rules.get("bypass", "AzureServices")).lower()
    if is_open or lets_trusted:
        return Check("firewall", is_met=True, said=f"the firewall of storage account {store.name} lets Data Share in")
    fix = (
        f"az storage account update --name {store.name} --resource-group {store.resource_group} --bypass AzureServices"
    )
    return Check(
        "firewall", is_met=False, said=f"the firewall of storage account {store.name} keeps Data Share out", fix=fix
    )
