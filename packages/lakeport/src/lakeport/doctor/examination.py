"""The chain, link by link; each needs the ones before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.clock import SystemClock
from lakeport.doctor import origins, paths, rights, sign_in, store, way
from lakeport.doctor.findings import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.clock import Clock
    from lakeport.doctor.findings import Finding
    from lakeport.profiles import Profile

LINKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    origins.origins,
    way.names,
    way.authority,
    sign_in.token,
    store.account,
    rights.roles,
    paths.path,
)


def examine(
    profile: Profile,
    *,
    account: str = "",
    file_system: str = "",
    path: str = "",
    address_from: str = "",
    clock: Clock | None = None,
) -> Iterator[Finding]:
    """Yield what is found at each link between a profile and a path, as it is found; ends where a link is broken.

    Args:
        profile: Who wants to get there.
        account: The storage account; absent: the profile's.
        file_system: The file system; absent: the profile's.
        path: The path in it; empty: its root.
        address_from: A URL that answers with the address it sees, asked only where a firewall refuses.
        clock: This machine's clock.

    Wire: about a dozen requests, none of which changes anything.

    Example:
        >>> for finding in examine(profile("contoso"), path="raw/2030"):  # doctest: +SKIP
        ...     print(finding.verdict, finding.said, finding.hint)
    """
    case = Case(
        profile,
        clock or SystemClock(),
        account or profile.storage_account,
        file_system or profile.file_system,
        path,
        address_from,
    )
    for link in LINKS:
        for finding in link(case):
            yield finding
            if finding.ends:
                return
