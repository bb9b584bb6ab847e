"""Several kinds of credential, in the order that the profile names; the first that can sign in is taken."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from azure.identity import ChainedTokenCredential

from lakeport.errors import BadProfile
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

SOURCES = tuple(name for name, kind in KINDS.items() if not kind.opens_storage_only and name != "chained")


def build(profile: Profile) -> TokenCredential:
    """Return the chain of the kinds that a profile's `sources` names.

    Raises:
        BadProfile: One is unknown, or lacks what it needs.
    """
    from lakeport.identity import unsigned  # noqa: PLC0415  (the door that this kind is behind)

    sources = re.split(r"[\s,]+", profile.text("sources").strip())
    for kind in sources:
        if kind not in SOURCES:
            raise BadProfile(
                f"profile {profile.name!r}: sources: {kind!r} is unknown", hint=f"Use: {', '.join(SOURCES)}"
            )
        missing = next((key for key in KINDS[kind].needs if key not in profile.values), "")
        if missing:
            raise BadProfile(f"profile {profile.name!r} has no {missing}, which its source {kind} needs")
    return ChainedTokenCredential(*(unsigned(replace(profile, credential=kind)) for kind in sources))
