"""What waits for a reviewer and what was decided before. Read only, but for the lock of `pick`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from claims.review.models import ReviewDecision
from claims.submission.models import Claim, ClaimLine
from claims.submission.states import SECOND_APPROVAL, ClaimState

LEASE_MINUTES = 15
# The rank looks at the oldest claims only: an index gives them, however long the queue is.
WINDOW = 500
SOON_DAYS = 3
LARGE_RIEL, MIDDLE_RIEL = 1_000_000, 100_000

RISKY = '$.**.severity ? (@ == "review" || @ == "deny")'
PICK = text(
    """
WITH oldest AS MATERIALIZED (
    SELECT id,
           CASE WHEN submitted_at < now() - make_interval(days => :review_days) THEN 0
                WHEN submitted_at < now() - make_interval(days => :review_days - :soon_days) THEN 1
                ELSE 2 END AS deadline,
           CASE WHEN jsonb_path_exists(outcome, CAST(:risky AS jsonpath)) THEN 0 ELSE 1 END AS risk,
           CASE WHEN claimed_riel >= :large_riel THEN 0
                WHEN claimed_riel >= :middle_riel THEN 1 ELSE 2 END AS amount
      FROM claims
     WHERE state = 'submitted' AND NOT held AND facility <> ALL(:own_facilities)
       AND created_by <> :subject AND submitted_by IS DISTINCT FROM :subject
     ORDER BY submitted_at, id
     LIMIT :window
)
SELECT c.number
  FROM oldest JOIN claims c USING (id)
 WHERE c.state = 'submitted' AND NOT c.held
 ORDER BY oldest.deadline, oldest.risk, oldest.amount, random()
 LIMIT 1
   FOR UPDATE OF c SKIP LOCKED
"""
).bindparams(
    bindparam("own_facilities", type_=ARRAY(Text)),
    risky=RISKY,
    window=WINDOW,
    soon_days=SOON_DAYS,
    large_riel=LARGE_RIEL,
    middle_riel=MIDDLE_RIEL,
)


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
    risk: bool
    awaiting: str | None
    first_approver: str | None
    lease_by: str | None
    lease_until: datetime | None
    review_by: date | None = None


def pick(
    session: Session, *, subject: str, own_facilities: Sequence[str], review_days: int
) -> str | None:
    """Choose and lock the next claim for a reviewer: by rank, at random within it.

    Rank is time left, then risk, then amount. Claims others are choosing at this moment are
    skipped, as are those of the reviewer's own facilities and those the reviewer filed.
    """
    number: str | None = session.scalar(
        PICK,
        {"subject": subject, "own_facilities": list(own_facilities), "review_days": review_days},
    )
    return number


def list_queue(
    session: Session,
    *,
    own_facilities: Sequence[str],
    awaiting: str | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[QueueItem]:
    """List what waits, oldest first, after a key; one row more than asked tells of a next page."""
    risk = func.coalesce(func.jsonb_path_exists(Claim.outcome, cast(RISKY, JSONPATH)), False).label(
        "risk"
    )
    query = (
        select(
            Claim.id, Claim.number, Claim.facility, Claim.type, Claim.state, Claim.scheme,
            Claim.service_from, Claim.submitted_at, Claim.claimed_riel, Claim.payable_riel, Claim.held, risk,
            Claim.awaiting, Claim.first_approver, Claim.lease_by, Claim.lease_until,
        )
        .where(
            Claim.state.in_([ClaimState.SUBMITTED, ClaimState.IN_REVIEW]),
            Claim.facility.not_in(own_facilities),
        )
        .order_by(Claim.submitted_at, Claim.id)
        .limit(limit + 1)
    )  # fmt: skip
    if awaiting == SECOND_APPROVAL:
        query = query.where(Claim.awaiting == SECOND_APPROVAL)
    if after is not None:
        query = query.where(
            (Claim.submitted_at > after[0])
            | ((Claim.submitted_at == after[0]) & (Claim.id > after[1]))
        )
    rows: Iterable[Any] = session.execute(query)
    return [QueueItem(*row) for row in rows]


def lines_of(session: Session, claim_id: int) -> list[ClaimLine]:
    """Return a claim's lines in their order."""
    return list(
        session.scalars(
            select(ClaimLine).where(ClaimLine.claim_id == claim_id).order_by(ClaimLine.line)
        )
    )


def proposal(session: Session, claim_id: int) -> ReviewDecision | None:
    """Return the first person's newest word that waits for a second one."""
    return session.scalars(
        select(ReviewDecision)
        .where(
            ReviewDecision.claim_id == claim_id,
            ReviewDecision.decision == "approve",
            ReviewDecision.final.is_(False),
        )
        .order_by(ReviewDecision.id.desc())
        .limit(1)
    ).first()


def approvals(session: Session, claim_id: int) -> int:
    """Count how often a claim was approved for good: reopened claims more than once."""
    return (
        session.scalar(
            select(func.count(ReviewDecision.id)).where(
                ReviewDecision.claim_id == claim_id,
                ReviewDecision.decision == "approve",
                ReviewDecision.final.is_(True),
            )
        )
        or 0
    )


def decisions(session: Session, claim_id: int) -> list[ReviewDecision]:
    """Return everything decided on a claim, oldest first."""
    return list(
        session.scalars(
            select(ReviewDecision)
            .where(ReviewDecision.claim_id == claim_id)
            .order_by(ReviewDecision.id)
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
