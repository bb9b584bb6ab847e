"""Certificates with their private keys: where a profile says they are, read into memory and never written anywhere.

Source: identity.md 6 (an Azure Batch node's folder: `sha1-THUMBPRINT.pfx` beside `sha1-THUMBPRINT.pfx.pw`).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.errors import BadProfile
from lakeport.identity.revealing import reveal

if TYPE_CHECKING:
    from cryptography import x509

    from lakeport.profiles import Profile

_BATCH_FILE = re.compile(r"sha1-(?P<thumbprint>[0-9a-f]{40})\.pfx", re.IGNORECASE)
_NOISE = re.compile("[:\\s\N{LEFT-TO-RIGHT MARK}]")  # what dialogs put between and before the digits


@dataclass(frozen=True)
class Container:
    """A certificate with its private key, as a file holds it: PEM or PFX.

    Attributes:
        origin: The file, for errors.
        password: Empty when it has none.
    """

    origin: Path
    content: bytes = field(repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Thumbprint:
    """How a certificate is named.

    Attributes:
        sha1: 40 upper-case hexadecimal digits, as the portal and `az` show it.
        x5t: The same 20 bytes in base64url, as assertions carry it.
        x5t_s256: The SHA-256 in base64url.
    """

    sha1: str
    x5t: str
    x5t_s256: str


def container(profile: Profile) -> Container:
    """Return the certificate that a profile names: a file, or one of an Azure Batch node's.

    Raises:
        BadProfile: There is no such file, or it cannot be read.
    """
    if profile.text("certificate"):
        path = profile.path("certificate")
        return Container(path, _read(path), reveal(profile, "certificate_password"))
    return of_batch_node(profile.path("certificate_folder"), profile.text("thumbprint"), profile.name)


def of_batch_node(folder: Path, thumbprint: str, name: str) -> Container:
    """Return a certificate of an Azure Batch node.

    Args:
        folder: What `AZ_BATCH_CERTIFICATES_DIR` names.
        thumbprint: Its SHA-1 in hex, in any of the ways in which people copy it; empty: the only one there is.
        name: The profile's name, for errors.

    Raises:
        BadProfile: There is none, or more than one.
    """
    wanted = _NOISE.sub("", thumbprint).lower()
    found = {
        match["thumbprint"].lower(): file
        for file in _files(folder, name)
        if (match := _BATCH_FILE.fullmatch(file.name))
    }
    there = f"there: {', '.join(sorted(found))}" if found else "there is none"
    if wanted not in found and (wanted or len(found) != 1):
        which = f"certificate {wanted}" if wanted else "exactly one certificate"
        raise BadProfile(
            f"profile {name!r}: {folder} does not have {which}; {there}", hint="Set thumbprint to one of them"
        )
    file = found[wanted] if wanted else next(iter(found.values()))
    beside = file.with_name(f"{file.name}.pw")
    password = _read(beside).decode("utf-8", "replace").removesuffix("\n").removesuffix("\r") if beside.exists() else ""
    return Container(file, _read(file), password)


def thumbprint_of(certificate: x509.Certificate) -> Thumbprint:
    """Return a certificate's thumbprints."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    sha1 = certificate.fingerprint(hashes.SHA1())  # noqa: S303  (a name, not a protection)
    return Thumbprint(sha1.hex().upper(), _base64url(sha1), _base64url(certificate.fingerprint(hashes.SHA256())))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _files(folder: Path, name: str) -> list[Path]:
    if folder == Path():
        hint = "Set certificate to a file, or AZ_BATCH_CERTIFICATES_DIR to a Batch node's folder"
        raise BadProfile(f"profile {name!r} names no certificate file and no folder", hint=hint)
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise BadProfile(f"cannot read the folder of certificates {folder}: {error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadProfile(f"cannot read the certificate {path}: {error.strerror}") from error
