"""What waits for a reviewer: the next claim, the queue in its order, leases, what is overdue.

Read only, but for the locks of `pick` and `expired_leases` and the marks of `escalate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Date, Text, bindparam, func, select, text
from sqlalchemy.orm import Session

from claims.submission.models import Claim, ClaimEvent
from claims.submission.states import SECOND_APPROVAL, ClaimState

LEASE_MINUTES = 15
# The rank looks at the most urgent claims only: an index gives them, however long the queue is.
WINDOW = 500
SOON_DAYS = 3
LARGE_RIEL, MIDDLE_RIEL = 1_000_000, 100_000

# A deadline that was moved by a question, a hold or an outage is kept again.
LATE = "state IN ('submitted', 'in_review') AND review_by < {today} AND NOT held AND NOT asked"
PICK = text(
    """
WITH urgent AS MATERIALIZED (
    SELECT id,
           CASE WHEN review_by < :today THEN 0
                WHEN review_by <= :today + :soon_days THEN 1 ELSE 2 END AS deadline,
           risk,
           doubtful,
           CASE WHEN claimed_riel >= :large_riel THEN 0
                WHEN claimed_riel >= :middle_riel THEN 1 ELSE 2 END AS amount
      FROM claims
     WHERE state = 'submitted' AND NOT held AND NOT asked AND facility <> ALL(:own_facilities)
       AND created_by <> :subject AND submitted_by IS DISTINCT FROM :subject
     ORDER BY review_by, id
     LIMIT :window
)
SELECT c.number
  FROM urgent JOIN claims c USING (id)
 WHERE c.state = 'submitted' AND NOT c.held AND NOT c.asked
 ORDER BY urgent.deadline, urgent.risk DESC, urgent.doubtful DESC, urgent.amount, random()
 LIMIT 1
   FOR UPDATE OF c SKIP LOCKED
"""
).bindparams(
    bindparam("own_facilities", type_=ARRAY(Text)),
    bindparam("today", type_=Date),
    window=WINDOW,
    soon_days=SOON_DAYS,
    large_riel=LARGE_RIEL,
    middle_riel=MIDDLE_RIEL,
)
QUEUE = """
SELECT id, number, facility, type, state, scheme, service_from, submitted_at, claimed_riel,
       payable_riel, held, asked, risk,
       risk > 0 OR doubtful,
       awaiting, first_approver, lease_by, lease_until, review_by,
       escalated_at IS NOT NULL AND coalesce(review_by < :today, false)
  FROM claims
 WHERE state IN ('submitted', 'in_review') AND facility <> ALL(:own_facilities)
"""
# Most urgent first; what stands still (no day) comes last. The key of a row is its order.
AFTER_A_DAY = """
   AND (review_by > :day OR review_by IS NULL
        OR (review_by = :day AND (-risk, -claimed_riel, id) > (:risk, :riel, :id)))
"""
AFTER_NO_DAY = " AND review_by IS NULL AND (-risk, -claimed_riel, id) > (:risk, :riel, :id)"
ORDER = " ORDER BY review_by, -risk, -claimed_riel, id LIMIT :limit"
NARROWED = {
    SECOND_APPROVAL: " AND awaiting = 'second_approval'",
    "overdue": f" AND {LATE.format(today=':today')}",
}
ESCALATE = text(
    f"""
WITH late AS (
    SELECT id FROM claims
     WHERE {LATE.format(today=":today")} AND escalated_at IS NULL
     ORDER BY review_by, id LIMIT :limit FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE claims c SET escalated_at = now() FROM late WHERE c.id = late.id
    RETURNING c.id, c.number, c.facility, c.state
), told AS (
    INSERT INTO claim_events (claim_id, action, state, by)
    SELECT id, 'escalate', state, :by FROM marked
), audited AS (
    INSERT INTO audit_events (actor, action, subject, facility)
    SELECT :by, :audited, number, facility FROM marked
)
SELECT count(*) FROM marked
"""  # noqa: S608 - an expression of this module
)
QueueKey = tuple[date | None, int, int, int]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One claim that waits for a decision, as the queue shows it."""

    id: int
    number: str
    facility: str
    type: str
    state: str
    scheme: str | None
    service_from: date
    submitted_at: datetime
    claimed_riel: int
    payable_riel: int | None
    held: bool
    asked: bool
    points: int
    risk: bool
    awaiting: str | None
    first_approver: str | None
    lease_by: str | None
    lease_until: datetime | None
    review_by: date | None
    escalated: bool

    @property
    def key(self) -> QueueKey:
        """Return where the item stands in the queue's order."""
        return self.review_by, -self.points, -self.claimed_riel, self.id


def pick(
    session: Session, *, subject: str, own_facilities: Sequence[str], today: date
) -> str | None:
    """Choose and lock the next claim for a reviewer: by rank, at random within it.

    Rank is time left, then risk, then amount. Claims others are choosing at this moment are
    skipped, as are those of the reviewer's own facilities and those the reviewer filed.
    """
    number: str | None = session.scalar(
        PICK, {"subject": subject, "own_facilities": list(own_facilities), "today": today}
    )
    return number


def list_queue(
    session: Session,
    *,
    own_facilities: Sequence[str],
    narrowed: str | None,
    after: QueueKey | None,
    limit: int,
    today: date,
) -> list[QueueItem]:
    """List what waits, most urgent first; one row more than asked tells of a next page."""
    values: dict[str, Any] = {
        "own_facilities": list(own_facilities), "limit": limit + 1, "today": today,
    }  # fmt: skip
    statement = QUEUE + NARROWED.get(narrowed or "", "")
    if after is not None:
        statement += AFTER_NO_DAY if after[0] is None else AFTER_A_DAY
        values |= dict(zip(("day", "risk", "riel", "id"), after, strict=True))
        if after[0] is None:
            del values["day"]
    query = text(statement + ORDER).bindparams(bindparam("own_facilities", type_=ARRAY(Text)))
    rows: Iterable[Any] = session.execute(query, values)
    return [QueueItem(*row) for row in rows]


def escalate(session: Session, *, today: date, by: str, audited: str, limit: int) -> int:
    """Mark claims whose deadline has passed, each with its event and audit record; count them."""
    values = {"today": today, "by": by, "audited": audited, "limit": limit}
    return int(session.scalar(ESCALATE, values) or 0)


def overdue(session: Session, *, today: date) -> int:
    """Count what waits beyond its deadline."""
    counted = text(f"SELECT count(*) FROM claims WHERE {LATE.format(today=':today')}")  # noqa: S608
    return session.scalar(counted, {"today": today}) or 0


def lease_started(session: Session, claim_id: int) -> datetime | None:
    """Return when a claim was last leased."""
    return session.scalar(
        select(func.max(ClaimEvent.at)).where(
            ClaimEvent.claim_id == claim_id, ClaimEvent.action == "lease"
        )
    )


def expired_leases(session: Session, limit: int) -> list[str]:
    """Lock and name claims whose lease ran out without a decision."""
    return list(
        session.scalars(
            select(Claim.number)
            .where(
                Claim.state == ClaimState.IN_REVIEW,
                Claim.awaiting.is_(None),
                Claim.lease_until < func.now(),
            )
            .order_by(Claim.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
