"""The service's quotas and the header that reports them.

Source: data-share.md 1.1 and 6.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from lakeport_local.datashare import errors


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a noun may exist side by side.

    Attributes:
        noun: As the service spells it in the quota's name.
        limit: How many.
    """

    noun: str
    limit: int

    @property
    def name(self) -> str:
        """The quota's name, such as `Share resource quota`."""
        return f"{self.noun} resource quota"

    def require(self, used: int) -> None:
        """Refuse one more when the quota is used up.

        Raises:
            ServiceError: 400.
        """
        if used >= self.limit:
            raise errors.quota_reached(self.name, self.limit)

    def header(self, used: int, target: str) -> tuple[str, str]:
        """Return the `x-ms-quota` header, other characters than ASCII's escaped."""
        name = {"localizedValue": self.name, "value": self.name}
        report = [{"currentUsed": used, "limit": self.limit, "name": name, "target": target}]
        return "x-ms-quota", json.dumps(report, separators=(",", ":"))


ACCOUNT = Quota("Account", 100)
SHARE = Quota("Share", 200)
DATA_SET = Quota("DataSet", 200)
INVITATION = Quota("Invitation", 200)
SUBSCRIPTION = Quota("ShareSubscription", 100)
MAPPING = Quota("DataSetMapping", 200)
