"""Data Share as desired state: what both sides should be, what they are, and the steps between.

`files` and `environment` read what is wished; `provider` and `consumer` observe and plan; `apply` does the steps;
`snapshots`, `verification` and `revocation` are what happens between two sides in step. `control` and `roles` speak.
"""

from __future__ import annotations

from lakeport.share.desired import Consumer, Provider
from lakeport.share.session import Session
from lakeport.share.steps import Plan, Step

__all__ = ["Consumer", "Plan", "Provider", "Session", "Step"]
