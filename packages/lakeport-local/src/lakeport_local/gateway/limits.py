"""What one connection may cost, in bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the listener; the defaults suit programs on the same machine.

    Attributes:
        head_bytes: A request's line and header fields together.
        header_fields: How many header fields a request may have.
        target_bytes: The request target.
        connections: Open connections; more are closed at once. Most systems let a process open 1,024 files.
        first_s: From the connection to its first bytes, and for the whole TLS handshake.
        head_s: From a head's first byte to its last.
        body_idle_s: Between two pieces of a request's body.
        stall_s: Between two pieces of a response that the peer takes.
        keep_alive_s: Between two requests.
        linger_s: How long the rest of a refused request is read and dropped, so that the peer can read the answer.
        sweep_s: How often these times are looked at.
    """

    head_bytes: int = 64 * 1024
    header_fields: int = 128
    target_bytes: int = 32 * 1024
    connections: int = 768
    first_s: float = 20
    head_s: float = 30
    body_idle_s: float = 120
    stall_s: float = 120
    keep_alive_s: float = 120
    linger_s: float = 3
    sweep_s: float = 1
