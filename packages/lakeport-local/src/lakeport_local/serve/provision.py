"""Put a topology into the rooms' stores, in one transaction; again and again without harm.

What is there already stays as it is but for what the topology states otherwise; what is not in the topology is left
alone; secrets and keys that were generated are never made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakeport_local.arm import providers
from lakeport_local.core import derived_id
from lakeport_local.entra.issuers import read_issuer_keys
from lakeport_local.entra.key_pair import KeyPair
from lakeport_local.serve import documents, schema
from lakeport_local.serve.credentials import Credential
from lakeport_local.serve.references import DATA_SHARE, grants, principals
from lakeport_local.serve.registrations import federated_credential, issuer_file, keys_of, registration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra import Directory, User
    from lakeport_local.serve.credentials import Credentials
    from lakeport_local.state import Resource, Resources, Store
    from lakeport_local.storage import Lake
    from lakeport_local.vault import Chest

_PRINCIPAL_TYPES = {"User": "User", "Group": "Group"}


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a topology goes."""

    store: Store
    resources: Resources
    directory: Directory
    credentials: Credentials
    lake: Lake
    chest: Chest
    ids: Ids
    clock: Clock


def provision(stores: Stores, document: schema.Document, certificates: Mapping[str, bytes]) -> list[str]:
    """Make a topology exist.

    Args:
        stores: The rooms' stores.
        document: The topology, checked, ids filled in.
        certificates: The certificates its apps name, PEM, by path.

    Returns:
        The ids of the resources that were made or changed.
    """
    with stores.store.transaction():
        work = _Provision(stores, certificates)
        work.issuers(document)
        for tenant in document.tenants:
            work.principals(tenant)
        for tenant in document.tenants:
            work.guests(tenant, document)
            work.resources(tenant)
            work.groups(tenant)
            work.grants(tenant)
    return work.changed


class _Provision:
    """One run."""

    def __init__(self, stores: Stores, certificates: Mapping[str, bytes]) -> None:
        self._to = stores
        self._certificates = certificates
        self._at: datetime = stores.clock.now()
        self._generated: set[str] = set()
        self.changed: list[str] = []

    def issuers(self, document: schema.Document) -> None:
        """Keep the issuers whose keys are given; those that are generated are made when they are first asked for."""
        self._generated = {issuer.url for issuer in document.issuers if issuer.keys == schema.GENERATED}
        for issuer in document.issuers:
            made_here = issuer_file(self._to.store.folder, issuer.url)
            if issuer.url in self._generated and made_here.exists():
                self._to.directory.issuers.put(issuer.url, keys_of(KeyPair(made_here, self._to.clock)))
            elif issuer.keys in self._certificates:
                self._to.directory.issuers.put(issuer.url, read_issuer_keys(self._certificates[issuer.keys]))

    def principals(self, tenant: schema.Tenant) -> None:
        """Make a tenant with its apps and its own users."""
        self._to.directory.add_tenant(
            id=tenant.id, name=tenant.name, domain=tenant.domain, blocked=tenant.block_sign_ins
        )
        for app in tenant.apps:
            self._app(tenant, app)
        for user in tenant.users:
            if not user.guest_from:
                self._user(tenant, user, None)

    def _app(self, tenant: schema.Tenant, app: schema.App) -> None:
        directory = self._to.directory
        made = directory.add_app(tenant.id, name=app.name, client_id=app.client_id, object_id=app.object_id)
        kept = self._to.credentials.get(tenant.id, app.object_id)
        secret = app.client_secret or (kept.client_secret if kept else "")
        is_workload = any(one.issuer in self._generated for one in app.federated_credentials)
        if not secret and app.certificate != schema.GENERATED and not is_workload:
            secret = self._to.ids.token(20).hex()  # a first "-" would be an option on a command line
        if secret and directory.secret_state(app.client_id, secret) != "right":
            directory.add_secret(made, secret)
        if app.certificate in self._certificates:
            directory.add_certificate(made, self._certificates[app.certificate])
        for credential in app.federated_credentials:
            directory.federated.put(app.client_id, federated_credential(app, credential))
        registration(directory, self._to.store, app, tenant.id)
        self._to.credentials.put(
            Credential(
                app.object_id,
                tenant.id,
                tenant.name,
                "app",
                app.name,
                client_id=app.client_id,
                client_secret=secret,
                has_key_pair=app.certificate == schema.GENERATED,
            )
        )

    def _user(self, tenant: schema.Tenant, user: schema.User, home: User | None) -> None:
        kept = self._to.credentials.get(tenant.id, user.object_id)
        password = user.password or (kept.password if kept else "")
        if home is None and not password:
            password = self._to.ids.token(12).hex()
        self._to.directory.add_user(
            tenant.id, name=user.name, object_id=user.object_id, password=password or None, guest_of=home
        )
        self._to.credentials.put(
            Credential(user.object_id, tenant.id, tenant.name, "user", user.name, password=password)
        )

    def guests(self, tenant: schema.Tenant, document: schema.Document) -> None:
        """Invite a tenant's guests; every home account exists by now."""
        homes = {one.name.lower(): one for one in document.tenants}
        for user in tenant.users:
            if user.guest_from:
                home = self._to.directory.user(homes[user.guest_from.lower()].id, user.name)
                self._user(tenant, user, home)

    def groups(self, tenant: schema.Tenant) -> None:
        """Make a tenant's groups, by their members' names; every other principal exists by now."""
        ids = {one.name.lower(): one.object_id for one in principals(tenant)}
        for one in tenant.groups:
            members = [ids[member.lower()] for member in one.members]
            self._to.directory.add_group(tenant.id, name=one.name, object_id=one.object_id, members=members)
            self._to.credentials.put(Credential(one.object_id, tenant.id, tenant.name, "group", one.name))

    def resources(self, tenant: schema.Tenant) -> None:
        """Make a tenant's subscriptions and everything in them."""
        for subscription in tenant.subscriptions:
            declared = providers.subscription(
                subscription.id, tenant_id=tenant.id, name=subscription.name, registered=documents.REGISTERED
            )
            self._keep(declared, "displayName", "tenant_id")
            for group in subscription.resource_groups:
                made = self._keep(providers.resource_group(subscription.id, group.name, location=group.location))
                self._contents(tenant, made, group)

    def _contents(self, tenant: schema.Tenant, above: Resource, group: schema.ResourceGroup) -> None:
        for storage in group.storage_accounts:
            self._storage(tenant, above, storage)
        for share in group.data_share_accounts:
            self._share_account(tenant, above, share)
        for vault in group.key_vaults:
            declared = providers.key_vault(above.id, vault.name, location=str(above.location), tenant_id=tenant.id)
            made = self._keep(declared)
            for name, value in vault.secrets.items():
                self._to.chest.seed(made, name, value)
        for identity in group.managed_identities:
            self._identity(tenant, above, identity)
        for machine in group.virtual_machines:
            self._machine(tenant, above, machine)

    def _storage(self, tenant: schema.Tenant, above: Resource, declared: schema.StorageAccount) -> None:
        wanted = documents.storage(above, tenant.id, declared, self._to.ids, self._at)
        kept = self._to.resources.get(wanted.id)
        said = {"networkAcls"} if declared.allow_ips is not None else set()
        if kept is not None and declared.key:
            wanted = replace(wanted, internal={**wanted.internal, "keys": [declared.key, kept.internal["keys"][1]]})
            said.add("keys")
        account = self._keep(wanted, *said)
        for name in declared.file_systems:
            if not self._to.lake.file_system_exists(account, name):
                self._to.lake.ensure_file_system(account, name, owner="$superuser")

    def _share_account(self, tenant: schema.Tenant, above: Resource, declared: schema.DataShareAccount) -> None:
        account = self._keep(documents.data_share_account(above, tenant.id, declared, self._at))
        self._to.directory.add_managed_identity(
            tenant.id,
            name=account.name,
            resource_id=account.id,
            object_id=(account.identity or {})["principalId"],
            client_id=account.internal["client_id"],
        )
        self._to.credentials.put(
            Credential(
                (account.identity or {})["principalId"],
                tenant.id,
                tenant.name,
                "managed_identity",
                f"{DATA_SHARE}{account.name}",
                client_id=account.internal["client_id"],
            )
        )

    def _identity(self, tenant: schema.Tenant, above: Resource, declared: schema.ManagedIdentity) -> None:
        wanted = providers.user_assigned_identity(
            above.id,
            declared.name,
            location=str(above.location),
            tenant_id=tenant.id,
            principal_id=declared.object_id,
            client_id=declared.client_id,
        )
        made = self._keep(wanted, "clientId", "principalId", "tenantId")
        self._to.directory.add_managed_identity(
            tenant.id,
            name=declared.name,
            resource_id=made.id,
            object_id=declared.object_id,
            client_id=declared.client_id,
        )
        self._to.credentials.put(
            Credential(
                declared.object_id,
                tenant.id,
                tenant.name,
                "managed_identity",
                declared.name,
                client_id=declared.client_id,
            )
        )

    def _machine(self, tenant: schema.Tenant, above: Resource, declared: schema.VirtualMachine) -> None:
        """Make a machine known to the metadata address; the control plane has no such resource."""
        if declared.system_assigned:
            self._to.directory.add_managed_identity(
                tenant.id,
                name=declared.name,
                resource_id=f"{above.id}/providers/Microsoft.Compute/virtualMachines/{declared.name}",
                object_id=declared.object_id,
                client_id=declared.client_id,
            )
        ids = {one.name.lower(): one.object_id for one in principals(tenant)}
        self._to.directory.machines.put(
            tenant.id,
            declared.object_id,
            own=declared.object_id if declared.system_assigned else "",
            assigned=[ids[name.lower()] for name in declared.identities],
        )
        self._to.credentials.put(Credential(declared.object_id, tenant.id, tenant.name, "machine", declared.name))

    def grants(self, tenant: schema.Tenant) -> None:
        """Give a tenant's roles; an assignment that exists under another name is the same assignment."""
        for grant in grants(tenant):
            principal_id = grant.principal_id
            if grant.share_account_id:
                account = self._to.resources.get(grant.share_account_id)
                principal_id = str(((account and account.identity) or {})["principalId"])
            found = self._to.directory.principal(tenant.id, principal_id)
            kind = _PRINCIPAL_TYPES.get(found.kind if found else "", "ServicePrincipal")
            wanted = providers.role_assignment(
                grant.scope,
                name=derived_id("role assignment", grant.scope.lower(), grant.role_id, principal_id),
                role_id=grant.role_id,
                principal_id=principal_id,
                principal_type=kind,
                tenant_id=tenant.id,
                at=self._at,
            )
            if self._to.resources.get(wanted.id) is None:
                self._keep(wanted)

    def _keep(self, declared: Resource, *said: str) -> Resource:
        """Store a declared resource where it differs from what is there; return what is there then."""
        kept = self._to.resources.get(declared.id)
        after = documents.merged(kept, declared, said=frozenset(said))
        if after is None:
            assert kept is not None  # nothing differs from what exists
            return kept
        self.changed.append(after.id)
        return self._to.resources.put(after)
