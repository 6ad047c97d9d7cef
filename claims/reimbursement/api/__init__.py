"""Finance's JSON doors: batches, payment runs and their files; and everybody's remittances."""

from claims.reimbursement.api import batches, remittances, runs

__all__ = ["batches", "remittances", "runs"]
