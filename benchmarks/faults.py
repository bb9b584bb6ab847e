"""500 transfers under random faults: how each ended, what struck them, and what was wrong with any. Nothing must be.

The seed is printed, and `LAKEPORT_STORM_SEED` sets it: the same seed moves the same files through the same faults.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from tests.azure import LocalAzure
from tests.storm import TOPOLOGY, Storm

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRANSFERS = 500


def measure() -> Iterator[Figure]:
    """Yield how many transfers ended how, how many requests were struck, and how many transfers were wrong."""
    seed = int(os.environ.get("LAKEPORT_STORM_SEED", "7"))
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        (Path(folder) / "azure").mkdir()
        azure = LocalAzure(Path(folder) / "azure", topology=TOPOLOGY)
        try:
            storm = Storm(azure, Path(folder) / "storm", seed)
            os.environ.update(storm.environment())
            began = time.perf_counter()
            tally = storm.run(_TRANSFERS)
            seconds = time.perf_counter() - began
        finally:
            azure.stop()
    for one in tally.wrong[:10]:
        print(f"  {one}")
    print(f"  seed {seed}; struck: {', '.join(f'{kind} {count}' for kind, count in tally.struck.most_common())}")
    for end, count in tally.ends.most_common():
        yield Figure(f"transfers that were {end} at first", count, "transfers")
    yield Figure("  neither right, nor resumed to be, or something left over", len(tally.wrong), "transfers", at_most=0)
    yield Figure("  requests that a fault struck", sum(tally.struck.values()), "requests", at_least=_TRANSFERS)
    yield Figure("  each, with its look at every byte", seconds / _TRANSFERS, "s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("  most memory of client and test together", peak, "MiB", at_most=400)
