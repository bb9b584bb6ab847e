"""Who signs in: credentials by kind behind one door, and what sign-in refuses as lakeport's errors.

Knows profiles and clouds; knows nothing of what the tokens are used for. One kind is one module with a `build`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lakeport.identity.refusals import translate, translated
from lakeport.identity.signing import Signing

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

__all__ = ["Signing", "credential", "translate", "translated"]

KINDS = {"client_secret": "client_secret", "client_certificate": "client_certificate", "default": "default_chain"}


def credential(profile: Profile) -> Signing:
    """Return the credential of a profile, of whichever kind it is.

    Raises:
        BadProfile: The profile's secret or certificate cannot be read.
    """
    built: TokenCredential = import_module(f"lakeport.identity.{KINDS[profile.credential]}").build(profile)
    return Signing(built, profile)
