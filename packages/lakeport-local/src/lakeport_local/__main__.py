"""`python -m lakeport_local`: the command line of the local Azure."""

from __future__ import annotations

from lakeport_local.serve.cli import main

if __name__ == "__main__":
    main()
