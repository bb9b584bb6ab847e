"""The checksum that storage uses beside MD5."""

from __future__ import annotations


def crc64(data: bytes | bytearray | memoryview, previous: int = 0) -> int:
    """Return the CRC-64/NVME of data that follows what gave `previous`.

    Source: storage.md 2.5.

    Example:
        >>> import base64
        >>> base64.b64encode(crc64(b"hello world").to_bytes(8, "little")).decode()
        'vo7q9sPVKY0='
    """
    from awscrt.checksums import crc64nvme  # noqa: PLC0415  takes as long to load as all of storage; few clients ask

    return int(crc64nvme(data, previous))
