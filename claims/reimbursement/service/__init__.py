"""Pay facilities: open batches and runs, authorise, export, settle or fail them, say what was paid.

A number that begins with B is a batch, with P a payment run: the steps are the same commands. Two
people at least: who opens a payment never authorises it.
"""

from claims.reimbursement.service.batches import (
    find_batch,
    list_batches,
    open_batches,
)
from claims.reimbursement.service.books import Books, verify_books
from claims.reimbursement.service.remittances import (
    acknowledge,
    find_remittance,
    list_remittances,
    remittance_csv,
)
from claims.reimbursement.service.runs import find_run, list_runs, open_run
from claims.reimbursement.service.steps import (
    FORMATS,
    authorise,
    cancel,
    export,
    fail,
    find_file,
    settle,
)

__all__ = [
    "FORMATS",
    "Books",
    "acknowledge",
    "authorise",
    "cancel",
    "export",
    "fail",
    "find_batch",
    "find_file",
    "find_remittance",
    "find_run",
    "list_batches",
    "list_remittances",
    "list_runs",
    "open_batches",
    "open_run",
    "remittance_csv",
    "settle",
    "verify_books",
]
