"""Leases of paths: the same operation in both APIs.

Source: storage.md 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access.acl import WRITE
from lakeport_local.access.storage import BREAK
from lakeport_local.access.storage import WRITE as WRITE_DATA
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.leasing import done, with_lease

if TYPE_CHECKING:
    from lakeport_local.core import Response
    from lakeport_local.storage.call import Call


def lease_path(call: Call) -> Response:
    """Answer a lease operation on a path; its etag stays."""
    is_break = (call.header("x-ms-lease-action") or "").lower() == "break"
    call.demand(BREAK if is_break else WRITE_DATA, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    call.conditions.check_write(path)
    lease, response = done(call, call.lease_of(path))
    call.lake.paths.change(path, touch=False, details=with_lease(path.details, lease))
    response.headers = [*stamps(path), *response.headers]
    return response
