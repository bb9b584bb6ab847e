"""Permissions as `chmod` takes them: `750`, `1777`, `rwxr-x--T`, `u+w,go-rwx,+t`."""

from __future__ import annotations

import re

from lakeport.errors import Misused

LETTERS = "rwxrwxrwx"
_OCTAL = re.compile(r"[0-1]?[0-7]{3}")
_WHOLE = re.compile(r"(?:[r-][w-][x-]){2}[r-][w-][xtT-]")
_CLAUSE = re.compile(r"(?P<whose>[ugoa]*)(?P<sign>[+=-])(?P<what>[rwxXt]*)")
_BITS = {"u": 0o700, "g": 0o070, "o": 0o007}
_RIGHTS = {"r": 0o444, "w": 0o222, "x": 0o111}
STICKY = 0o1000
FORMS = "Write such as 750, rwxr-x---, u+w,o-rwx or +t"


def is_mode(said: str) -> bool:
    """Tell if a text is permissions as `chmod` takes them; lists have colons.

    Example:
        >>> is_mode("750"), is_mode("u+x"), is_mode("rwxr-x--T"), is_mode("user::rwx"), is_mode("contoso")
        (True, True, True, False, False)
    """
    if _OCTAL.fullmatch(said) or _WHOLE.fullmatch(said):
        return True
    return bool(said) and all(_CLAUSE.fullmatch(one) for one in said.split(","))


def bits_of(shown: str) -> int:
    """Return the bits of permissions as the lake shows them.

    Example:
        >>> oct(bits_of("rwxr-x--T+"))
        '0o1750'
    """
    letters = shown.rstrip("+")
    found = sum(1 << (8 - at) for at, letter in enumerate(letters[:9]) if letter not in "-T")
    return found | (STICKY if letters[8:9] in {"t", "T"} else 0)


def applied(said: str, before: str, *, is_directory: bool) -> str:
    """Return the permissions that a path has after a change, in four octal digits.

    Args:
        said: The change.
        before: The permissions that it has, as the lake shows them.
        is_directory: `X` means `x` there, and only there `t` means something.

    Raises:
        Misused: It is no such change.

    Example:
        >>> applied("u+w,o=,+t", "r-xr-x--x", is_directory=True), applied("a+X", "rw-r-----", is_directory=False)
        ('1750', '0640')
    """
    if not is_mode(said):
        raise Misused(f"{said!r} is no permissions", hint=FORMS)
    bits = bits_of(before)
    if _OCTAL.fullmatch(said):
        bits = int(said, 8)
    elif _WHOLE.fullmatch(said):
        bits = bits_of(said)
    else:
        for clause in said.split(","):
            bits = _changed(bits, clause, is_directory=is_directory)
    return f"{bits if is_directory else bits & ~STICKY:04o}"


def _changed(bits: int, clause: str, *, is_directory: bool) -> int:
    found = _CLAUSE.fullmatch(clause)
    whose, sign, what = found.group("whose", "sign", "what") if found else ("", "+", "")
    of = sum(_BITS[one] for one in set(whose or "ugo") if one in _BITS) if "a" not in whose else 0o777
    rights = 0
    for letter in what.replace("X", "x" if is_directory or bits & 0o111 else ""):
        rights |= STICKY if letter == "t" else _RIGHTS[letter] & of
    if sign == "=":
        return bits & ~of | rights
    return bits | rights if sign == "+" else bits & ~rights
