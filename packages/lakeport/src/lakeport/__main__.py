"""`python -m lakeport`."""

from __future__ import annotations

from lakeport.cli import script

if __name__ == "__main__":
    script()
