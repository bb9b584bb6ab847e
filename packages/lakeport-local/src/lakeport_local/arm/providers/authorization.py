"""Microsoft.Authorization: who may do what, at every scope.

Source: identity.md 4.4.
"""

from __future__ import annotations

from lakeport_local.arm.providers.denials import DENIALS
from lakeport_local.arm.providers.locks import LOCK
from lakeport_local.arm.providers.role_assignments import ROLE_ASSIGNMENTS
from lakeport_local.arm.providers.role_definitions import READING, ROLE_DEFINITIONS
from lakeport_local.arm.table import Provider

AUTHORIZATION = Provider(
    "Microsoft.Authorization",
    resource_types=(ROLE_DEFINITIONS, ROLE_ASSIGNMENTS, LOCK),
    operations=(READING, *DENIALS),
    newest="2022-04-01",
    needs_registration=False,
)
