"""User delegation signatures, made with Microsoft's library from a key that the lake gave."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.storage.filedatalake import UserDelegationKey, generate_file_system_sas
from tests.property.lake import AT

if TYPE_CHECKING:
    from tests.property.lake import LakeInProcess

    from lakeport_local.access import Principal


def delegated_sas(lake: LakeInProcess, signer: Principal, permission: str, *, suoid: str = "", saoid: str = "") -> str:
    """Return a signature for the container `data`, for a subject or an agent."""
    begin, end = AT - timedelta(hours=1), AT + timedelta(hours=1)
    body = f"<KeyInfo><Start>{begin:%Y-%m-%dT%H:%M:%SZ}</Start><Expiry>{end:%Y-%m-%dT%H:%M:%SZ}</Expiry></KeyInfo>"
    query = "restype=service&comp=userdelegationkey"
    answer = lake.ask("POST", "/", query, body=body.encode(), token=lake.token(signer), api="blob")
    key = UserDelegationKey()  # type: ignore[no-untyped-call]  # the library's
    for name, value in re.findall(r"<(\w+)>([^<]+)</\1>", answer.body.decode()):
        setattr(key, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), value)
    more: dict[str, Any] = (
        {"agent_object_id": suoid} if suoid else {"preauthorized_agent_object_id": saoid} if saoid else {}
    )
    return str(generate_file_system_sas("lake1", "data", key, permission, end, **more))
