"""A request and a response as plain values: handlers take one and give the other, and know of no connection.

A message body never has to fit in memory: a service says where a request's body goes by returning a `BodySink` from
`open_body`, and a response's body may be a `BodySource` that the connection reads piece by piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import unquote, unquote_plus

from lakeport_local.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator
    from datetime import datetime


class Headers:
    """Header fields in the order received; names compare without case.

    Args:
        pairs: (name, value) pairs, names as sent.
        lowered: The same with the names in lower case, where somebody has them already.
    """

    __slots__ = ("_first", "_pairs", "_spelled")

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), lowered: list[tuple[str, str]] | None = None) -> None:
        self._spelled = list(pairs)
        self._pairs = [(name.lower(), value) for name, value in self._spelled] if lowered is None else lowered
        self._first = dict(reversed(self._pairs))

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of `name`, or `default`."""
        return self._first.get(name.lower(), default)

    def several(self, names: Iterable[str]) -> list[str]:
        """Return the first value of each of the names, which are in lower case; empty for one that is missing."""
        get = self._first.get
        return [get(name, "") for name in names]

    def has_any(self, names: Iterable[str]) -> bool:
        """Tell whether one of the names, which are in lower case, is there."""
        return not self._first.keys().isdisjoint(names)

    def get_all(self, name: str) -> list[str]:
        """Return every value of `name`, in the order received."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key == wanted]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._first

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield (lower-case name, value) pairs."""
        return iter(self._pairs)

    def spelled(self) -> Iterator[tuple[str, str]]:
        """Yield (name, value) pairs with the names as sent, for names whose case is kept, such as metadata's."""
        return iter(self._spelled)

    def __repr__(self) -> str:
        return f"Headers({[name for name, _ in self._pairs]})"


class Cut(Exception):
    """Raised by a service, a sink or a source in place of its work: the connection ends here, and nothing more is answered.

    Attributes:
        is_polite: What was written is sent and the end announced; else the connection is reset.
    """

    def __init__(self, *, is_polite: bool = False) -> None:
        super().__init__("the connection is cut")
        self.is_polite = is_polite


class Later(Exception):
    """Raised by a source that has nothing to give yet, but never before its first piece.

    Attributes:
        seconds: When it is to be asked again.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"ask again in {seconds:g} s")
        self.seconds = seconds


@runtime_checkable
class BodySink(Protocol):
    """Takes a request's body as it arrives."""

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes; the memory is reused after the call returns."""
        ...

    def finish(self) -> None:
        """The body is complete."""
        ...

    def abort(self) -> None:
        """The body will not be completed (the peer left, or the request was refused): release everything."""
        ...


class MemorySink:
    """A sink that keeps the whole body, up to a limit."""

    __slots__ = ("_data", "_limit_bytes")

    def __init__(self, limit_bytes: int = 4 * 1024 * 1024) -> None:
        self._data = bytearray()
        self._limit_bytes = limit_bytes

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            ServiceError: 413 `RequestBodyTooLarge`: the limit is passed.
        """
        if len(self._data) + len(data) > self._limit_bytes:
            raise ServiceError(
                413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
            )
        self._data += data

    def finish(self) -> None:
        """Nothing more to do."""

    def abort(self) -> None:
        """Forget what came."""
        self._data.clear()

    @property
    def data(self) -> bytes:
        """The bytes taken so far."""
        return bytes(self._data)


@runtime_checkable
class BodySource(Protocol):
    """Gives a response's body piece by piece."""

    size_bytes: int

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes, at most `limit_bytes`; empty at the end."""
        ...

    def close(self) -> None:
        """Release what the source holds; called once, whether or not all was read."""
        ...


@runtime_checkable
class FileSource(BodySource, Protocol):
    """A source whose bytes may lie in files, from which the system can send them without a copy."""

    def part(self) -> tuple[int, int, int] | None:
        """Return the descriptor, the offset and the size of what comes next; None at the end or when it is in no file."""
        ...

    def skip(self, size_bytes: int) -> None:
        """Go on behind bytes of the last part, which were sent from its file."""
        ...


@dataclass(slots=True)
class Request:
    """One HTTP request, with the effective host already resolved by the gateway.

    Attributes:
        method: Upper-case method as sent.
        scheme: `https` or `http`.
        host: Effective host, lower-case, without port: from the CONNECT target, the absolute form, or `Host`.
        port: Effective port.
        raw_path: Path as sent, percent-encoded, starting with `/`.
        raw_query: Query as sent, without `?`.
        headers: Header fields.
        client: Peer's IP address.
        caller: User name of the proxy credential, or None: which principal's `exec` the request comes from.
        id: Request id (GUID) that the answer carries.
        at: When the request arrived, by the local Azure's clock.
        body: The sink returned by `open_body`, complete; a `MemorySink` unless the service chose another.
        explicit: True when the service was chosen by path on an explicit endpoint instead of by host name.
        operation: Words that name the operation of its tables that the service found, once it has; for traces.
    """

    method: str
    scheme: str
    host: str
    port: int
    raw_path: str
    raw_query: str
    headers: Headers
    client: str
    caller: str | None
    id: str
    at: datetime
    body: BodySink = field(default_factory=MemorySink)
    explicit: bool = False
    operation: tuple[str, ...] = ()
    _query: list[tuple[str, str]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The path, percent-decoded once."""
        return unquote(self.raw_path)

    @property
    def segments(self) -> list[str]:
        """The path's segments, each decoded, without empty ones."""
        return [unquote(part) for part in self.raw_path.split("/") if part]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's (name, value) pairs, decoded, in order; `a` alone gives ("a", "")."""
        if self._query is None:
            pairs = (part.partition("=") for part in self.raw_query.split("&") if part)
            self._query = [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
        return self._query

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter, its name compared without case, or None."""
        if not self.raw_query:
            return None
        wanted = name.lower()
        return next((value for key, value in self.query if key.lower() == wanted), None)

    @property
    def data(self) -> bytes:
        """The body's bytes.

        Raises:
            TypeError: The service chose another sink for this request.
        """
        if not isinstance(self.body, MemorySink):
            raise TypeError("this request's body went to the service's own sink")
        return self.body.data


@dataclass(slots=True)
class Response:
    """One HTTP response.

    Attributes:
        status: HTTP status.
        headers: Header fields in the order they are sent; the connection adds Content-Length and Date when missing.
        body: Bytes, or a source that is read as the peer takes it. Not sent for HEAD, 204 and 304.
        reason: Reason phrase; the standard one when empty.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | BodySource = b""
    reason: str = ""

    def header(self, name: str) -> str | None:
        """Return the first value of a header field, its name compared without case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Service(Protocol):
    """One of Azure's services behind the gateway."""

    def open_body(self, request: Request) -> BodySink | Response:
        """Say where the body goes, once the request's head is complete; or refuse before the body is read.

        `request.body` is not yet set. Called for every request, also for those without a body.
        """
        ...

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a complete request. A handler that need not wait answers at once; others return an awaitable."""
        ...
