"""Receiving inside an Azure Function: settings in, one round of the same loop as `lakeport receive watch`.

Knows `share`; knows nothing of the Functions runtime, which hands it the settings and a logger.
"""

from __future__ import annotations

from lakeport.function.receiving import receive
from lakeport.function.settings import consumer

__all__ = ["consumer", "receive"]
