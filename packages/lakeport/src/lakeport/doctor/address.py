"""The public address that a caller's traffic comes from, as somebody outside has seen it."""

from __future__ import annotations

import ipaddress
import urllib.request
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport import identity
from lakeport.errors import LakeportError, Misused, Unreachable
from lakeport.identity.caller import caller, claims_of
from lakeport.identity.control_plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.doctor.findings import Case

LOOKED_BACK = timedelta(days=7)
ACTIVITY = "2015-04-01"
LONGEST_BYTES = 100
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Seen:
    """An address, and who saw it."""

    address: str
    by: str


def seen(case: Case) -> Seen | None:
    """Return the address that a caller was seen at, or `None` when nobody tells.

    A person's token names it; of an application the activity log notes it with every write; and a service of one's own
    choice may be asked.

    Raises:
        LakeportError: The service that was chosen does not answer with an address.
    """
    if case.address_from:
        return _asked(case.address_from)
    looks: tuple[Callable[[Case], Seen | None], ...] = (_in_token, _in_activity)
    for look in looks:
        try:
            found = look(case)
        except LakeportError:
            continue  # it may not be read: somebody else may tell
        if found is not None:
            return found
    return None


def _in_token(case: Case) -> Seen | None:
    said = str(claims_of(identity.credential(case.profile), case.profile).get("ipaddr", ""))
    return Seen(said, "the sign-in service") if said else None


def _in_activity(case: Case) -> Seen | None:
    """Look for the caller's newest write. Source: Azure Monitor REST reference, "Activity Logs - List"."""
    profile = case.profile
    if not profile.subscription_id:
        return None
    opens = identity.credential(profile)
    since = (case.clock.now() - LOOKED_BACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = f"eventTimestamp ge '{since}' and caller eq '{caller(opens, profile).object_id}'"
    path = f"/subscriptions/{profile.subscription_id}/providers/Microsoft.Insights/eventtypes/management/values"
    for one in ControlPlane(profile, opens, ACTIVITY).pages("GET", path, **{"$filter": condition}):
        address = str((one.get("httpRequest") or {}).get("clientIpAddress") or "")
        if address:
            return Seen(address, f"the control plane, at its last write at {str(one.get('eventTimestamp'))[:16]}Z")
    return None


def _asked(url: str) -> Seen:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise Misused(f"{url} is not https", hint="Give an https address that answers with the caller's address alone")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  (checked above)
            said = answer.read(LONGEST_BYTES).decode("ascii", "replace").strip()
        return Seen(str(ipaddress.ip_address(said)), str(parts.hostname))
    except OSError as error:
        raise Unreachable(f"{parts.hostname} does not answer: {error}") from error
    except ValueError as error:
        raise LakeportError(f"{parts.hostname} does not answer with an address alone") from error
