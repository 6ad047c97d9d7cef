"""Review: lease the next claim, decide it line by line, four eyes, hold, release and reopen.

Every command locks the claim's row first, so of two decisions at once one is refused. An approval
moves the claim, uses up the benefit, posts the liability and records itself in one transaction.
"""

from claims.review.queries import LEASE_MINUTES, BulkGroup, QueueItem, QueueKey
from claims.review.rules import LineWish
from claims.review.service.access import NotLeased
from claims.review.service.beside import hold, list_decisions, release, reopen
from claims.review.service.bulk import (
    abandon_bulk,
    approve_rest,
    find_bulk,
    list_bulks,
    list_groups,
    next_of_sample,
    open_bulk,
)
from claims.review.service.clean import auto_approve
from claims.review.service.correcting import (
    decide_correction,
    list_corrections,
    propose_correction,
)
from claims.review.service.decisions import approve, reject, send_back
from claims.review.service.holds import (
    held_facilities,
    hold_facility,
    list_facility_holds,
    release_facility,
)
from claims.review.service.leases import (
    count_overdue,
    list_named,
    list_queue,
    next_claim,
    put_back,
    put_back_expired,
    renew_lease,
    take_claim,
)
from claims.review.service.ties import declare_tie, list_ties, remove_tie

__all__ = [
    "LEASE_MINUTES",
    "BulkGroup",
    "LineWish",
    "NotLeased",
    "QueueItem",
    "QueueKey",
    "abandon_bulk",
    "approve",
    "approve_rest",
    "auto_approve",
    "count_overdue",
    "decide_correction",
    "declare_tie",
    "find_bulk",
    "held_facilities",
    "hold",
    "hold_facility",
    "list_bulks",
    "list_corrections",
    "list_decisions",
    "list_facility_holds",
    "list_groups",
    "list_named",
    "list_queue",
    "list_ties",
    "next_claim",
    "next_of_sample",
    "open_bulk",
    "propose_correction",
    "put_back",
    "put_back_expired",
    "reject",
    "release",
    "release_facility",
    "remove_tie",
    "renew_lease",
    "reopen",
    "send_back",
    "take_claim",
]
