"""Where foreign programs come from: what is missing is installed where that can be done, else named."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".bench"
_AZURITE = "azurite@3.35.0"


class MissingError(Exception):
    """A program is not here and cannot be installed; the message says what would bring it."""


@cache
def debian(program: str, package: str) -> str:
    """Return a program of a Debian package, installed when it is missing and this is root."""
    found = _found(program)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", package], check=False)
        found = _found(program)
    if found is None:
        raise MissingError(f"{program}: apt-get install {package}")
    return found


def _found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


@cache
def azurite() -> list[str]:
    """Return the command that starts Azurite's blob service, installed by npm into the project's own ignored folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingError("azurite: Node.js 20 or newer with npm")
    script = FOLDER / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not script.exists():
        (FOLDER / "azurite").mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER / "azurite"), _AZURITE]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    if not script.exists():
        raise MissingError(f"azurite: npm install {_AZURITE}")
    return [node, str(script)]
