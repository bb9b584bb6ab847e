"""What an operation is: its handler, and where its body goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.core import MemorySink, ServiceError
from lakeport_local.storage.checks import wanted_hashes
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.structured import HEADER, StructuredSink, content_length_of, is_structured

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.core import BodySink, Response
    from lakeport_local.storage.call import Call

MIB = 1024 * 1024
_MOST_IN_MEMORY = 16 * MIB
"""Block lists of 50,000 ids are the largest documents."""


class NoBody:
    """A sink for operations that take no body.

    Args:
        code: How a body is refused.
    """

    def __init__(self, code: str) -> None:
        self._code = code

    def write(self, data: bytes | memoryview) -> None:
        """Refuse whatever comes.

        Raises:
            ServiceError: The code given.
        """
        if data:
            raise refusal(self._code)

    def finish(self) -> None:
        """Nothing to do."""

    def abort(self) -> None:
        """Nothing to do."""


def in_memory(call: Call) -> BodySink:
    """Keep a document in memory.

    Raises:
        ServiceError: 400 `UnsupportedHeader`: it comes as a structured message.
    """
    if call.method not in {"GET", "HEAD"} and call.header(HEADER):
        raise refusal("UnsupportedHeader", HeaderName=HEADER)
    return MemorySink(_MOST_IN_MEMORY)


def must_be_empty(_call: Call) -> BodySink:
    """Refuse any body."""
    return NoBody("ContentLengthMustBeZero")


def stored(limit_bytes: int, *, always: frozenset[str] = frozenset()) -> Callable[[Call], BodySink]:
    """Return what opens a body that becomes content.

    Args:
        limit_bytes: More is refused.
        always: Checksums to compute even when the client gives none.
    """

    def open_chunk(call: Call) -> BodySink:
        headers = call.request.headers
        hashes = wanted_hashes(headers) | always
        length = call.header("content-length")
        if length is not None and length.isascii() and length.isdigit() and int(length) > limit_bytes:
            raise refusal("RequestBodyTooLarge")
        if not is_structured(headers):
            return call.lake.contents.sink(limit_bytes=limit_bytes, hashes=hashes)
        size_bytes = content_length_of(headers)
        if size_bytes > limit_bytes:
            raise refusal("RequestBodyTooLarge")
        sink = call.lake.contents.sink(limit_bytes=limit_bytes, hashes=hashes | {"crc64"})
        return StructuredSink(sink, size_bytes)

    return open_chunk


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API.

    Attributes:
        handle: Answers it.
        open_body: Gives the sink of its body.
        admit: Refuses before a large body is read what `handle` would refuse after it; None when there is no such body.
        commits: It makes its change in a transaction of its own, for it writes a file first, whose note must be kept.
    """

    handle: Callable[[Call], Response]
    open_body: Callable[[Call], BodySink] = in_memory
    admit: Callable[[Call], object] | None = None
    commits: bool = False


def unsupported(method: str, methods: frozenset[str]) -> ServiceError:
    """Return how an operation that an API does not know is refused; `methods` are those that it has operations of."""
    if method not in methods:
        return refusal("UnsupportedHttpVerb")
    return refusal("InvalidQueryParameterValue")
