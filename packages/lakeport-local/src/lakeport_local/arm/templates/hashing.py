"""The two functions that make names out of texts, the same everywhere and always.

Source: Azure Resource Manager, "String functions for ARM templates": `guid` (RFC 4122, version 5, of the texts joined by hyphens) and
`uniqueString` (a 64-bit Murmur hash in base 32, 13 letters).
"""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_MASK = 0xFFFFFFFF
_ONE, _TWO = 597399067, 2869860233


def guid(*texts: str) -> str:
    """Return the GUID of some texts.

    Example:
        >>> guid("a", "b") == guid("a-b")
        True
    """
    return str(uuid5(_NAMESPACE, "-".join(texts)))


def unique_string(*texts: str) -> str:
    """Return the 13 letters and digits of some texts."""
    left = _murmur("-".join(texts).encode())
    letters = []
    for _ in range(13):
        letters.append(_ALPHABET[left >> 59])
        left = (left << 5) & 0xFFFFFFFFFFFFFFFF
    return "".join(letters)


def _murmur(data: bytes) -> int:
    """Return the service's 64-bit variant of the Murmur hash, seed 0."""
    first = second = 0
    whole = len(data) - len(data) % 8
    for at in range(0, whole, 8):
        first ^= _scrambled(int.from_bytes(data[at : at + 4], "little"), _ONE, 15, _TWO)
        first = ((_rotated(first, 19) + second) * 5 + 1444728091) & _MASK
        second ^= _scrambled(int.from_bytes(data[at + 4 : at + 8], "little"), _TWO, 17, _ONE)
        second = ((_rotated(second, 13) + first) * 5 + 197830471) & _MASK
    tail = data[whole:]
    if tail:
        first ^= _scrambled(int.from_bytes(tail[:4], "little"), _ONE, 15, _TWO)
    if len(tail) > 4:
        second ^= _scrambled(int.from_bytes(tail[4:], "little"), _TWO, 17, _ONE)
    first, second = first ^ len(data), second ^ len(data)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    first, second = _mixed(first), _mixed(second)
    first = (first + second) & _MASK
    return ((second + first) & _MASK) << 32 | first


def _scrambled(value: int, before: int, turn: int, after: int) -> int:
    return _rotated(value * before & _MASK, turn) * after & _MASK


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK


def _mixed(value: int) -> int:
    value ^= value >> 16
    value = value * 2246822507 & _MASK
    value ^= value >> 13
    value = value * 3266489909 & _MASK
    return value ^ value >> 16
