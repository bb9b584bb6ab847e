"""Reading `topology.toml`: what is wrong is named with its place, what is absent is derived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lakeport_local.serve.reading import TopologyRefused
from lakeport_local.serve.references import grants
from lakeport_local.serve.topology import load, parse

if TYPE_CHECKING:
    from pathlib import Path

ORGANISATION = """
[[tenants]]
name = "contoso"
{tenant}
  [[tenants.apps]]
  name = "provider"
  {app}
  [[tenants.users]]
  name = "ada@contoso.onmicrosoft.com"
  {user}
  [[tenants.groups]]
  name = "analysts"
  {group}
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "rg"
    {resource_group}
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "lake1"
      {storage}
      [[tenants.subscriptions.resource_groups.data_share_accounts]]
      name = "shares"
      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "vault-1"
      {vault}
      [[tenants.subscriptions.resource_groups.managed_identities]]
      name = "node"
  {more}
"""
FEDERATED = 'federated_credentials = [{ name = "one", issuer = "https://a.example", subject = "x" }]'
SLOTS = ("tenant", "app", "user", "group", "resource_group", "storage", "vault", "more")
RG = "tenants[0].subscriptions[0].resource_groups[0]"


def written(slots: dict[str, str]) -> str:
    return ORGANISATION.format(**{**dict.fromkeys(SLOTS, ""), **slots})


def assignment(principal: str = "provider", role: str = "Reader", scope: str = "/subscriptions/main") -> str:
    return f'[[tenants.role_assignments]]\nprincipal = "{principal}"\nrole = "{role}"\nscope = "{scope}"'


def refusal(text: str, folder: Path | None = None) -> str:
    with pytest.raises(TopologyRefused) as caught:
        parse(text, "topology.toml", folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        ({"storage": "hsn = true"}, f"{RG}.storage_accounts[0]: unknown key 'hsn' (did you mean 'hns'?)"),
        ({"storage": 'hns = "yes"'}, f"{RG}.storage_accounts[0].hns: must be true or false, not text"),
        ({"storage": 'key = "???"'}, f"{RG}.storage_accounts[0].key: must be base64"),
        ({"storage": 'file_systems = ["Upper"]'}, f"{RG}.storage_accounts[0].file_systems[0]: 'Upper' must be"),
        ({"storage": 'allow_ips = ["203.0.113.7", "1.2.3"]'}, f"{RG}.storage_accounts[0].allow_ips[1]: '1.2.3'"),
        ({"resource_group": 'location = "West Europe"'}, f"{RG}.location: 'West Europe' is no region"),
        ({"vault": 'secrets = { "a b" = "x" }'}, f"{RG}.key_vaults[0].secrets: 'a b' must be"),
        ({"tenant": 'id = "42"'}, "tenants[0].id: '42' is no GUID"),
        ({"tenant": 'domain = "nowhere"'}, "tenants[0].domain: 'nowhere' is no domain name"),
        ({"app": 'client_secret = ""'}, "tenants[0].apps[0].client_secret: is empty"),
        ({"app": 'certificate = "missing.pem"'}, "tenants[0].apps[0].certificate: 'missing.pem' cannot be read"),
        ({"user": 'guest_from = "fabrikam"'}, "tenants[0].users[0].guest_from: no other tenant 'fabrikam'"),
        ({"group": 'members = ["eve"]'}, "tenants[0].groups[0].members[0]: no app, user, group or managed identity"),
        ({"group": 'members = ["analysts"]'}, "tenants[0].groups[0].members: 'analysts' contains itself"),
        ({"more": assignment(principal="provder")}, "tenants[0].role_assignments[0].principal: no principal"),
        (
            {"more": assignment(role="Contributer")},
            "role: no built-in role 'Contributer' (did you mean 'Contributor'?)",
        ),
        ({"more": assignment(scope="/subscriptions/mian")}, "no subscription 'mian' in contoso (did you mean 'main'?)"),
        ({"more": assignment(scope="/subscriptions/main/resourceGroups/gr")}, "scope: no resource group 'gr'"),
        ({"more": assignment(principal="data-share:other")}, "principal: no Data Share accounts 'other'"),
        ({"tenant": 'block_sign_ins = ["browser"]'}, "tenants[0].block_sign_ins[0]: 'browser' must be one of"),
        ({"app": 'redirect_uris = ["http://app.example/"]'}, "tenants[0].apps[0].redirect_uris[0]: "),
        ({"app": "token_version = 3"}, "tenants[0].apps[0].token_version: 3 must be 1 or 2"),
        ({"app": FEDERATED}, "federated_credentials[0].issuer: 'https://a.example' is neither in [[issuers]]"),
        (
            {"app": FEDERATED.replace('"x"', '""')},
            "tenants[0].apps[0].federated_credentials[0].subject: is empty",
        ),
        (
            {"more": '[[issuers]]\nurl = "https://a.example"\nkeys = "a.json"'},
            "issuers[0].keys: 'a.json' cannot be read",
        ),
        ({"more": '[[issuers]]\nurl = "http://a.example"\nkeys = "generated"'}, "issuers[0].url: 'http://a.example'"),
        (
            {"resource_group": 'virtual_machines = [{ name = "web", identities = ["nod"] }]'},
            f"{RG}.virtual_machines[0].identities[0]: no managed identity 'nod' in contoso",
        ),
        ({"more": '[[tenants]]\nname = "Contoso"'}, "tenants[1].name: 'Contoso' is there twice"),
        ({"more": '[[tenants.groups]]\nname = "provider"'}, "tenants[0].groups[1].name: the name 'provider' is taken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_with_its_place(slots: dict[str, str], said: str, tmp_path: Path) -> None:
    assert said in refusal(written(slots), tmp_path)


def test_every_problem_is_counted_in_the_one_line() -> None:
    said = refusal('[[tenants]]\nname = "a"\nx1 = 1\nx2 = 2')
    assert said.startswith("topology.toml: tenants[0]: unknown key 'x1'")
    assert said.endswith("(and 1 more)")


def test_text_that_is_no_toml_is_refused_with_the_line() -> None:
    assert "topology.toml: not TOML: " in refusal("[[tenants]\nname = 1")


def test_a_certificate_with_its_private_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.pem").write_text("-----BEGIN PRIVATE KEY-----")
    assert "holds a private key" in refusal(written({"app": 'certificate = "p.pem"'}), tmp_path)


@pytest.mark.parametrize(
    "content", ["{}", '{"keys": []}', '{"keys": [{"kty": "EC"}]}', "-----BEGIN PUBLIC KEY-----", "?"]
)
def test_an_issuers_file_without_usable_keys_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    more = '[[issuers]]\nurl = "https://a.example"\nkeys = "a.json"'
    assert "issuers[0].keys: 'a.json' holds no public keys of an issuer" in refusal(written({"more": more}), tmp_path)


def test_a_certificate_is_read_relative_to_the_file(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "p.pem").write_bytes(pem)
    (tmp_path / "topology.toml").write_text(written({"app": 'certificate = "p.pem"'}))
    assert load(tmp_path / "topology.toml").certificates == {"p.pem": pem}


def test_ids_are_derived_from_names_the_same_each_time_and_kept_when_given() -> None:
    given = "AAAAAAAA-1111-4111-8111-111111111111"
    first, second = (parse(written({"app": f'client_id = "{given}"'}), "t", None).document for _ in range(2))
    assert first == second
    assert first.tenants[0].apps[0].client_id == given.lower()
    assert first.tenants[0].apps[0].object_id != given.lower()


def test_a_role_assignment_is_found_by_names_in_any_case() -> None:
    scope = "/Subscriptions/MAIN/resourcegroups/RG/providers/microsoft.storage/storageaccounts/LAKE1"
    document = parse(written({"more": assignment("data-share:SHARES", "reader", scope)}), "t", None).document
    tenant = document.tenants[0]
    above = f"/subscriptions/{tenant.subscriptions[0].id}/resourceGroups/rg/providers"
    found = grants(tenant)[0]
    assert found.scope == f"{above}/Microsoft.Storage/storageAccounts/lake1"
    assert found.share_account_id == f"{above}/Microsoft.DataShare/accounts/shares"


def test_the_built_in_topology_has_two_organisations_and_fixes_no_secret() -> None:
    document = load(None).document
    assert [tenant.name for tenant in document.tenants] == ["contoso", "fabrikam"]
    assert not any(app.client_secret for tenant in document.tenants for app in tenant.apps)
    assert not any(grant.share_account_id for tenant in document.tenants for grant in grants(tenant))


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(TopologyRefused, match="nested too deeply"):
        parse("x = " + "[" * 5000, "topology.toml", None)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    file.write_bytes(b"\xef\xbb\xbf" + written({}).encode())
    assert load(file).document.tenants[0].name == "contoso"
