"""A HOME for programs under `exec`: the user's own, except the places where Azure's clients keep tokens.

Under the proxy, local and real tokens would share the key "login.microsoftonline.com" in those caches, so the two must
never meet, and no variable moves all of them: only HOME does. A bare private HOME would break what lives there (pyenv
and uv, the user's site-packages, git and ssh settings). So the private one is a folder of links to everything in the
real one, but for the places listed in `PRIVATE`, which begin empty and stay in the state folder. A new file that the
program makes directly in HOME stays there too; in any folder that exists already, it is the user's.

Source: identity.md 7.4.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = (".IdentityService", ".azure", ".Azure", ".azd", ".local/share/.IdentityService")
"""Token caches of azure-identity (Python, Node; .NET below `.local/share`), az, PowerShell, azd."""


def make_home(private: Path, real: Path) -> None:
    """Make or renew a private home.

    Args:
        private: The folder to fill; what programs made there is kept.
        real: The user's home.
    """
    _link(private, real, tuple(tuple(name.split("/")) for name in PRIVATE))


def _link(private: Path, real: Path, kept: tuple[tuple[str, ...], ...]) -> None:
    """Link the entries of `real` into `private`, except the paths in `kept`."""
    if private.is_symlink():
        private.unlink()
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in private.iterdir():
        if old.is_symlink() and not old.exists():
            old.unlink(missing_ok=True)
    for entry in real.iterdir() if real.is_dir() else ():
        below = tuple(path[1:] for path in kept if path[0] == entry.name)
        if () in below:
            continue
        link = private / entry.name
        if below and entry.is_dir():
            _link(link, entry, below)
        elif not link.exists() and not link.is_symlink():
            with suppress(FileExistsError):  # another `exec` was faster
                link.symlink_to(entry)
