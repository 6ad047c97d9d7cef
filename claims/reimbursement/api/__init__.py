"""Finance's JSON doors: batches, payment runs and their files; everybody's remittances and adjustments."""

from claims.reimbursement.api import adjustments, batches, remittances, runs

__all__ = ["adjustments", "batches", "remittances", "runs"]
