"""What `lakeport certificate` makes, read by a library that did not make it through us."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.lakeport.conftest import Lakeport

PASSWORD = "a pass: wörd"


def told(lines: list[dict[str, object]]) -> dict[str, object]:
    """All that the lines of one command say."""
    return {key: value for line in lines for key, value in line.items()}


def spki(key: object) -> bytes:
    assert isinstance(key, rsa.RSAPublicKey)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def base64url(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A folder with the files `app.*`, made under a umask that forbids nothing, and what was said of them."""
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "password").write_text(PASSWORD)
    before = os.umask(0)
    try:
        command = [sys.executable, "-m", "lakeport", "certificate", "create", "app", "--subject", "contoso app"]
        command += ["--days", "30", "--password", "file:password", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    finally:
        os.umask(before)
    assert done.returncode == 0, done
    assert PASSWORD not in done.stdout + done.stderr
    return folder, told([json.loads(line) for line in done.stdout.splitlines()])


@pytest.fixture
def made(here: Path, original: tuple[Path, dict[str, object]], monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What was said of the files `app.*` that lie here."""
    monkeypatch.setenv("APP_PASSWORD", PASSWORD)
    folder, said = original
    for file in folder.glob("app.*"):
        shutil.copy2(file, here)
    return said


def test_key_certificate_request_and_pfx_are_of_one_pair(here: Path, made: dict[str, object]) -> None:
    pem = (here / "app.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    certificate = x509.load_pem_x509_certificate(pem)
    request = x509.load_pem_x509_csr((here / "app.csr").read_bytes())
    packed = pkcs12.load_pkcs12((here / "app.pfx").read_bytes(), PASSWORD.encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size >= 2048
    assert packed.cert is not None
    assert packed.key is not None
    of_all = {spki(one.public_key()) for one in (key, certificate, request, packed.key, packed.cert.certificate)}
    assert len(of_all) == 1
    assert packed.cert.certificate == certificate == x509.load_pem_x509_certificate((here / "app.crt").read_bytes())
    assert b"PRIVATE" not in (here / "app.crt").read_bytes() + (here / "app.csr").read_bytes()
    key.public_key().verify(key.sign(b"text", padding.PKCS1v15(), SHA256()), b"text", padding.PKCS1v15(), SHA256())
    assert request.is_signature_valid
    certificate.verify_directly_issued_by(certificate)
    for subject in (certificate.subject, certificate.issuer, request.subject):
        assert subject.rfc4514_string() == "CN=contoso app"
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc <= now
    assert timedelta(days=29) < certificate.not_valid_after_utc - now <= timedelta(days=30)
    assert made["ends_at"] == certificate.not_valid_after_utc.isoformat()


def test_a_pfx_opens_by_its_password_alone(here: Path, made: dict[str, object]) -> None:
    for wrong in (b"other", b"", None):
        with pytest.raises(ValueError, match=r"(?i)password|decrypt|pkcs12"):
            pkcs12.load_pkcs12((here / "app.pfx").read_bytes(), wrong)


def test_thumbprints_are_digests_of_the_certificate_in_hex_and_base64url(
    here: Path, lakeport: Lakeport, made: dict[str, object]
) -> None:
    der = x509.load_pem_x509_certificate((here / "app.crt").read_bytes()).public_bytes(Encoding.DER)
    sha1, sha256 = hashlib.sha1(der, usedforsecurity=False).digest(), hashlib.sha256(der).digest()
    expected = {"thumbprint": sha1.hex().upper(), "x5t": base64url(sha1), "x5t_s256": base64url(sha256)}
    (here / "app.der").write_bytes(der)
    assert {name: made[name] for name in expected} == expected
    for arguments in (["app.crt"], ["app.pem"], ["app.pfx", "--password", "env:APP_PASSWORD"]):
        named = told(lakeport("certificate", "thumbprint", *arguments, "--json").rows)
        assert {name: named[name] for name in expected} == expected, arguments
    shown = lakeport("certificate", "thumbprint", "app.crt").out
    assert all(text in shown.split() for text in expected.values())


def test_what_is_converted_there_and_back_is_the_same_pair(
    here: Path, lakeport: Lakeport, made: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_PASSWORD", "another")
    for arguments in (
        ["app.pfx", "back.pem", "--password", "env:APP_PASSWORD"],
        ["back.pem", "again.pfx", "--new-password", "env:NEW_PASSWORD"],
        ["back.pem", "open.p12"],
        ["again.pfx", "public.cer", "--password", "env:NEW_PASSWORD"],
    ):
        done = lakeport("certificate", "convert", *arguments, "--json")
        assert (done.status, done.rows[-1]["thumbprint"]) == (0, made["thumbprint"]), done
    certificate = x509.load_pem_x509_certificate((here / "app.crt").read_bytes())
    pem = (here / "back.pem").read_bytes()
    again = pkcs12.load_pkcs12((here / "again.pfx").read_bytes(), b"another")
    opened = pkcs12.load_pkcs12((here / "open.p12").read_bytes(), None)
    for key, found in (
        (load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)),
        (again.key, again.cert and again.cert.certificate),
        (opened.key, opened.cert and opened.cert.certificate),
    ):
        assert isinstance(key, rsa.RSAPrivateKey)
        assert found == certificate
        assert spki(key.public_key()) == spki(certificate.public_key())
    public = (here / "public.cer").read_bytes()
    assert x509.load_pem_x509_certificate(public) == certificate
    assert b"PRIVATE" not in public


def test_every_file_is_its_owner_s_alone_and_none_is_replaced(
    here: Path, lakeport: Lakeport, made: dict[str, object]
) -> None:
    before = os.umask(0)
    try:
        assert lakeport("certificate", "convert", "app.pem", "other.pfx").status == 0
    finally:
        os.umask(before)
    files = [*sorted(here.glob("app.*")), here / "other.pfx"]
    assert [file.name for file in files] == ["app.crt", "app.csr", "app.pem", "app.pfx", "other.pfx"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    contents = [file.read_bytes() for file in files]
    for arguments in (["create", "app"], ["convert", "app.pem", "other.pfx"]):
        refused = lakeport("certificate", *arguments, "--json")
        assert (refused.status, "exists" in str(refused.rows[-1]["message"])) == (1, True), refused
    assert [file.read_bytes() for file in files] == contents


def test_what_is_no_certificate_is_refused_by_name_and_writes_nothing(
    here: Path, lakeport: Lakeport, made: dict[str, object]
) -> None:
    (here / "noise.pem").write_bytes(b"\x00noise")
    (here / "folder").mkdir()
    there = sorted(here.iterdir())
    for arguments, status, said in (
        (["thumbprint", "noise.pem"], 2, "noise.pem"),
        (["thumbprint", "none.pem"], 2, "none.pem"),
        (["thumbprint", "folder"], 2, "folder"),
        (["convert", "app.pfx", "x.pem"], 2, "app.pfx"),
        (["convert", "app.pfx", "x.pem", "--password", "a secret"], 2, "by reference"),
        (["convert", "app.pfx", "x.pem", "--password", "env:NOT_SET"], 2, "NOT_SET"),
        (["convert", "app.crt", "x.pem"], 2, "app.crt"),
        (["convert", "app.pem", "x.txt"], 2, "x.txt"),
        (["convert", "app.pem", "nowhere/x.pem"], 1, "nowhere/x.pem"),
        (["create", "nowhere/app"], 1, "nowhere/app.pem"),
        (["create", "x", "--subject", ""], 2, "subject"),
        (["create", "x", "--subject", "n" * 65], 2, "subject"),
        (["create", "x", "--days", "0"], 2, "--days"),
    ):
        refused = lakeport("certificate", *arguments, "--json")
        assert (refused.status, said in refused.err) == (status, True), (arguments, refused)
        assert json.loads(refused.out)["exit_status"] == status
        assert "a secret" not in refused.err
    assert sorted(here.iterdir()) == there
