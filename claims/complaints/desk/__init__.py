"""Complaints at the desk: taking them down, NSSF's queue, a facility's questions, the figures."""

from claims.complaints.desk import handling, taking
from claims.complaints.desk.blueprint import RECEPTION_PANEL, VISIT_PANEL, blueprint

__all__ = ["RECEPTION_PANEL", "VISIT_PANEL", "blueprint", "handling", "taking"]
