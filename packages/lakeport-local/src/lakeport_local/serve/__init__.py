"""Wiring: what exists at first start, all rooms over one store, and the command line.

Nothing stands above this room, so its door exports nothing; that keeps commands that only ask a running one quick.
"""
