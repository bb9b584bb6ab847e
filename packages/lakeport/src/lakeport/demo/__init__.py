"""The whole story on one machine: two organisations share a folder, with real commands and real data.

It knows commands only by their lines: whoever calls it runs them. Needs the extra `demo`.
"""

from __future__ import annotations

from lakeport.demo.story import Ran, tell

__all__ = ["Ran", "tell"]
