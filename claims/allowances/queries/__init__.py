"""Reads what an allowance is computed from and what is stored of allowances and pregnancies.

SELECT only, but for the locks named so; inside the caller's transaction.
"""

from claims.allowances.queries.earlier import (
    count_instalments,
    last_delivery_before,
    leaves_of,
    other_refunds,
    proposed_already,
    sick_days,
    twin_of,
)
from claims.allowances.queries.pregnancies import (
    list_pregnancies,
    missing_registrations,
    registration,
    registration_for,
)
from claims.allowances.queries.stored import (
    CLAIM_HOLDS,
    approvals,
    files_in_force,
    find,
    history,
    list_allowances,
    list_stopped,
    list_waiting,
    lock_payable,
    owed,
    stopped_in,
)
from claims.allowances.queries.world import (
    CLAIM_STANDS,
    ToldDelivery,
    contributions_state,
    deliveries,
    has_postnatal_claim,
    is_claim_of,
    state_of_claim,
    wage_of,
)

__all__ = [
    "CLAIM_HOLDS",
    "CLAIM_STANDS",
    "ToldDelivery",
    "approvals",
    "contributions_state",
    "count_instalments",
    "deliveries",
    "files_in_force",
    "find",
    "has_postnatal_claim",
    "history",
    "is_claim_of",
    "last_delivery_before",
    "leaves_of",
    "list_allowances",
    "list_pregnancies",
    "list_stopped",
    "list_waiting",
    "lock_payable",
    "missing_registrations",
    "other_refunds",
    "owed",
    "proposed_already",
    "registration",
    "registration_for",
    "sick_days",
    "state_of_claim",
    "stopped_in",
    "twin_of",
    "wage_of",
]
