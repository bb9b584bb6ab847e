"""Where the values of a profile come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakeport import profiles
from lakeport.errors import BadProfile, NotFound
from lakeport.profiles.files import ProfileFile

if TYPE_CHECKING:
    from pathlib import Path

USER = """\
default_profile = "contoso"
[profiles.contoso] # ours
tenant_id = "contoso.onmicrosoft.com"
client_id = "c1"
client_secret = {env = "CONTOSO_SECRET"}
storage_account = "userstore"
file_system = "raw"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "user.toml").write_text(USER)
    (tmp_path / "lakeport.toml").write_text('[profiles.contoso]\nstorage_account = "projectstore"\n')
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path


def resolve(folder: Path, name: str | None = None, **variables: str) -> profiles.Profile:
    return profiles.resolve(name, environment=variables, start=folder / "a" / "b", user=folder / "user.toml")


def test_every_value_says_where_it_came_from(folder: Path) -> None:
    found = resolve(folder, LAKEPORT_FILE_SYSTEM="gold")
    assert found.name == "contoso"
    assert (found.file_system, found.values["file_system"].origin) == ("gold", "environment (LAKEPORT_FILE_SYSTEM)")
    assert (found.storage_account, found.values["storage_account"].origin) == (
        "projectstore",
        str(folder / "lakeport.toml"),
    )
    assert (found.client_id, found.values["client_id"].origin) == ("c1", str(folder / "user.toml"))
    assert found.credential == "client_secret"


def test_an_identity_in_the_environment_is_taken_whole_and_nothing_is_mixed_in(folder: Path) -> None:
    found = resolve(folder, AZURE_CLIENT_ID="c2", AZURE_TENANT_ID="t2", AZURE_CLIENT_CERTIFICATE_PATH="/c.pem")
    assert (found.client_id, found.tenant_id, found.credential) == ("c2", "t2", "client_certificate")
    assert found.secret("client_secret") is None


def test_a_profile_that_is_named_keeps_its_identity_whatever_the_environment_is_for(folder: Path) -> None:
    other = {"AZURE_CLIENT_ID": "c2", "AZURE_TENANT_ID": "t2", "AZURE_CLIENT_SECRET": "s2"}
    stray = {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_SAS_TOKEN": "sv=1", "AZURE_STORAGE_KEY": "a2V5"}
    ours = ("c1", "contoso.onmicrosoft.com", "client_secret", "projectstore")
    for named, said in (("contoso", {}), (None, {"LAKEPORT_PROFILE": "contoso"})):
        for ambient in ({}, other, stray, other | stray, {"AZURE_CLIENT_CERTIFICATE_PATH": "/c.pem"}):
            found = resolve(folder, named, **said, **ambient)
            assert (found.client_id, found.tenant_id, found.credential, found.storage_account) == ours
            assert found.secret("client_secret") == profiles.Secret(env="CONTOSO_SECRET")
    overridden = resolve(folder, "contoso", LAKEPORT_STORAGE_ACCOUNT="mine").values["storage_account"]
    assert overridden.value == "mine"
    assert "LAKEPORT_STORAGE_ACCOUNT" in overridden.surprise
    assert "lakeport.toml is not used" in overridden.surprise


def test_the_environment_adds_what_a_named_profile_leaves_open(folder: Path) -> None:
    other = {"AZURE_CLIENT_ID": "c2", "AZURE_TENANT_ID": "t2", "AZURE_CLIENT_SECRET": "s2"}
    for lines, ambient, kind, client in (
        ('storage_account = "x"', other, "client_secret", "c2"),  # it says nothing of who signs in
        ('client_id = "c1"\ntenant_id = "t1"', {"AZURE_CLIENT_SECRET": "s"}, "client_secret", "c1"),
        ('client_id = "c2"\ntenant_id = "t2"', other, "client_secret", "c2"),
        ('client_id = "c1"\ntenant_id = "t1"', other, "default", "c1"),
        ('credential = "managed_identity"', other, "managed_identity", ""),
        ('credential = "client_secret"', other, "client_secret", "c2"),
        ('credential = "device_code"\ntenant_id = "t1"', other, "device_code", ""),
    ):
        (folder / "user.toml").write_text(f"[profiles.contoso]\n{lines}\n")
        found = resolve(folder, "contoso", **ambient)
        assert (found.credential, found.client_id) == (kind, client), lines


def test_without_any_profile_the_default_chain_signs_in(tmp_path: Path) -> None:
    found = profiles.resolve(environment={}, start=tmp_path, user=tmp_path / "none.toml")
    assert (found.name, found.credential, found.cloud.name) == ("default", "default", "public")


def test_an_unknown_profile_names_the_known_ones_and_where_was_looked(folder: Path) -> None:
    with pytest.raises(NotFound, match=r"no profile 'contso' .*user.toml.*Profiles: contoso"):
        resolve(folder, "contso")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('client_sercet = "x"', "unknown key 'client_sercet'"),
        ('client_secret = "hunter2"', "holds a secret itself"),
        ("client_secret = {elsewhere = 'x'}", "is no reference"),
        ("tenant_id = 7", "must be a text"),
        ('credential = "magic"', "credential 'magic' is unknown"),
        ("= nonsense", "is not TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_and_secrets_are_not_repeated(folder: Path, line: str, said: str) -> None:
    (folder / "user.toml").write_text(f"[profiles.x]\n{line}\n")
    with pytest.raises(BadProfile, match=said) as caught:
        resolve(folder)
    assert "hunter2" not in str(caught.value)


def test_a_credential_that_lacks_a_part_names_it(folder: Path) -> None:
    with pytest.raises(BadProfile, match=r"has no tenant_id.*LAKEPORT_TENANT_ID or AZURE_TENANT_ID"):
        resolve(folder, AZURE_CLIENT_ID="c", AZURE_CLIENT_SECRET="s")


def test_secrets_show_as_references_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTOSO_SECRET", "hunter2")
    secret = resolve(folder).secret("client_secret")
    assert secret is not None
    assert secret.reveal() == "hunter2"
    assert "hunter2" not in repr(secret) + secret.shown()


def test_writing_keeps_comments_and_other_profiles(folder: Path) -> None:
    file = ProfileFile(folder / "user.toml")
    file.put("fabrikam", {"tenant_id": "f", "client_secret": profiles.Secret(env="F")})
    text = (folder / "user.toml").read_text()
    assert "# ours" in text
    assert ProfileFile(folder / "user.toml").profiles["fabrikam"]["client_secret"].value == profiles.Secret(env="F")
    ProfileFile(folder / "user.toml").remove("contoso")
    assert list(ProfileFile(folder / "user.toml").profiles) == ["fabrikam"]


def test_a_profile_is_replaced_where_it_stands_and_the_file_stays_readable(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "profiles.toml"
    real.write_text(
        '# mine\n[profiles.one] # first\ntenant_id = "t" # the tenant\nclient_id = "c"\n\n'
        '# about two\n[profiles.two]\nstorage_account = "x"\n'
    )
    real.chmod(0o600)
    link.symlink_to(real)
    ProfileFile(link).put("one", {"tenant_id": "t2", "client_id": "c"})
    text = real.read_text()
    for kept in ("# mine", "# first", "# the tenant", "# about two\n[profiles.two]", 'tenant_id = "t2"'):
        assert kept in text, text
    assert (link.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o600)
    ProfileFile(link).put("one", {"storage_account": "y", "client_secret": profiles.Secret(env="X")})
    assert "\n\n# about two\n[profiles.two]" in real.read_text()
    assert set(ProfileFile(link).profiles["one"]) == {"storage_account", "client_secret"}
    ProfileFile(link).put("three", {"tenant_id": "t"})
    ProfileFile(link).remove("one")
    assert real.read_text().startswith("# mine\n# about two\n[profiles.two]\n"), real.read_text()
    assert set(ProfileFile(link).profiles) == {"two", "three"}
    real.write_text('[profiles]\none.tenant_id = "t"\ntwo = {tenant_id = "t"}\n')
    ProfileFile(link).put("one", {"tenant_id": "t2", "client_id": "c"})
    ProfileFile(link).remove("two")
    assert {key: one.value for key, one in ProfileFile(link).profiles["one"].items()} == {
        "tenant_id": "t2",
        "client_id": "c",
    }
    before = real.read_text()
    for key, value in (("credential", "magic"), ("cloud", "mars"), ("endpoint", "nowhere"), ("tenant_id", "")):
        with pytest.raises(BadProfile):
            ProfileFile(link).put("four", {key: value})
    assert real.read_text() == before
