"""A local Azure: Entra, managed identity, ARM, the lake and Data Share on one port.

Programs meet it on a socket, as they meet the cloud; nothing here is imported by `lakeport`.
Start it with `python -m lakeport_local up`, or `lakeport local up`.
"""

from __future__ import annotations

__version__ = "0.1.0"
