"""The body of an answer that comes late, in part, or with a byte that is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import Cut, Later

if TYPE_CHECKING:
    from lakeport_local.admin.faults import Strike
    from lakeport_local.core import BodySource

_BEAT_S = 0.05


def with_another_byte(data: bytes | memoryview, at: int) -> bytes:
    r"""Return bytes of which one is another.

    Example:
        >>> with_another_byte(b"abc", 1)
        b'a\x9dc'
    """
    changed = bytearray(data)
    changed[at] ^= 0xFF
    return bytes(changed)


class Spoiled:
    """A source that gives another's bytes, as a fault lets them through; its first piece is never empty.

    Args:
        body: Whose bytes.
        strike: What happens to them.
    """

    def __init__(self, body: bytes | BodySource, strike: Strike) -> None:
        self._inner = _Whole(body) if isinstance(body, bytes) else body
        self.size_bytes = self._inner.size_bytes
        self._fault = strike.fault
        size = self.size_bytes if self.size_bytes > 0 else 1
        self._at = min(strike.fault.place(strike.luck, size), size - 1)
        self._given = 0
        self._has_waited = False

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes.

        Raises:
            Cut: The body ends here.
            Later: It stops here for a while.
        """
        kind = self._fault.kind
        if kind == "corrupt":
            return self._spoil(self._inner.read(limit_bytes))
        if kind == "slow-body":
            return self._slowly(limit_bytes)
        before = max(self._at, 1) - self._given  # the head goes with the first byte
        if before > 0:
            return self._give(min(limit_bytes, before))
        if kind == "stall-body":
            if self._has_waited:
                return self._give(limit_bytes)
            self._has_waited = True
            raise Later(self._fault.delay_s)
        raise Cut(is_polite=kind == "truncate")

    def close(self) -> None:
        """Release what the source holds."""
        self._inner.close()

    def _give(self, limit_bytes: int) -> bytes:
        piece = self._inner.read(limit_bytes)
        self._given += len(piece)
        return piece

    def _spoil(self, piece: bytes) -> bytes:
        at = self._at - self._given
        self._given += len(piece)
        return with_another_byte(piece, at) if 0 <= at < len(piece) else piece

    def _slowly(self, limit_bytes: int) -> bytes:
        if self._given and not self._has_waited:
            self._has_waited = True
            raise Later(_BEAT_S)
        self._has_waited = False
        return self._give(min(limit_bytes, max(1, int(self._fault.bytes_per_second * _BEAT_S))))


class _Whole:
    """A source of bytes that are at hand."""

    def __init__(self, data: bytes) -> None:
        self._left = data
        self.size_bytes = len(data)

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes."""
        piece, self._left = self._left[:limit_bytes], self._left[limit_bytes:]
        return piece

    def close(self) -> None:
        """Nothing to release."""
