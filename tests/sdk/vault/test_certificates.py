"""azure-keyvault-certificates, unmodified, against the local vaults."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.certificates import CertificateContentType, CertificatePolicy
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
