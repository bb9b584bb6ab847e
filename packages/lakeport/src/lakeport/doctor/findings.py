"""What a look at one link of the chain found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lakeport.clock import Clock
    from lakeport.profiles import Profile

Verdict = Literal["fine", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """One link: whether it holds, and the next move where it does not.

    Attributes:
        link: What was looked at, such as `clock` or `roles`.
        code: The service's own code, where it gave one.
        may_pass: Waiting may mend it: a role that was given a moment ago.
        ends: What comes after cannot be looked at.
    """

    link: str
    verdict: Verdict
    said: str
    hint: str = ""
    code: str = ""
    may_pass: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Case:
    """What is examined.

    Attributes:
        account: The storage account, or empty.
        file_system: The file system, or empty.
        path: The path in it, or empty.
        address_from: A URL that answers with the address it sees, asked where a firewall refuses; empty: none is.
    """

    profile: Profile
    clock: Clock
    account: str = ""
    file_system: str = ""
    path: str = ""
    address_from: str = ""

    @property
    def who(self) -> str:
        """Whoever signs in, as sentences name them."""
        return f"profile {self.profile.name!r}"
