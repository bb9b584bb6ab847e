"""The profile's values that are not those that its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case


def origins(case: Case) -> Iterator[Finding]:
    """Name each value of the environment that wins over the profile's own."""
    for key, value in sorted(case.profile.values.items()):
        if value.surprise:
            yield Finding("profile", "note", f"{key} {value.surprise}", "Unset the variable if it is not meant")
