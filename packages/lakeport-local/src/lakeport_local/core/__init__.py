"""Values every room of the local Azure speaks: requests and responses, time, ids, service errors.

Knows no service, no socket and no file format.
"""

from __future__ import annotations

from lakeport_local.core.clock import Clock, FixedClock, ShiftableClock
from lakeport_local.core.errors import ServiceError
from lakeport_local.core.http import (
    BodySink,
    BodySource,
    Cut,
    FileSource,
    Headers,
    Later,
    MemorySink,
    Request,
    Response,
    Service,
)
from lakeport_local.core.ids import Ids, RandomIds, SequentialIds, derived_id
from lakeport_local.core.instants import file_time, http_date, iso_instant, parse_http_date, parse_instant
from lakeport_local.core.lazy import lazy

__all__ = [
    "BodySink",
    "BodySource",
    "Clock",
    "Cut",
    "FileSource",
    "FixedClock",
    "Headers",
    "Ids",
    "Later",
    "MemorySink",
    "RandomIds",
    "Request",
    "Response",
    "SequentialIds",
    "Service",
    "ServiceError",
    "ShiftableClock",
    "derived_id",
    "file_time",
    "http_date",
    "iso_instant",
    "lazy",
    "parse_http_date",
    "parse_instant",
]
