"""Wiring: what exists at first start, all rooms over one store, and the command line."""

from __future__ import annotations

from lakeport_local.serve.reading import Problem, TopologyRefused
from lakeport_local.serve.topology import Topology, load, parse

__all__ = ["Problem", "Topology", "TopologyRefused", "load", "parse"]
