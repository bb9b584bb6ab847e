"""Reach, work with and share Azure Data Lake Storage Gen2, in the cloud or in a local Azure."""

from __future__ import annotations

__version__ = "0.1.0"
