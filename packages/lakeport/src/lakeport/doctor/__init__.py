"""What keeps a profile from its lake: every link of the chain looked at in turn, and what to do about the first that fails.

Knows identities, profiles and Azure's answers; changes nothing.
"""

from __future__ import annotations

from lakeport.doctor.examination import examine
from lakeport.doctor.findings import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
