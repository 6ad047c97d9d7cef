"""Simulations: what is changed, the judging again, the parts and processes, what was asked for."""

from claims.simulation.service.changes import Change, ChangedFile, read_change
from claims.simulation.service.requests import (
    CURRENT,
    find_simulation,
    list_simulations,
    request_simulation,
)
from claims.simulation.service.running import simulate

__all__ = [
    "CURRENT",
    "Change",
    "ChangedFile",
    "find_simulation",
    "list_simulations",
    "read_change",
    "request_simulation",
    "simulate",
]
