"""What opens one storage account without a principal: its key, a SAS, a connection string, a SAS in a Key Vault."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

from lakeport.errors import BadProfile
from lakeport.identity.revealing import kept, reveal
from lakeport.profiles import connection_strings

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.clock import Clock
    from lakeport.profiles import Profile

EARLY = timedelta(minutes=5)
"""How long before its end a SAS is read again."""
LATEST = timedelta(hours=1)
"""How long a SAS of which nobody knows the end is good for before it is read again."""


class KeptSas(AzureSasCredential):
    """A SAS that is kept elsewhere and read again before it ends, and when it is refused.

    Azure's clients ask for `signature` at every request.
    """

    def __init__(self, read: Callable[[], str], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._renew_at = clock.now()
        super().__init__(self._renewed())

    @property
    def signature(self) -> str:
        """The SAS, without a question mark.

        Raises:
            LakeportError: It has to be read again, and cannot be.
        """
        if self._clock.now() >= self._renew_at:
            with self._lock:
                if self._clock.now() >= self._renew_at:
                    self.update(self._renewed())
        return super().signature

    def renew(self, refused: str) -> bool:
        """Read it again because it was refused, and tell whether it has changed.

        Args:
            refused: The SAS that was; another thread may have renewed it already.
        """
        with self._lock:
            if super().signature != refused:
                return True
            self.update(self._renewed())
            return super().signature != refused

    def _renewed(self) -> str:
        text, now = without_url(self._read()), self._clock.now()
        end = end_of(text)
        self._renew_at = max(end - EARLY, now + timedelta(seconds=10)) if end else now + LATEST
        return text


def without_url(text: str) -> str:
    """Return a SAS alone, of a whole URL or of one that begins with a question mark.

    Example:
        >>> without_url("https://lake.dfs.core.windows.net/?sv=1&sig=x"), without_url("?sv=1&sig=x")
        ('sv=1&sig=x', 'sv=1&sig=x')
    """
    return (urlsplit(text.strip()).query if "://" in text else text.strip()).lstrip("?")


def end_of(sas: str) -> datetime | None:
    """Return when a SAS ends, by its `se`; `None` when a stored access policy decides.

    Example:
        >>> end_of("sv=2023-11-03&se=2030-01-02T03%3A04%3A05Z&sig=x")
        datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    """
    try:
        found = datetime.fromisoformat(dict(parse_qsl(sas))["se"])
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def build(profile: Profile, account: str, clock: Clock) -> AzureNamedKeyCredential | AzureSasCredential:
    """Return what opens a storage account.

    Args:
        profile: One whose kind `opens_storage_only`.
        account: The account's name.
        clock: By which a SAS ends.

    Raises:
        BadProfile: The key or SAS cannot be read, or is of another account.
        LakeportError: The vault that holds it refuses.
    """
    if profile.credential == "sas_in_key_vault":
        return KeptSas(lambda: _of_vault(profile), clock)
    if profile.credential == "connection_string":
        return _of_connection_string(reveal(profile, "connection_string"), account, profile)
    if profile.credential == "account_key":
        return AzureNamedKeyCredential(account, reveal(profile, "account_key"))
    return AzureSasCredential(without_url(reveal(profile, "sas")))


def _of_vault(profile: Profile) -> str:
    value = str(kept(profile, profile.text("sas_secret"), but="sas_secret").value or "")
    if "sig=" not in value:
        raise BadProfile(f"what {profile.text('sas_secret')} holds is no SAS", hint="A SAS has sig= in it")
    return value


def _of_connection_string(text: str, account: str, profile: Profile) -> AzureNamedKeyCredential | AzureSasCredential:
    parts, there = connection_strings.parts(text), connection_strings.where(text)
    if there.account not in {"", account}:
        raise BadProfile(f"the connection string opens account {there.account}, not {account}")
    if not profile.text("endpoint") and there.put_into(profile.cloud) != profile.cloud:  # a vault's, read only now
        raise BadProfile(
            "the connection string names other endpoints than the profile has",
            hint="Give the profile endpoint= or cloud= as the string says",
        )
    if parts.get("sharedaccesssignature"):
        return AzureSasCredential(without_url(parts["sharedaccesssignature"]))
    if parts.get("accountkey"):
        return AzureNamedKeyCredential(account, parts["accountkey"])
    raise BadProfile("the connection string has neither AccountKey nor SharedAccessSignature")
