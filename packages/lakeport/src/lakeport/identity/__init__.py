"""Who signs in: credentials by kind behind one door, and what sign-in refuses as lakeport's errors.

Knows profiles and clouds; knows nothing of what the tokens are used for. One kind of principal is one module with a
`build`; what opens storage without a principal is `storage_key`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING
from uuid import uuid4

from lakeport.clock import SystemClock
from lakeport.errors import BadProfile
from lakeport.identity.refusals import translate, translated
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential

    from lakeport.clock import Clock
    from lakeport.identity.signing import AsyncSigning, Signing
    from lakeport.profiles import Profile

__all__ = ["async_credential", "credential", "storage_credential", "translate", "translated", "unsigned"]

MODULES = {"default": "default_chain"}
# Who these are is told by more than the profile: a token of theirs is nobody else's.
UNDETERMINED = frozenset({"azure_cli", "chained", "default"})


def unsigned(profile: Profile) -> TokenCredential:
    """Return azure-identity's own credential for a profile: no broker, and its own errors.

    Args:
        profile: Who asks.

    Raises:
        BadProfile: The profile's secret or certificate cannot be read, or its kind opens storage only.
    """
    kind = KINDS[profile.credential]
    if kind.opens_storage_only:
        raise BadProfile(
            f"profile {profile.name!r} has {kind.meaning}, which opens storage and nothing else",
            hint="Next: name a profile of an application, identity or user",
        )
    module = import_module(f"lakeport.identity.{MODULES.get(kind.name, kind.name)}")
    built: TokenCredential = module.build(profile)
    return built


def credential(profile: Profile) -> Signing:
    """Return the credential of a profile, of whichever kind it is.

    Args:
        profile: Who asks.

    Raises:
        BadProfile: The profile's secret or certificate cannot be read, or its kind opens storage only.

    Example:
        >>> from azure.mgmt.datashare import DataShareManagementClient
        >>> from lakeport import credential, profile
        >>> contoso = profile("contoso")  # doctest: +SKIP
        >>> DataShareManagementClient(credential(contoso), contoso.subscription_id)  # doctest: +SKIP
    """
    from lakeport.identity import broker  # noqa: PLC0415  (pulls in azure-core)
    from lakeport.identity.signing import Signing  # noqa: PLC0415

    if KINDS[profile.credential].opens_storage_only:
        unsigned(profile)
    if profile.credential in UNDETERMINED:
        return Signing(lambda: unsigned(profile), profile, broker.private(), uuid4().hex)
    among = broker.private() if broker.is_private(profile.cloud) else broker.shared()
    return Signing(lambda: unsigned(profile), profile, among, broker.principal_of(profile))


def async_credential(profile: Profile) -> AsyncSigning:
    """Return the credential of a profile for asynchronous clients; it shares its tokens with the synchronous ones.

    Args:
        profile: Who asks.

    Raises:
        BadProfile: The profile's secret or certificate cannot be read, or its kind opens storage only.
    """
    from lakeport.identity.signing import AsyncSigning  # noqa: PLC0415

    return AsyncSigning(credential(profile))


def storage_credential(
    profile: Profile, account: str, clock: Clock | None = None
) -> Signing | AzureNamedKeyCredential | AzureSasCredential:
    """Return what a storage client is constructed with: a principal, a key or a SAS.

    Args:
        profile: Who or what opens the account.
        account: The storage account's name.
        clock: By which a SAS ends; absent: the machine's.

    Raises:
        BadProfile: It cannot be read, or is of another account.
        LakeportError: The vault that holds it refuses.
    """
    if not KINDS[profile.credential].opens_storage_only:
        return credential(profile)
    from lakeport.identity import storage_key  # noqa: PLC0415

    return storage_key.build(profile, account, clock or SystemClock())
