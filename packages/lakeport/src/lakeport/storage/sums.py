"""The check sums that storage compares with what it gets and sends."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from awscrt.checksums import crc64nvme

if TYPE_CHECKING:
    from lakeport.storage.account import Data


def crc64(data: Data) -> str:
    """Return the CRC-64/NVME of bytes, as the service writes it: base64 of its eight bytes, the lowest first.

    Example:
        >>> crc64(b"123456789")
        'iJh5CoYUi64='
    """
    return base64.b64encode(crc64nvme(data).to_bytes(8, "little")).decode()
