"""`python -m lakeport_local`: the command line of the local Azure."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from lakeport_local.serve.cli import main

        main()
    except KeyboardInterrupt:  # while it was still loading
        sys.exit(130)
