"""Review: lease the next claim, decide it line by line, four eyes, hold, release and reopen.

Every command locks the claim's row first, so of two decisions at once one is refused. An approval
moves the claim, uses up the benefit, posts the liability and records itself in one transaction.
"""

from claims.review.queries import LEASE_MINUTES, QueueItem
from claims.review.rules import LineWish
from claims.review.service.access import NotLeased
from claims.review.service.beside import hold, list_decisions, release, reopen
from claims.review.service.decisions import approve, reject, send_back
from claims.review.service.leases import list_queue, next_claim, put_back_expired

__all__ = [
    "LEASE_MINUTES",
    "LineWish",
    "NotLeased",
    "QueueItem",
    "approve",
    "hold",
    "list_decisions",
    "list_queue",
    "next_claim",
    "put_back_expired",
    "reject",
    "release",
    "reopen",
    "send_back",
]
