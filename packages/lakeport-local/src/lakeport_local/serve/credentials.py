"""What a topology's principals prove themselves with: generated once per state folder, shown to its owner only.

The directory keeps hashes and public halves; here the state folder (mode 0700) keeps what `exec --as` hands out.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from lakeport_local.state import Store

_VALID = timedelta(days=730)
_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """A principal of the topology and its credential.

    Attributes:
        object_id: Object id in its tenant.
        tenant_id: Its tenant.
        tenant: That tenant's name.
        kind: `app`, `user`, `group`, `managed_identity` or `machine`.
        name: Its name.
        client_id: Application id, or empty.
        client_secret: An app's secret, or empty.
        password: A user's password, or empty.
        has_key_pair: True for an app whose certificate is generated here.
    """

    object_id: str
    tenant_id: str
    tenant: str
    kind: str
    name: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    has_key_pair: bool = False

    def answers_to(self, name: str) -> bool:
        """Tell whether this is the principal called `name`: a name, `tenant/name`, a client id or an object id."""
        wanted = name.lower()
        names = {self.name, f"{self.tenant}/{self.name}", self.client_id, self.object_id}
        return wanted in {one.lower() for one in names if one}


class Credentials:
    """The credentials of one store."""

    def __init__(self, store: Store) -> None:
        self._db = store.db
        self._folder = store.folder / "certificates"

    def put(self, credential: Credential) -> None:
        """Keep a principal's credential, new or changed."""
        self._db.execute(
            "INSERT OR REPLACE INTO credentials VALUES (:tenant_id, :object_id, :tenant, :kind, :name, :client_id,"
            " :client_secret, :password, :has_key_pair)",
            asdict(credential),
        )

    def get(self, tenant_id: str, object_id: str) -> Credential | None:
        """Return the credential of a principal, or None."""
        return next((one for one in self.all() if (one.tenant_id, one.object_id) == (tenant_id, object_id)), None)

    def all(self) -> list[Credential]:
        """Return every principal's credential, by tenant, kind and name."""
        rows = self._db.execute("SELECT * FROM credentials ORDER BY tenant, kind, name").fetchall()
        return [Credential(**{**dict(row), "has_key_pair": bool(row["has_key_pair"])}) for row in rows]

    def key_pair_path(self, credential: Credential) -> Path:
        """Return where the certificate and key of an app lie, or will lie: one PEM file, mode 0600."""
        return self._folder / f"{credential.client_id}.pem"

    def certificate(self, credential: Credential, at: datetime) -> bytes:
        """Return an app's certificate, PEM, without its key; made when it is asked for the first time.

        Making one costs up to half a second, which is why `up` does not.
        """
        path = self.key_pair_path(credential)
        if not path.exists():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            _write_private(path, _key_pair(credential.name, at))
        found = x509.load_pem_x509_certificate(path.read_bytes())
        return found.public_bytes(serialization.Encoding.PEM)


def _key_pair(name: str, at: datetime) -> bytes:
    """Return a new RSA key and a self-signed certificate of it, PEM (only RSA keys are accepted by Azure's clients)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - _SKEW)
        .not_valid_after(at + _VALID)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _write_private(path: Path, data: bytes) -> None:
    """Write a file only its owner may read, beside and renamed."""
    aside = path.with_suffix(".new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    aside.replace(path)
