"""What review asks the database: what waits, what was decided, which clean claims are alike."""

from claims.review.queries.bulk import (
    BulkGroup,
    bulk_groups,
    bulk_members,
    bulk_results,
    bulk_size,
    bulk_waiting,
    sample_rows,
    sample_verdicts,
)
from claims.review.queries.decided import (
    approved_alone,
    decisions,
    lines_of,
    named_leases,
    proposal,
    same_person,
    ties,
)
from claims.review.queries.queue import (
    LEASE_MINUTES,
    QueueItem,
    QueueKey,
    escalate,
    expired_leases,
    lease_started,
    list_queue,
    overdue,
    pick,
)

__all__ = [
    "LEASE_MINUTES",
    "BulkGroup",
    "QueueItem",
    "QueueKey",
    "approved_alone",
    "bulk_groups",
    "bulk_members",
    "bulk_results",
    "bulk_size",
    "bulk_waiting",
    "decisions",
    "escalate",
    "expired_leases",
    "lease_started",
    "lines_of",
    "list_queue",
    "named_leases",
    "overdue",
    "pick",
    "proposal",
    "same_person",
    "sample_rows",
    "sample_verdicts",
    "ties",
]
