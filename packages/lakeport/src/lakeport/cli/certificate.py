"""`lakeport certificate`: keys and certificates for signing in, without openssl."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.errors import Conflict, Misused
from lakeport.profiles import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.cli.output import Output
    from lakeport.identity.keypairs import KeyPair

PASSWORD = "The PFX's password: env:NAME or file:PATH."  # noqa: S105  (a help text)


@click.group("certificate")
def certificate() -> None:
    """Make a certificate to sign in with, name one, convert one.

    \b
    lakeport certificate create app --subject contoso-app
    lakeport certificate thumbprint app.pem
    lakeport certificate convert app.pfx app.pem --password env:PFX_PASSWORD
    """


@certificate.command("create")
@click.argument("stem", type=options.FILE, metavar="PATH")
@click.option("--subject", default="lakeport", show_default=True, metavar="NAME", help="The common name.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="How long it is good.")
@click.option("--password", metavar="REFERENCE", default="", help=PASSWORD)
@options.common
@click.pass_obj
def create(output: Output, *, stem: Path, subject: str, days: int, password: str) -> None:
    """Make an RSA key with a self-signed certificate, a signing request for a CA, and a PFX with both.

    PATH.pem (key and certificate), PATH.crt (the certificate alone: what an application registers), PATH.csr and
    PATH.pfx are written; none is replaced.

    \b
    lakeport certificate create app --subject contoso-app --days 180
    """
    from lakeport.identity import keypairs  # noqa: PLC0415  (cryptography loads slowly)

    made = keypairs.create(subject, days)
    contents = {
        ".pem": made.pem(),
        ".crt": made.public_pem(),
        ".csr": made.request(),
        ".pfx": made.pfx(_password(password)),
    }
    _write({stem.with_name(stem.name + suffix): content for suffix, content in contents.items()})
    for suffix in contents:
        output.result(f"wrote {stem}{suffix}", file=f"{stem}{suffix}")
    _tell(output, made)


@certificate.command("thumbprint")
@click.argument("file", type=options.FILE)
@click.option("--password", metavar="REFERENCE", default="", help=PASSWORD)
@options.common
@click.pass_obj
def thumbprint(output: Output, *, file: Path, password: str) -> None:
    """Print a certificate's thumbprints: hexadecimal, as portals show them, and base64url, as tokens carry them.

    \b
    lakeport certificate thumbprint app.crt
    """
    from lakeport.identity import keypairs  # noqa: PLC0415

    _tell(output, keypairs.read(file, _password(password), needs_key=False))


@certificate.command("convert")
@click.argument("source", type=options.FILE)
@click.argument("target", type=options.FILE)
@click.option("--password", metavar="REFERENCE", default="", help=PASSWORD)
@click.option("--new-password", metavar="REFERENCE", default="", help="The written PFX's password.")
@options.common
@click.pass_obj
def convert(output: Output, *, source: Path, target: Path, password: str, new_password: str) -> None:
    """Write a certificate with its key in another form, told by the target's ending: .pem, .pfx, or .crt without key.

    \b
    lakeport certificate convert app.pfx app.pem --password env:PFX_PASSWORD
    lakeport certificate convert app.pem app.pfx --new-password file:pfx-password
    """
    from lakeport.identity import keypairs  # noqa: PLC0415

    suffix = target.suffix.lower()
    if suffix not in {".pem", ".pfx", ".p12", ".crt", ".cer"}:
        raise Misused(f"{target}: its ending tells no form", hint="Use .pem, .pfx or .crt")
    read = keypairs.read(source, _password(password), needs_key=suffix not in {".crt", ".cer"})
    forms = {".pem": read.pem, ".crt": read.public_pem, ".cer": read.public_pem}
    _write({target: forms[suffix]() if suffix in forms else read.pfx(_password(new_password))})
    output.result(f"wrote {target}", file=str(target))
    _tell(output, read)


def _tell(output: Output, pair: KeyPair) -> None:
    named = pair.thumbprint
    output.result(f"subject     {pair.subject}", subject=pair.subject)
    output.result(f"ends        {pair.ends_at:%Y-%m-%d %H:%M}Z", ends_at=pair.ends_at.isoformat())
    output.result(f"thumbprint  {named.sha1}", thumbprint=named.sha1)
    output.result(f"x5t         {named.x5t}", x5t=named.x5t)
    output.result(f"x5t#S256    {named.x5t_s256}", x5t_s256=named.x5t_s256)
    output.summary(thumbprint=named.sha1)


def _password(reference: str) -> str:
    if not reference:
        return ""
    way, _, target = reference.partition(":")
    if way not in {"env", "file"} or not target:
        raise Misused(
            "a password is given by reference: arguments are seen by others", hint="Write env:NAME or file:PATH"
        )
    return Secret(**{way: target}).reveal()


def _write(contents: dict[Path, bytes]) -> None:
    """Write new files that only their owner can read; none, when one of them is there already."""
    there = [str(path) for path in contents if path.exists()]
    if there:
        raise Conflict(f"{there[0]} exists", hint="Next: choose another name, or remove it")
    for path, content in contents.items():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
