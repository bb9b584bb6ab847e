"""The way to the services: names, proxy, certificates, and the clocks at both ends."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from lakeport.doctor.findings import Finding
from lakeport.errors import LakeportError
from lakeport.identity import asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case

SKEW_NOTED = timedelta(minutes=1)
SKEW_REFUSED = timedelta(minutes=5)
"""From here on assertions are refused and a SAS may begin in the future. Source: identity.md 1.2; storage.md 4."""


def names(case: Case) -> Iterator[Finding]:
    """Look each host's address up; behind a proxy, the proxy does."""
    proxy = case.profile.cloud.proxy or _proxy_of_environment(case.profile.cloud.authority)
    if proxy:
        at = urlsplit(proxy).netloc.rpartition("@")[2]
        what = "the local Azure" if case.profile.cloud.proxy else "the environment's proxy"
        yield Finding("names", "fine", f"{what} at {at} resolves them")
        return
    account = [urlsplit(case.profile.cloud.account_url(case.account)).hostname or ""] if case.account else []
    for host in (urlsplit(case.profile.cloud.authority).hostname or "", *account):
        yield resolved(host, is_account=host in account)


def resolved(host: str, *, is_account: bool) -> Finding:
    """Say whether a host's name has an address."""
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError as error:
        hint = (
            "Check the account's name: every account has a name of its own"
            if is_account
            else "Check DNS and the network"
        )
        return Finding("names", "problem", f"{host} has no address ({error.strerror or error})", hint, ends=True)
    private = [one for one in found if one.startswith(("10.", "192.168.", "172."))]
    said = f"{host} is {', '.join(sorted(found))}"
    if private and is_account:
        return Finding("names", "note", f"{said}: a private endpoint", "It answers from its own network only")
    return Finding("names", "fine", said)


def _proxy_of_environment(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return "" if proxy_bypass(host) else getproxies().get("https", os.environ.get("ALL_PROXY", ""))


def authority(case: Case) -> Iterator[Finding]:
    """Reach the sign-in service over TLS, and compare its clock with this machine's."""
    cloud = case.profile.cloud
    url = f"{cloud.authority}/{case.profile.tenant_id or 'common'}/v2.0/.well-known/openid-configuration"
    try:
        answer = asking.get(cloud, url)
    except LakeportError as error:
        yield Finding("network", "problem", error.message, error.hint, ends=True)
        return
    host = urlsplit(cloud.authority).hostname
    yield Finding("network", "fine", f"{host} answers over TLS")
    if answer.headers.get("Date"):
        yield skew(parsedate_to_datetime(answer.headers["Date"]), case.clock.now())


def skew(theirs: datetime, ours: datetime) -> Finding:
    """Compare two clocks.

    Example:
        >>> at = datetime(2030, 1, 1, 12, tzinfo=UTC)
        >>> skew(at, at + timedelta(minutes=7)).said
        'this machine is 7 min 0 s ahead of the service'
    """
    ahead = ours.astimezone(UTC) - theirs.astimezone(UTC)
    if abs(ahead) < SKEW_NOTED:
        return Finding("clock", "fine", "this machine's clock agrees with the service's")
    minutes, seconds = divmod(int(abs(ahead).total_seconds()), 60)
    said = f"this machine is {minutes} min {seconds} s {'ahead of' if ahead > timedelta() else 'behind'} the service"
    verdict = "problem" if abs(ahead) >= SKEW_REFUSED else "note"
    return Finding("clock", verdict, said, "Set the clock: certificates and SAS are judged by it")  # type: ignore[arg-type]
