"""Entra and managed identity behind a real gateway, and the environment in which real clients find them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.driven import traced

from lakeport_local.core import RandomIds, Service, ShiftableClock
from lakeport_local.entra import App, Directory, EntraService, ManagedIdentity, People, Tenant, Tokens
from lakeport_local.gateway import Callers, CertificateAuthority, Gateway, Routes
from lakeport_local.imds import ImdsService
from lakeport_local.serve.trace import Trace, TracedService
from lakeport_local.state import Resources, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "a secret of contoso"
_EMPTIED = (
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_DIR",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "IMDS_ENDPOINT",
)


@dataclass
class Entra:
    """A running Entra with contoso and fabrikam, one app each, and an identity of contoso."""

    port: int
    bundle: Path
    directory: Directory
    tokens: Tokens
    callers: Callers
    contoso: Tenant
    fabrikam: Tenant
    app: App
    consumer: App
    identity: ManagedIdentity
    secret: str
    pem: bytes
    clock: ShiftableClock
    monkeypatch: pytest.MonkeyPatch

    def enter(self, object_id: str | None = None) -> None:
        """Put this process into the environment that `exec` gives a child, as a principal or as nobody."""
        credential = f"{object_id}:{self.callers.token(object_id)}@" if object_id else ""
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            self.monkeypatch.setenv(name, f"http://{credential}127.0.0.1:{self.port}")
        for name in ("NO_PROXY", "no_proxy"):
            self.monkeypatch.setenv(name, "localhost,127.0.0.1,::1")
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            self.monkeypatch.setenv(name, str(self.bundle))
        for name in _EMPTIED:
            self.monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(Path(tmp_path_factory.mktemp("ca")))


@pytest.fixture(scope="session")
def app_pem() -> tuple[bytes, bytes]:
    """A private key with its certificate, and the certificate alone."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    public = certificate.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public, public


@pytest.fixture
async def entra(
    authority: CertificateAuthority, app_pem: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Entra]:
    store, clock, ids, callers = Store(None), ShiftableClock(), RandomIds(), Callers(b"0123456789abcdef")
    directory, resources = Directory(store, ids, clock), Resources(store)
    tokens = Tokens(directory, store, ids, clock)
    contoso = directory.add_tenant(id=ids.guid(), name="contoso", domain="contoso.onmicrosoft.com")
    fabrikam = directory.add_tenant(id=ids.guid(), name="fabrikam", domain="fabrikam.onmicrosoft.com")
    app = directory.add_app(contoso.id, name="provider", client_id=ids.guid(), object_id=ids.guid())
    consumer = directory.add_app(fabrikam.id, name="consumer", client_id=ids.guid(), object_id=ids.guid())
    directory.add_secret(app, SECRET)
    directory.add_certificate(app, app_pem[1])
    identity = directory.add_managed_identity(
        contoso.id,
        name="node",
        resource_id="/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node",
        object_id=ids.guid(),
        client_id=ids.guid(),
    )
    services: dict[str, Service] = {
        "entra": EntraService(directory, tokens, resources, clock, People(directory, store, ids, clock)),
        "imds": ImdsService(directory, tokens, resources, clock, callers),
    }
    trace = Trace(traced(tmp_path))
    services = {name: TracedService(one, trace) for name, one in services.items()}
    gateway = Gateway(Routes(services), authority, callers=callers, clock=clock, ids=ids)
    port = await gateway.start("127.0.0.1", 0)
    entra = Entra(
        port, authority.bundle_file, directory, tokens, callers, contoso, fabrikam, app, consumer, identity, SECRET,
        app_pem[0], clock, monkeypatch,
    )  # fmt: skip
    entra.enter()
    yield entra
    await gateway.close(grace_s=0.2)
    store.close()
