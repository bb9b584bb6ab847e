"""How many different values a column has: counted while they are few, estimated from the smallest hashes when they are many.

Source: Bar-Yossef et al., "Counting distinct elements in a data stream" (2002): of k smallest hashes in [0, 1), the k-th is near k / n.
"""

from __future__ import annotations

import zlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Arrow = Any  # pyarrow has no types
MOST_COUNTED = 10_000
KEPT = 4096
"""Of hashes: an estimate is off by a sixtieth, usually."""
_RANGE = 1 << 62


class Distinct:
    """Counts the different values of a column; nothing is no value."""

    def __init__(self) -> None:
        self._values: Arrow = None
        self._hashes: Arrow = None

    @property
    def is_estimated(self) -> bool:
        """Tell if there were too many to count."""
        return self._hashes is not None

    @property
    def count(self) -> int:
        """How many there are."""
        if self._hashes is None:
            return 0 if self._values is None else len(self._values)
        if len(self._hashes) < KEPT:
            return len(self._hashes)
        return round((KEPT - 1) * _RANGE / int(self._hashes[KEPT - 1].as_py()))

    def add(self, column: Arrow) -> None:
        """Take a `pyarrow.Array`."""
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        is_quick = self._hashes is not None and _is_number(plain.type)  # most are dropped by their hash at once
        values = (plain if is_quick else pc.unique(plain)).drop_null()
        if self._hashes is None:
            self._values = values if self._values is None else pc.unique(pa.concat_arrays([self._values, values]))
            if len(self._values) <= MOST_COUNTED:
                return
            values, self._values = self._values, None
            self._hashes = pa.array([], pa.int64())
        hashes = _hashed(values)
        if len(self._hashes) == KEPT:
            hashes = hashes.filter(pc.less(hashes, self._hashes[KEPT - 1]))
        if len(hashes):
            both = pc.unique(pa.concat_arrays([self._hashes, hashes]))
            self._hashes = both.take(pc.array_sort_indices(both)).slice(0, KEPT)


def _hashed(values: Arrow) -> Arrow:
    """Return numbers from 0 to 2**62 that look random, one a value.

    Source: MurmurHash3, its finalizer; public domain.
    """
    if _is_number(values.type):
        mixed = values.view(pa.int64())
    else:
        texts = values.cast(pa.string()).to_pylist() if not _is_bytes(values.type) else values.to_pylist()
        raw = (one.encode() if isinstance(one, str) else bytes(one) for one in texts)
        mixed = pa.array([zlib.crc32(one) | zlib.adler32(one) << 32 for one in raw], pa.uint64()).view(pa.int64())
    for factor in (-49064778989728563, -4265267296055464877):
        mixed = pc.bit_wise_xor(
            mixed, pc.shift_right(mixed.view(pa.uint64()), pa.scalar(33, pa.uint64())).view(pa.int64())
        )
        mixed = pc.multiply(mixed, pa.scalar(factor, pa.int64()))
    return pc.shift_right(mixed.view(pa.uint64()), pa.scalar(2, pa.uint64())).cast(pa.int64())


def _is_number(kind: Arrow) -> bool:
    return bool(pa.types.is_primitive(kind) and kind.bit_width == 64)


def _is_bytes(kind: Arrow) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))
