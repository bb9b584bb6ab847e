"""The tenant itself.

Source: identity.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.graph import errors
from lakeport_local.graph.call import answer

if TYPE_CHECKING:
    from lakeport_local.core import Response
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#organization"


def list_organization(call: Call) -> Response:
    """Answer with the tenant, as the only one of its list."""
    return answer(200, {"@odata.context": _CONTEXT, "value": [_document(call)]})


def get_organization(call: Call) -> Response:
    """Answer with the tenant."""
    if call.key.lower() != call.tenant_id:
        raise errors.missing(call.key)
    return answer(200, {"@odata.context": f"{_CONTEXT}/$entity", **_document(call)})


def list_domains(call: Call) -> Response:
    """Answer with the tenant's verified domain."""
    verified = dict.fromkeys(("isDefault", "isInitial", "isRoot", "isVerified"), True)
    domain = {"id": _domain(call), "authenticationType": "Managed", **verified}
    return answer(200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#domains", "value": [domain]})


def _domain(call: Call) -> str:
    tenant = call.directory.tenant(call.tenant_id)
    return tenant.domain if tenant else ""


def _document(call: Call) -> Document:
    tenant = call.directory.tenant(call.tenant_id)
    domain = {"capabilities": "", "isDefault": True, "isInitial": True, "name": _domain(call), "type": "Managed"}
    return {
        "id": call.tenant_id,
        "deletedDateTime": None,
        "businessPhones": [],
        "createdDateTime": None,
        "displayName": tenant.name if tenant else "",
        "onPremisesSyncEnabled": None,
        "technicalNotificationMails": [],
        "tenantType": "AAD",
        "assignedPlans": [],
        "provisionedPlans": [],
        "verifiedDomains": [domain],
    }
