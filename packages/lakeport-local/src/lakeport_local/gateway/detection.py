"""Which protocol a peer speaks, told by its first byte. A protocol that joins the port is one entry here."""

from __future__ import annotations

from typing import Literal, TypeAlias

Spoken: TypeAlias = Literal["http", "tls"]

_TLS_HANDSHAKE_RECORD = 0x16
_METHOD_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EMPTY_LINE = b"\r\n"  # tolerated before a request line: RFC 9112, section 2.2

_BY_FIRST_BYTE: dict[int, Spoken] = {_TLS_HANDSHAKE_RECORD: "tls"}
_BY_FIRST_BYTE |= dict.fromkeys(_METHOD_LETTERS + _EMPTY_LINE, "http")


def spoken(first_byte: int) -> Spoken | None:
    """Return the protocol that starts with a byte, or None for one that is not spoken here.

    Example:
        >>> spoken(0x16), spoken(ord("G")), spoken(0x00)
        ('tls', 'http', None)
    """
    return _BY_FIRST_BYTE.get(first_byte)
