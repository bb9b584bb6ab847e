"""A request for a token, as the grants see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.core import Request
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import Tenant


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a token.

    Attributes:
        form: What was posted.
        request: The request that carried it.
        tenant: The tenant in its path; None for `common`, `organizations` and `consumers`.
        tenant_key: How the path names the tenant.
        is_v1: True on the older endpoint, which takes `resource` and answers with texts only.
    """

    form: Form
    request: Request
    tenant: Tenant | None
    tenant_key: str
    is_v1: bool
