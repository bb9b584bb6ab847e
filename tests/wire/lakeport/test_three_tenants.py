"""Two consumers in two tenants and one provider: neither ever sees what is the other's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakeport import profile
from lakeport.errors import LakeportError
from lakeport.lake import FileSystem
from lakeport.profiles import local

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

TENANT = """\
[[tenants]]
name = "{tenant}"
domain = "{tenant}.onmicrosoft.com"
apps = [{{name = "{tenant}-app"}}]

  [[tenants.subscriptions]]
  name = "{tenant}-main"

    [[tenants.subscriptions.resource_groups]]
    name = "group"
    location = "westeurope"
    storage_accounts = [{{name = "{tenant}lake", file_systems = ["data"]}}]
    data_share_accounts = [{{name = "{tenant}-share"}}]

  [[tenants.role_assignments]]
  principal = "{tenant}-app"
  role = "Owner"
  scope = "/subscriptions/{tenant}-main"

  [[tenants.role_assignments]]
  principal = "{tenant}-app"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/{tenant}-main"
"""
SHARE = """\
share: for-{tenant}
profile: local:contoso-app
datasets: [{{name: all, folder: data/{tenant}}}]
schedule: {{every: day, at: "02:00Z"}}
invite: [{{tenant: {tenant}, principal: {tenant}-app}}]
"""
RECEIVE = """\
profile: local:{tenant}-app
accept: [{{from: contoso}}]
map: [{{to: "abfss://landing@{tenant}lake.dfs.core.windows.net/{{share}}"}}]
"""
CONSUMERS = ("fabrikam", "tailspin")


@pytest.fixture
def three(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    azure = new_azure(topology="\n".join(TENANT.format(tenant=tenant) for tenant in ("contoso", *CONSUMERS)))
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    for tenant in CONSUMERS:
        (here / f"{tenant}-share.yaml").write_text(SHARE.format(tenant=tenant))
        (here / f"{tenant}.yaml").write_text(RECEIVE.format(tenant=tenant))
        (here / "file.csv").write_text(tenant)
    return azure


def landed(tenant: str) -> list[str]:
    lake = FileSystem(profile(f"local:{tenant}-app"), f"{tenant}lake", "landing")
    return [one.path for one in lake.entries(recursive=True) if not one.is_directory]


def test_neither_consumer_sees_the_other_s_share_invitation_subscription_or_data(
    three: LocalAzure, lakeport: Lakeport
) -> None:
    for tenant in CONSUMERS:
        assert lakeport("cp", "file.csv", f"local:contoso-app:data/{tenant}/{tenant}.csv").status == 0
    shared = lakeport("share", "apply", *(f"{tenant}-share.yaml" for tenant in CONSUMERS), "--grant")
    assert shared.status == 0, shared.err
    for tenant in CONSUMERS:
        offered = lakeport("receive", "list", f"{tenant}.yaml", "--json")
        assert [row.get("share") for row in offered.rows[:-1] if row["kind"] == "invitation"] == [f"for-{tenant}"]
        applied = lakeport("receive", "apply", f"{tenant}.yaml", "--grant")
        assert applied.status == 0, applied.err
        assert lakeport("receive", "sync", f"{tenant}.yaml").status == 0
    for tenant, other in (CONSUMERS, CONSUMERS[::-1]):
        listed = lakeport("receive", "list", f"{tenant}.yaml")
        assert f"for-{tenant}" in listed.out
        assert other not in listed.out
        assert landed(tenant) == [f"for-{tenant}/{tenant}.csv"]
        text = Path(f"{other}.yaml").read_text().replace(f"profile: local:{other}-app", f"profile: local:{tenant}-app")
        account = f"account: {other}-share\nresource_group: group\nsubscription_id: {_subscription(other)}\n"
        Path("theirs.yaml").write_text(account + text)
        refused = lakeport("receive", "status", "theirs.yaml")
        assert (refused.status, "another tenant" in refused.err) == (4, True)
        with pytest.raises(LakeportError):
            list(FileSystem(profile(f"local:{tenant}-app"), f"{other}lake", "landing").entries())
    assert lakeport("share", "revoke", "fabrikam-share.yaml").status == 0
    assert lakeport("receive", "sync", "fabrikam.yaml").status == 4
    assert lakeport("receive", "sync", "tailspin.yaml").status == 0


def _subscription(tenant: str) -> str:
    return next(str(one.subscription_id) for one in local.things() if one.name == f"{tenant}-share")


def test_a_tenant_that_took_the_provider_s_name_brings_nothing(three: LocalAzure, lakeport: Lakeport) -> None:
    text = Path("fabrikam-share.yaml").read_text().replace("local:contoso-app", "local:tailspin-app")
    Path("fabrikam-share.yaml").write_text(text)
    assert lakeport("share", "apply", "fabrikam-share.yaml", "--grant").status == 0
    contoso = next(one.tenant_id for one in local.things() if one.tenant == "contoso")
    Path("fabrikam.yaml").write_text(
        RECEIVE.format(tenant="fabrikam").replace("from: contoso", f"from: {contoso}, named: tailspin")
    )
    held = lakeport("receive", "apply", "fabrikam.yaml", "--grant")
    assert held.status == 3, held.err
    assert "its data sets were made in tenant" in held.err
    assert "mapping" not in held.out
