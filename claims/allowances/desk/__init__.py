"""Allowances at the desk: asking at a facility, deciding at NSSF, registered pregnancies."""

from claims.allowances.desk import asking, deciding, pregnancies
from claims.allowances.desk.blueprint import blueprint

__all__ = ["asking", "blueprint", "deciding", "pregnancies"]
