"""Pay facilities: open batches and runs, authorise, export, settle or fail them, say what was paid.

A number that begins with B is a batch, with P a payment run: the steps are the same commands. Two
people at least: who opens a payment never authorises it.
"""

from claims.reimbursement.service.adjusting import list_adjustments
from claims.reimbursement.service.bank_files import (
    CHANGES,
    answer_form,
    list_answers,
    read_answers,
)
from claims.reimbursement.service.batches import find_batch, list_batches
from claims.reimbursement.service.books import Books, verify_books
from claims.reimbursement.service.exporting import FORMATS, export, find_file
from claims.reimbursement.service.opening import open_batches
from claims.reimbursement.service.overdue import overdue
from claims.reimbursement.service.remittances import (
    acknowledge,
    find_remittance,
    list_remittances,
    remittance_csv,
    remittance_pdf,
)
from claims.reimbursement.service.returning import confirm_return, refuse_return, report_return
from claims.reimbursement.service.runs import find_run, list_runs, open_run
from claims.reimbursement.service.steps import authorise, cancel, fail, settle

__all__ = [
    "CHANGES",
    "FORMATS",
    "Books",
    "acknowledge",
    "answer_form",
    "authorise",
    "cancel",
    "confirm_return",
    "export",
    "fail",
    "find_batch",
    "find_file",
    "find_remittance",
    "find_run",
    "list_adjustments",
    "list_answers",
    "list_batches",
    "list_remittances",
    "list_runs",
    "open_batches",
    "open_run",
    "overdue",
    "read_answers",
    "refuse_return",
    "remittance_csv",
    "remittance_pdf",
    "report_return",
    "settle",
    "verify_books",
]
