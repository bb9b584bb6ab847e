"""azure-keyvault-certificates, unmodified, against the local vaults."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity.aio import ClientSecretCredential as AsyncCredential
from azure.keyvault.certificates import CertificateContentType, CertificatePolicy
from azure.keyvault.certificates.aio import CertificateClient as AsyncClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

if TYPE_CHECKING:
    from tests.sdk.vault.conftest import Vaults


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "batch-node")])
    starts, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), starts, ends)
    return built.sign(key, hashes.SHA256())


def test_a_pfx_with_a_password_is_read_back_without_one(
    vaults: Vaults, key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    pfx = pkcs12.serialize_key_and_certificates(b"n", key, certificate, None, BestAvailableEncryption(b"password"))
    made = vaults.certificates().import_certificate("from-pfx", pfx, password="password", tags={"a": "b"})
    der = certificate.public_bytes(Encoding.DER)
    assert bytes(made.cer or b"") == der
    assert made.properties is not None
    assert made.properties.x509_thumbprint == hashlib.sha1(der).digest()
    assert made.properties.expires_on == datetime(2028, 1, 1, tzinfo=UTC)
    secret = vaults.secrets().get_secret("from-pfx")
    assert secret.properties.content_type == "application/x-pkcs12"
    read_key, read_certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret.value or ""), None)
    assert read_certificate == certificate
    assert isinstance(read_key, rsa.RSAPrivateKey)
    assert read_key.private_numbers() == key.private_numbers()


def test_a_pem_is_read_back_as_pem(vaults: Vaults, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    policy = CertificatePolicy(content_type=CertificateContentType.pem)
    vaults.certificates().import_certificate("from-pem", pem, policy=policy)
    value = (vaults.secrets().get_secret("from-pem").value or "").encode()
    assert x509.load_pem_x509_certificate(value) == certificate
    assert load_pem_private_key(value, None).public_key() == certificate.public_key()
    shown = vaults.certificates().get_certificate("from-pem")
    assert shown.policy is not None
    assert shown.policy.content_type == CertificateContentType.pem
    assert shown.policy.key_size == 2048


def test_a_wrong_password_and_rubbish_are_refused(
    vaults: Vaults, key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    pfx = pkcs12.serialize_key_and_certificates(b"n", key, certificate, None, BestAvailableEncryption(b"password"))
    for data, password in ((pfx, "wrong"), (pfx, None), (b"rubbish", None)):
        with pytest.raises(HttpResponseError) as refused:
            vaults.certificates().import_certificate("refused", data, password=password)
        assert refused.value.status_code == 400


def test_a_certificate_is_deleted_with_its_secret_and_comes_back(
    vaults: Vaults, key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    pfx = pkcs12.serialize_key_and_certificates(b"n", key, certificate, None, NoEncryption())
    client, secrets = vaults.certificates(vault="other-vault"), vaults.secrets(vault="other-vault")
    client.import_certificate("going", pfx)
    assert "going" in {one.name for one in client.list_properties_of_certificates()}
    with pytest.raises(HttpResponseError) as refused:
        secrets.set_secret("going", "a plain value")
    assert refused.value.status_code == 403
    client.begin_delete_certificate("going").wait()
    with pytest.raises(ResourceNotFoundError):
        secrets.get_secret("going")
    assert "going" in {one.name for one in client.list_deleted_certificates()}
    client.begin_recover_deleted_certificate("going").wait()
    assert secrets.get_secret("going").value
    secrets.set_secret("plain", "value")
    with pytest.raises(ResourceExistsError):
        client.import_certificate("plain", pfx)
    with pytest.raises(ResourceNotFoundError):
        client.get_certificate("plain")


def test_a_certificate_that_the_vault_signs_itself_is_made_and_read_as_a_secret(vaults: Vaults) -> None:
    client = vaults.certificates()
    policy = CertificatePolicy.get_default()
    made: Any = client.begin_create_certificate("made-here", policy, tags={"a": "b"}, _polling_interval=0).result()
    assert (made.policy.issuer_name, made.policy.key_size) == ("Self", 2048)
    certificate = x509.load_der_x509_certificate(bytes(made.cer or b""))
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=DefaultPolicy"
    assert 360 <= (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days <= 366
    key, own, _ = pkcs12.load_key_and_certificates(
        base64.b64decode(vaults.secrets().get_secret("made-here").value or ""), None
    )
    assert own == certificate
    assert isinstance(key, rsa.RSAPrivateKey)
    operation = client.get_certificate_operation("made-here")
    assert operation.status == "completed"
    assert x509.load_der_x509_csr(operation.csr or b"").is_signature_valid
    again: Any = client.begin_create_certificate("made-here", policy, _polling_interval=0).result()
    assert again.properties.version != made.properties.version


def test_a_policy_chooses_the_key_and_the_names_and_changes_later(vaults: Vaults) -> None:
    client = vaults.certificates()
    policy = CertificatePolicy(
        issuer_name="Self",
        subject="CN=lake.contoso.com,O=Contoso",
        san_dns_names=["lake.contoso.com"],
        key_type="EC",
        key_curve_name="P-256",
        content_type=CertificateContentType.pem,
        validity_in_months=3,
        certificate_type="OV-SSL",
        certificate_transparency=False,
    )
    made: Any = client.begin_create_certificate("chosen", policy, _polling_interval=0).result()
    certificate = x509.load_der_x509_certificate(bytes(made.cer or b""))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["lake.contoso.com"]
    assert "BEGIN PRIVATE KEY" in (vaults.secrets().get_secret("chosen").value or "")
    kept = client.get_certificate_policy("chosen")
    assert (kept.certificate_type, kept.certificate_transparency) == ("OV-SSL", False)
    longer = CertificatePolicy(issuer_name="Self", subject="CN=lake.contoso.com", validity_in_months=24)
    assert client.update_certificate_policy("chosen", longer).validity_in_months == 24
    for bad in (
        CertificatePolicy(issuer_name="Self", subject="no name"),
        CertificatePolicy(issuer_name="SomeCA", subject="CN=x"),
        CertificatePolicy(issuer_name="Self", subject="CN=x", key_size=1024),
    ):
        with pytest.raises(HttpResponseError) as refused:
            client.begin_create_certificate("bad", bad, _polling_interval=0)
        assert refused.value.status_code == 400


def test_a_certificate_comes_back_from_its_backup(vaults: Vaults) -> None:
    client, elsewhere = vaults.certificates(), vaults.certificates(vault="other-vault")
    made: Any = client.begin_create_certificate("saved", CertificatePolicy.get_default(), _polling_interval=0).result()
    blob = client.backup_certificate("saved") or b""
    restored = elsewhere.restore_certificate_backup(blob)
    assert restored.cer == made.cer
    with pytest.raises(ResourceExistsError):
        client.restore_certificate_backup(blob)
    with pytest.raises(HttpResponseError) as refused:
        vaults.secrets(vault="other-vault").restore_secret_backup(blob)
    assert refused.value.status_code == 400


async def test_the_asynchronous_client_makes_reads_and_deletes_a_certificate(vaults: Vaults) -> None:
    found = vaults.azure.credentials("keeper")
    more = {"proxies": vaults.azure.sdk["proxies"], "connection_verify": vaults.azure.ca_bundle}
    credential = AsyncCredential(found["tenant_id"], found["client_id"], found["client_secret"], **more)
    async with credential, AsyncClient("https://contoso-vault.vault.azure.net", credential, **more) as client:
        policy = CertificatePolicy.get_default()
        made: Any = await client.create_certificate("async-made", policy, _polling_interval=0)
        assert "async-made" in [one.name async for one in client.list_properties_of_certificates()]
        assert (await client.get_certificate("async-made")).cer == made.cer
        await client.delete_certificate("async-made")
        assert "async-made" in [one.name async for one in client.list_deleted_certificates()]


def test_versions_policy_and_attributes_are_read_and_changed_and_what_is_deleted_is_purged(
    vaults: Vaults, key: rsa.RSAPrivateKey, certificate: x509.Certificate
) -> None:
    pfx = pkcs12.serialize_key_and_certificates(b"n", key, certificate, None, NoEncryption())
    client = vaults.certificates(vault="other-vault")
    versions = [str(client.import_certificate("turning", pfx).properties.version) for _ in range(2)]  # type: ignore[union-attr]
    assert client.get_certificate_version("turning", versions[0]).properties.version == versions[0]  # type: ignore[union-attr]
    assert {one.version for one in client.list_properties_of_certificate_versions("turning")} == set(versions)
    assert client.get_certificate_policy("turning").key_size == 2048
    client.update_certificate_properties("turning", versions[0], enabled=False, tags={"a": "b"})
    assert client.get_certificate_version("turning", versions[0]).properties.enabled is False  # type: ignore[union-attr]
    assert client.update_certificate_properties("turning", tags={"c": "d"}).properties.tags == {"c": "d"}  # type: ignore[union-attr]
    client.begin_delete_certificate("turning").wait()
    assert client.get_deleted_certificate("turning").name == "turning"
    client.purge_deleted_certificate("turning")
    with pytest.raises(ResourceNotFoundError):
        client.get_deleted_certificate("turning")
