"""What is due, what a step locks, and the sums that must agree. Nothing here writes."""

from claims.reimbursement.queries.locks import (
    DueClaim,
    claims_of,
    lock_batch,
    lock_due_claims,
    lock_live_batches,
    lock_run,
    waiting_adjustments,
)
from claims.reimbursement.queries.overdue import count_overdue
from claims.reimbursement.queries.sums import books, broken, expenses

__all__ = [
    "DueClaim",
    "books",
    "broken",
    "claims_of",
    "count_overdue",
    "expenses",
    "lock_batch",
    "lock_due_claims",
    "lock_live_batches",
    "lock_run",
    "waiting_adjustments",
]
