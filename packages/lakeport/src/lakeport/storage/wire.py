"""One connection to a host: HTTP/1.1 without copies of what is sent and received.

A transfer moves bytes between files and sockets; what a general client does on the way (a dozen objects a request, a
copy or two of every byte) is most of its cost. Here a request is one head and one buffer, an answer is read into the
buffer of whoever wants it. Not thread-safe: a worker has its own.

Source: RFC 9110 and 9112; CONNECT, section 9.3.6 of the former.
"""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from lakeport.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.storage.reaching import Way

CONNECT_SECONDS = 10.0
STALL_SECONDS = 60.0
"""How long nothing may arrive before a connection counts as broken."""
MOST_STALLS = 20
STALLED = (BlockingIOError, TimeoutError)
"""What a socket whose own time is up raises."""
MOST_HEAD = 64 << 10
MOST_ERROR = 64 << 10
CHUNK = 1 << 20
"""What is asked of a socket at once."""
JOINED = 64 << 10
"""Up to this, head and body are one packet."""
_WITH_BODY = frozenset({"PUT", "POST", "PATCH"})


class Headers(Mapping[str, str]):
    r"""An answer's headers, looked for when they are asked for: of some twenty, a transfer reads four.

    Args:
        head: The lines after the first one, each with the line break before it.

    Example:
        >>> dict(Headers(b"\r\nETag: x\r\nDate: now"))
        {'etag': 'x', 'date': 'now'}
    """

    __slots__ = ("_head", "_lower")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._lower = head.lower()

    def __getitem__(self, name: str) -> str:
        value = self._found(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # nobody tells "none" from "empty"
        """Return a header's value, the last one's where there are some."""
        value = self._found(name)
        return default if value is None else value

    def __iter__(self) -> Iterator[str]:
        names = (line.partition(b":")[0] for line in self._lower.split(b"\r\n")[1:])
        return iter(dict.fromkeys(name.decode("latin-1") for name in names))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self, name: str) -> str | None:
        wanted = b"\r\n%s:" % name.encode("latin-1")
        at = self._lower.rfind(wanted)
        if at < 0:
            return None
        begin = at + len(wanted)
        end = self._head.find(b"\r\n", begin)
        return self._head[begin : end if end >= 0 else None].strip().decode("latin-1")


class Reply(NamedTuple):
    """The head of an answer.

    Attributes:
        headers: By lower-case name; the last of a name wins.
        size_bytes: How long the body is; -1: chunked, or until the connection closes.
    """

    status: int
    headers: Headers
    size_bytes: int


class Wire:
    """A connection to one host, opened when it is needed and again when it broke.

    Args:
        way: How the host is reached.
        stall_seconds: How long nothing may arrive before the connection counts as broken; a whole answer may take
            `MOST_STALLS` times that.
    """

    def __init__(self, way: Way, stall_seconds: float = STALL_SECONDS) -> None:
        self.way = way
        self._stall_seconds = stall_seconds
        self._host = way.authority
        self._socket: socket.socket | None = None
        self._buffer = bytearray(MOST_HEAD)
        self._left = memoryview(b"")
        self._has_begun = False
        self._is_over = False
        # On a plain connection the system itself waits until all is there; TLS comes record by record.
        self._whole = socket.MSG_WAITALL if way.scheme == "http" else 0

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | bytearray | memoryview = b"",
        into: memoryview | None = None,
    ) -> tuple[Reply, memoryview]:
        """Send a request and return the answer with its body.

        Args:
            method: The method.
            target: Path and query, encoded.
            headers: Without `Host` and `Content-Length`.
            body: What is sent.
            into: Where the body of a good answer goes, if it fits exactly or is shorter; else memory of its own.

        Raises:
            Unreachable: The connection cannot be made, or breaks.
        """
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if body or method in _WITH_BODY:
            lines += f"Content-Length: {len(body)}\r\n"
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\n{lines}\r\n".encode("latin-1")
        try:
            reply, data = self._exchange(head, body, method, into)
        except STALLED as error:
            self.close()
            raise Unreachable(f"{self._host} moved nothing for {self._stall_seconds:g} seconds") from error
        except (OSError, ValueError) as error:
            self.close()
            raise Unreachable(f"{self._host} broke the connection: {str(error) or type(error).__name__}") from error
        if reply.headers.get("connection").lower() == "close":
            self.close()
        return reply, data

    def interrupt(self) -> None:
        """Let what another thread sends or reads end now, with an error of its own; nothing is opened again."""
        self._is_over = True
        with suppress(OSError):
            if (sock := self._socket) is not None:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's own, which waits for its peer

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._left = None, memoryview(b"")

    def _exchange(
        self, head: bytes, body: bytes | bytearray | memoryview, method: str, into: memoryview | None
    ) -> tuple[Reply, memoryview]:
        sock, reply = self._begun(head, body)
        while reply.status == 100:
            reply = self._reply(sock)
        if method == "HEAD" or reply.status in {204, 304}:
            return reply, memoryview(b"")
        if reply.size_bytes >= 0:
            return reply, self._body(sock, reply, into)
        return reply, memoryview(self._streamed(sock, reply))

    def _begun(self, head: bytes, body: bytes | bytearray | memoryview) -> tuple[socket.socket, Reply]:
        """Send a request and return the answer's head; a connection that was closed meanwhile is opened again, once."""
        was_open = self._socket is not None
        sock = self._socket or self._opened()
        try:
            if len(body) <= JOINED:
                sock.sendall(head + body if body else head)
            else:
                sock.sendall(head)
                sock.sendall(body)
            return sock, self._reply(sock)
        except ConnectionError:
            if not was_open or self._has_begun or self._is_over:
                raise
            self.close()
            return self._begun(head, body)

    def _body(self, sock: socket.socket, reply: Reply, into: memoryview | None) -> memoryview:
        size = reply.size_bytes
        if reply.status >= 300 and size > MOST_ERROR:
            raise ValueError(f"an error of {size} bytes")
        if reply.status < 300 and into is not None and size > len(into):
            raise ValueError(f"{size} bytes where {len(into)} were asked for")
        end = time.monotonic() + MOST_STALLS * self._stall_seconds
        view = into[:size] if into is not None and reply.status < 300 else memoryview(bytearray(size))
        have = min(len(self._left), size)
        view[:have] = self._left[:have]
        self._left = self._left[have:]
        while have < size:
            got = sock.recv_into(view[have : have + CHUNK], 0, self._whole)
            if not got:
                raise ConnectionError(f"the answer ended after {have} of {size} bytes")
            have += got
            if time.monotonic() > end:
                raise TimeoutError(f"only {have} of {size} bytes came in time")
        return view

    def _streamed(self, sock: socket.socket, reply: Reply) -> bytes:
        """Return a body that is chunked, or that ends with the connection."""
        if "chunked" not in reply.headers.get("transfer-encoding", ""):
            rest = [bytes(self._left)]
            while piece := sock.recv(CHUNK):
                rest.append(piece)
            self.close()
            return b"".join(rest)
        pieces = []
        while size := int(self._line(sock).partition(b";")[0], 16):
            pieces.append(self._exactly(sock, size))
            self._line(sock)
        while self._line(sock):
            pass
        return b"".join(pieces)

    def _line(self, sock: socket.socket) -> bytes:
        while (at := bytes(self._left).find(b"\r\n")) < 0:
            self._more(sock)
        line = bytes(self._left[:at])
        self._left = self._left[at + 2 :]
        return line

    def _exactly(self, sock: socket.socket, size: int) -> bytes:
        while len(self._left) < size:
            self._more(sock)
        found = bytes(self._left[:size])
        self._left = self._left[size:]
        return found

    def _more(self, sock: socket.socket) -> None:
        piece = sock.recv(CHUNK)
        if not piece:
            raise ConnectionError("the answer ended early")
        self._left = memoryview(bytes(self._left) + piece)

    def _reply(self, sock: socket.socket) -> Reply:
        have = len(self._left)
        buffer = memoryview(self._buffer)
        self._has_begun = bool(have)
        if have:
            buffer[:have] = bytes(self._left)
        while (end := self._buffer.find(b"\r\n\r\n", 0, have)) < 0:
            if have == len(buffer):
                raise ValueError("the answer's head is too long")
            got = sock.recv_into(buffer[have:])
            if not got:
                raise ConnectionError("it was closed before the answer")
            self._has_begun = True
            have += got
        self._left = buffer[end + 4 : have]
        return parsed(bytes(buffer[:end]))

    def _opened(self) -> socket.socket:
        way, proxy = self.way, urlsplit(self.way.proxy)
        at = (proxy.hostname or "", proxy.port or 80) if way.proxy else (way.host, way.port)
        opened = socket.create_connection(at, CONNECT_SECONDS)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if way.proxy:
                _tunnel(opened, f"{way.host}:{way.port}", proxy.username or "", proxy.password or "")
            if way.scheme == "https":
                opened = _trust(way.ca_bundle).wrap_socket(opened, server_hostname=way.host)
        except (OSError, ValueError):
            opened.close()
            raise
        self._limit(opened)
        self._socket, self._left = opened, memoryview(b"")
        return opened

    def _limit(self, opened: socket.socket) -> None:
        """Bound how long nothing may come or go."""
        if self.way.scheme == "https":
            opened.settimeout(self._stall_seconds)
            return
        # The system's own limits, which TLS of Python does not heed: Python's cost a `poll` for each call.
        opened.settimeout(None)
        limit = struct.pack("ll", int(self._stall_seconds), int(self._stall_seconds % 1 * 1e6))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def parsed(head: bytes) -> Reply:
    r"""Return an answer's head as values.

    Raises:
        ValueError: It is none.

    Example:
        >>> parsed(b"HTTP/1.1 201 Created\r\nETag: x\r\nContent-Length: 0").headers["etag"]
        'x'
    """
    if not head.startswith(b"HTTP/1."):
        raise ValueError("no HTTP answer")
    begin = head.find(b"\r\n")
    headers = Headers(head[begin:] if begin >= 0 else b"")
    length = headers.get("content-length")
    return Reply(int(head[9:12]), headers, int(length) if length else -1)


@cache
def _trust(ca_bundle: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle or None)


def _tunnel(raw: socket.socket, host: str, user: str, password: str) -> None:
    lines = [f"CONNECT {host} HTTP/1.1", f"Host: {host}"]
    if user:
        both = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {both}")
    raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < MOST_HEAD:
        piece = raw.recv(1)  # nothing of what follows may be taken: it is TLS
        if not piece:
            break
        answer += piece
    if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        said = answer.partition(b"\r")[0].decode("latin-1")
        raise ConnectionError(f"the proxy does not lead to {host}: {said}")
