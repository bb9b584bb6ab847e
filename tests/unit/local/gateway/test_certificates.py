"""What the authority signs, and what it refuses."""

from __future__ import annotations

import ipaddress
import ssl
import stat
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from lakeport_local.core import FixedClock, ShiftableClock
from lakeport_local.gateway import Callers, CertificateAuthority, NameRefused

if TYPE_CHECKING:
    from pathlib import Path


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> x509.Certificate:
    """Return the certificate that a client accepts for a name."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name)
    done = 0
    for _ in range(8):
        for side in (theirs, ours):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                if side is theirs:
                    raise
    assert done
    der = theirs.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def client(authority: CertificateAuthority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.mark.parametrize(
    "name", ["lake.dfs.core.windows.net", "login.microsoftonline.com", "localhost", "127.0.0.1", "::1"]
)
def test_a_client_accepts_the_certificate_of_a_permitted_name(
    authority: CertificateAuthority, client: ssl.SSLContext, name: str
) -> None:
    leaf = shake_hands(authority.context(), client, name)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in {str(entry.value) for entry in names}
    assert ExtendedKeyUsageOID.SERVER_AUTH in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=10)


@pytest.mark.parametrize("name", ["example.com", "windows.net", "evilcore.windows.net", "core.windows.net.example.com"])
def test_a_foreign_name_is_refused(authority: CertificateAuthority, client: ssl.SSLContext, name: str) -> None:
    with pytest.raises(NameRefused):
        authority.issue(name)
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        shake_hands(authority.context(), client, name)


def test_a_name_that_cannot_stand_in_a_certificate_is_refused(authority: CertificateAuthority) -> None:
    with pytest.raises(NameRefused):
        authority.issue("bücher.core.windows.net")


def test_clients_refuse_a_certificate_that_oversteps_the_constraints(
    authority: CertificateAuthority, client: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakeport_local.gateway.certificates.PERMITTED_NAMES", ("example.com",))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(authority.context("www.example.com"), client, "www.example.com")


def test_the_constraint_is_critical_and_spans_azure_and_this_machine(authority: CertificateAuthority) -> None:
    certificate = x509.load_pem_x509_certificate(authority.certificate_file.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    permitted = constraints.value.permitted_subtrees or []
    assert constraints.critical
    assert {entry.value for entry in permitted if isinstance(entry, x509.IPAddress)} == {
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    }
    assert all(
        "." in entry.value or entry.value == "localhost" for entry in permitted if isinstance(entry, x509.DNSName)
    )


def test_the_authority_stays_the_same_and_its_key_is_private(tmp_path: Path) -> None:
    first = CertificateAuthority(tmp_path).certificate_file.read_bytes()
    (tmp_path / "ca-bundle.pem").unlink()
    again = CertificateAuthority(tmp_path)
    assert again.certificate_file.read_bytes() == first
    assert again.bundle_file.read_bytes().startswith(first)
    assert stat.S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "ca-bundle.p12",
        "ca-bundle.pem",
        "ca-key.pem",
        "ca.pem",
    ]


@pytest.mark.parametrize("spoiled", ["ca-key.pem", "ca.pem"])
def test_a_spoiled_authority_is_replaced(tmp_path: Path, spoiled: str) -> None:
    first = CertificateAuthority(tmp_path).certificate_file.read_bytes()
    (tmp_path / spoiled).write_bytes(b"")
    assert CertificateAuthority(tmp_path).certificate_file.read_bytes() != first


def test_an_authority_of_other_constraints_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lakeport_local.gateway.certificates.PERMITTED_NAMES", ("example.com",))
        first = CertificateAuthority(tmp_path).certificate_file.read_bytes()
    assert CertificateAuthority(tmp_path).certificate_file.read_bytes() != first


def test_a_leaf_is_renewed_before_it_ends(tmp_path: Path) -> None:
    clock = FixedClock(ShiftableClock().now())
    authority = CertificateAuthority(tmp_path, clock=clock)
    first = authority.context("a.vault.azure.net")
    clock.advance(timedelta(days=1))
    assert authority.context("A.vault.azure.net.") is first
    clock.advance(timedelta(days=4))
    assert authority.context("a.vault.azure.net") is not first


def test_a_proxy_credential_is_good_for_its_own_caller_and_folder_only() -> None:
    callers = Callers(b"0123456789abcdef")
    assert callers.check("a", callers.token("a"))
    assert not callers.check("b", callers.token("a"))
    assert not callers.check("a", Callers(b"fedcba9876543210").token("a"))
    assert not callers.check("a", "pässword")


@pytest.mark.parametrize(
    "credential", ["", "Basic", "Basic !!", "Basic /w==", "Bearer YTpi", "Basic YTpi", "Basic YQ=="]
)
def test_what_is_no_proxy_credential_names_nobody(credential: str) -> None:
    assert Callers(b"0123456789abcdef").caller(credential) is None


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of a public root
def test_javas_trust_store_holds_the_local_authority_and_the_public_roots(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    store = pkcs12.load_pkcs12((tmp_path / "ca-bundle.p12").read_bytes(), b"changeit")
    held = {one.certificate for one in store.additional_certs}
    assert x509.load_pem_x509_certificate(authority.certificate_file.read_bytes()) in held
    assert len(held) == authority.bundle_file.read_text().count("BEGIN CERTIFICATE")
