"""The certificate authority of one state folder: it can sign for Azure's names and this machine, and nothing else.

Validity follows the machine's own time, not the local Azure's: real clients judge certificates by the machine's clock,
and `lakeport local clock advance` must not make them refuse ours. So the clock given here is an unshifted one.

Source: RFC 5280 sections 4.2.1.10 and 4.2.1.6; identity.md 7.1 (which clients keep the name constraint) and 9.7.
"""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
import os
import ssl
import tempfile
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lakeport_local.core import Clock, ShiftableClock
from lakeport_local.gateway.java_trust import java_trust_store

PERMITTED_NAMES = (
    "login.microsoftonline.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoft.com",
    "graph.microsoft.com",
    "management.azure.com",
    "core.windows.net",
    "vault.azure.net",
    "localhost",
)
"""Names that the authority signs for, with everything below them."""

PERMITTED_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

_LOCAL_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.DNSName("*.localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
_AUTHORITY_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=7)
_RENEW_BEFORE = timedelta(days=3)
_CLOCKS_APART = timedelta(days=1)
_CACHED_LEAVES = 512


class NameRefused(Exception):
    """The authority does not sign for this name."""


def is_permitted(name: str) -> bool:
    """Tell whether the authority signs for a host name.

    Example:
        >>> is_permitted("lake.dfs.core.windows.net"), is_permitted("windows.net.example.com")
        (True, False)
    """
    return any(name == permitted or name.endswith("." + permitted) for permitted in PERMITTED_NAMES)


class CertificateAuthority:
    """Issues certificates for the intercepted names, from a key that stays in the folder.

    Args:
        folder: Where `ca.pem`, `ca-key.pem`, `ca-bundle.pem` and, for Java, `ca-bundle.p12` are; made when missing. An
            authority whose constraints are not the present ones, or that nears its end, is replaced.
        clock: The machine's time.
    """

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self._clock = clock or ShiftableClock()
        self.certificate_file = folder / "ca.pem"
        self.bundle_file = folder / "ca-bundle.pem"
        self._key_file = folder / "ca-key.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self._key, self._certificate = self._load() or self._create()
        _write(self.bundle_file, self._pem() + _public_roots(), mode=0o644)
        _write(folder / "ca-bundle.p12", java_trust_store(self.bundle_file.read_bytes()), mode=0o644)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: OrderedDict[str, tuple[datetime, ssl.SSLContext]] = OrderedDict()

    def context(self, name: str = "localhost") -> ssl.SSLContext:
        """Return the TLS context that proves a name; a client's SNI may still choose another permitted one.

        Raises:
            NameRefused: The name is not one the authority signs for.
        """
        name = name.lower().rstrip(".")
        now = self._clock.now()
        known = self._contexts.get(name)
        if known is not None and known[0] > now:
            self._contexts.move_to_end(name)
            return known[1]
        context = self._new_context(self.issue(name))
        self._contexts[name] = (now + _LEAF_LIFE - _RENEW_BEFORE, context)
        if len(self._contexts) > _CACHED_LEAVES:
            self._contexts.popitem(last=False)
        return context

    def issue(self, name: str) -> x509.Certificate:
        """Return a new leaf certificate for a name.

        Raises:
            NameRefused: The name is not one the authority signs for.
        """
        name = name.lower().rstrip(".")
        if not is_permitted(name):
            raise NameRefused(name)
        names = _LOCAL_NAMES if name == "localhost" else (_dns_name(name),)
        now = self._clock.now()
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lakeport local Azure")]))
            .issuer_name(self._certificate.subject)
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCKS_APART)
            .not_valid_after(now + _LEAF_LIFE)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._leaf_key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _new_context(self, leaf: x509.Certificate) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._choose
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _load_chain(context, key + leaf.public_bytes(serialization.Encoding.PEM))
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Answer the name that a client asks for; without one the context it began with stands."""
        if name is None:
            return None
        try:
            connection.context = self.context(name)
        except NameRefused:
            return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        return None

    def _load(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
        """Return what the folder holds, or None when a new authority is needed."""
        try:
            key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
            certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            return None
        try:
            constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        except x509.ExtensionNotFound:
            return None
        lasts = certificate.not_valid_after_utc - self._clock.now() > timedelta(days=365)
        return (key, certificate) if lasts and constraints.value == _constraints() else None

    def _create(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "lakeport local Azure"),
                x509.NameAttribute(NameOID.COMMON_NAME, f"lakeport local CA {serial & 0xFFFFFFFF:08x}"),
            ]
        )
        now = self._clock.now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now - _CLOCKS_APART)
            .not_valid_after(now + _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_constraints(), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(self._key_file, pem, mode=0o600)
        _write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
        return key, certificate

    def _pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)


def _constraints() -> x509.NameConstraints:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in PERMITTED_NAMES]
    names += [x509.IPAddress(network) for network in PERMITTED_NETWORKS]
    return x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=None)


def _dns_name(name: str) -> x509.DNSName:
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise NameRefused(name) from error


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _load_chain(context: ssl.SSLContext, pem: bytes) -> None:
    """Give a key and certificate to a context, which reads files only: one in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("leaf", os.MFD_CLOEXEC), "wb", buffering=0) as file:
            file.write(pem)
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
        return
    with tempfile.TemporaryDirectory() as folder:
        file_path = Path(folder) / "leaf.pem"
        _write(file_path, pem, mode=0o600)
        context.load_cert_chain(file_path)


def _public_roots() -> bytes:
    """Return the machine's public root certificates as PEM; empty when it has none in one file."""
    candidates: list[str | None] = [ssl.get_default_verify_paths().cafile]
    if importlib.util.find_spec("certifi") is not None:
        candidates.append(importlib.import_module("certifi").where())
    for candidate in candidates:
        if candidate is not None and Path(candidate).is_file():
            return b"\n" + Path(candidate).read_bytes()
    return b""


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """Write a file beside its place and rename it, so that nobody reads half of it."""
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # mode 0600 from its birth
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    Path(beside).chmod(mode)
    Path(beside).replace(file)
