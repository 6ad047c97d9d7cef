"""The billing desk: the facility's claims, a new claim from a visit, the answer to a returned one."""

from claims.submission.desk import attaching, filing, listing
from claims.submission.desk.attaching import FILES_PANEL
from claims.submission.desk.blueprint import VISIT_PANEL, blueprint

__all__ = ["FILES_PANEL", "VISIT_PANEL", "attaching", "blueprint", "filing", "listing"]
