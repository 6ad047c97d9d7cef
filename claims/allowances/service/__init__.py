"""Allowances: ask, propose, decide, hand over to payments; pregnancies; the rules in force.

Every command is one transaction; payments join the transaction of their batch.
"""

from claims.allowances.service.deciding import approve, compute_again, reject, reopen, send_back
from claims.allowances.service.files import attach_file, list_files, open_file
from claims.allowances.service.filing import (
    correct_allowance,
    file_allowance,
    submit_allowance,
    withdraw_allowance,
)
from claims.allowances.service.paying import (
    MemberPayment,
    lock_payable,
    mark_paid,
    owed_by_kind,
    put_into_batch,
    stopped_in,
    take_back,
    take_out_of_batch,
)
from claims.allowances.service.pregnancies import (
    list_missing,
    list_pregnancies,
    missing_csv,
    register_pregnancy,
)
from claims.allowances.service.proposing import propose_payments
from claims.allowances.service.reading import (
    find_allowance,
    list_allowances,
    list_stopped,
    list_waiting,
)
from claims.allowances.service.rulebook import load_rules, rules_in_force, rules_shown

__all__ = [
    "MemberPayment",
    "approve",
    "attach_file",
    "compute_again",
    "correct_allowance",
    "file_allowance",
    "find_allowance",
    "list_allowances",
    "list_files",
    "list_missing",
    "list_pregnancies",
    "list_stopped",
    "list_waiting",
    "load_rules",
    "lock_payable",
    "mark_paid",
    "missing_csv",
    "open_file",
    "owed_by_kind",
    "propose_payments",
    "put_into_batch",
    "register_pregnancy",
    "reject",
    "reopen",
    "rules_in_force",
    "rules_shown",
    "send_back",
    "stopped_in",
    "submit_allowance",
    "take_back",
    "take_out_of_batch",
    "withdraw_allowance",
]
