"""Moving bytes between this machine and a lake: planned first, then run, noted in a journal, and resumed from it.

Knows lakes and identities; knows nothing of what is in the files. `plan` is pure, `wire` and `blobs` speak to storage,
`disk` is this machine's side, `run` arranges them.
"""

from __future__ import annotations

from lakeport.transfer.plan import Filter, Plan, Rules
from lakeport.transfer.run import Outcome
from lakeport.transfer.several import copy_all
from lakeport.transfer.tasks import Transfer, copy, resume, sync

__all__ = ["Filter", "Outcome", "Plan", "Rules", "Transfer", "copy", "copy_all", "resume", "sync"]
