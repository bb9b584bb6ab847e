"""Our errors as the operating system's, which other people's libraries know."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakeport.errors import (
    Conflict,
    Forbidden,
    LakeportError,
    NotFound,
    NotSignedIn,
    Throttled,
    Unavailable,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASSES: tuple[tuple[type[LakeportError], int], ...] = (
    (NotFound, errno.ENOENT),
    (Forbidden, errno.EACCES),
    (NotSignedIn, errno.EACCES),
    (Unreachable, errno.ECONNABORTED),
    (Throttled, errno.EAGAIN),
    (Unavailable, errno.EAGAIN),
    (Conflict, errno.EEXIST),
)
_CODES = {
    "ConditionNotMet": errno.ESTALE,
    "DirectoryNotEmpty": errno.ENOTEMPTY,
    "ResourceTypeMismatch": errno.EISDIR,
}


def as_os_error(error: LakeportError, path: str = "") -> OSError:
    """Return the operating system's error that says the same.

    Example:
        >>> type(as_os_error(NotFound("no such file"), "raw/a"))
        <class 'FileNotFoundError'>
    """
    number = _CODES.get(error.code) or next((one for cls, one in _CLASSES if isinstance(error, cls)), errno.EIO)
    return OSError(number, str(error), path) if path else OSError(number, str(error))


@contextmanager
def os_errors(path: str = "") -> Iterator[None]:
    """Turn our errors inside the block into the operating system's.

    Raises:
        OSError: Of the kind that says the same.
    """
    try:
        yield
    except LakeportError as error:
        raise as_os_error(error, path) from error
