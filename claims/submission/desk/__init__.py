"""The billing desk: the facility's claims, a new claim from a visit, the answer to a returned one."""

from claims.submission.desk import filing, listing
from claims.submission.desk.blueprint import VISIT_PANEL, blueprint

__all__ = ["VISIT_PANEL", "blueprint", "filing", "listing"]
