"""The blob API's operations on the account: information, user delegation keys.

Source: storage.md 3.1.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from xml.sax.saxutils import escape

from lakeport_local.access import Principal
from lakeport_local.access.storage import DELEGATE, READ_ACCOUNT
from lakeport_local.core import Response, parse_instant
from lakeport_local.storage.answers import in_xml
from lakeport_local.storage.blob.documents import parsed
from lakeport_local.storage.delegation import DelegationKey
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.settings import sku_of

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.storage.call import Call

_LONGEST = timedelta(days=7, minutes=5)
"""Seven days, with the skew of a client's clock."""


def account_information(call: Call) -> Response:
    """Answer Get Account Information."""
    if (call.parameter("restype") or "").lower() != "account":
        raise refusal("InvalidQueryParameterValue", QueryParameterName="restype")
    call.demand(READ_ACCOUNT)
    is_hns = call.account.properties.get("isHnsEnabled", True)
    fields = [
        ("x-ms-sku-name", sku_of(call.account)),
        ("x-ms-account-kind", call.account.kind or "StorageV2"),
        ("x-ms-is-hns-enabled", str(bool(is_hns)).lower()),
    ]
    return Response(200, fields)


def user_delegation_key(call: Call) -> Response:
    """Answer Get User Delegation Key: for a principal, whose rights bound every signature made with it."""
    if not isinstance(call.caller, Principal):
        raise refusal("AuthenticationFailed")
    call.demand(DELEGATE)
    document = parsed(call.data, "KeyInfo")
    expiry = _instant(document.findtext("Expiry"))
    begins = document.findtext("Start")
    start = call.request.at if begins is None else _instant(begins)
    if not start < expiry or expiry - call.request.at > _LONGEST:
        raise refusal("InvalidXmlDocument")
    key = DelegationKey(
        call.caller.object_id,
        call.caller.tenant_id,
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
        f"{expiry:%Y-%m-%dT%H:%M:%SZ}",
        "b",
        call.version,
        _tenant(document.findtext("DelegatedUserTid")),
    )
    value = call.lake.delegation_keys.value(call.account, key)
    fields = (
        ("SignedOid", key.object_id),
        ("SignedTid", key.tenant_id),
        ("SignedStart", key.start),
        ("SignedExpiry", key.expiry),
        ("SignedService", key.service),
        ("SignedVersion", key.version),
        *([("SignedDelegatedUserTid", key.delegated_tenant)] if key.delegated_tenant else []),
        ("Value", value),
    )
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields)
    return in_xml(f"<UserDelegationKey>{inner}</UserDelegationKey>")


def _tenant(text: str | None) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise refusal("InvalidXmlDocument") from None


def _instant(text: str | None) -> datetime:
    try:
        return parse_instant(text or "")
    except ValueError:
        raise refusal("InvalidXmlDocument") from None
