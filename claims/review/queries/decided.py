"""What was decided before, by whom, and what ties people: SELECTs only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from claims.review.models import NamedLease, ReviewDecision, ReviewerTie
from claims.review.rules import FIRST
from claims.submission.models import Claim, ClaimEvent, ClaimLine

PUT_BACK = "release_lease"
ENDINGS = (PUT_BACK, "propose", "approve", "reject", "return")


@dataclass(frozen=True, slots=True)
class Taking:
    """A claim somebody took by its number, and whether it was put back without a word on it."""

    id: int
    claim_number: str
    facility: str
    taken_by: str
    taken_at: datetime
    reason: str
    put_back_at: datetime | None
    put_back_by: str | None


def same_person(session: Session, subject: str) -> list[str]:
    """Return all that the person behind a subject decides as, in an order that is always the same."""
    person = ReviewerTie.kind == "person"
    behind = select(ReviewerTie.tied_to).where(person, ReviewerTie.subject == subject).limit(1)
    human = func.coalesce(behind.scalar_subquery(), subject)
    programs = select(ReviewerTie.subject).where(person, ReviewerTie.tied_to == human)
    return sorted(set(session.scalars(programs.union(select(human)))))


def approved_alone(
    session: Session, *, subjects: Sequence[str], facility: str, since: datetime
) -> int:
    """Sum what one person approved alone for a facility since a moment and still stands."""
    amounts = select(func.coalesce(func.sum(ReviewDecision.approved_riel), 0))
    total = amounts.join(Claim, Claim.id == ReviewDecision.claim_id).where(
        # A supplement leaves the day of the claim's own decision as it was; a reopened claim has none.
        Claim.decided_at.is_not(None),
        ReviewDecision.decided_by.in_(subjects),
        ReviewDecision.facility == facility,
        ReviewDecision.decided_at >= since,
        ReviewDecision.decision == "approve",
        ReviewDecision.final.is_(True),
        ReviewDecision.step == FIRST,
    )
    return int(session.scalar(total) or 0)


def ties(session: Session, subjects: Sequence[str]) -> list[ReviewerTie]:
    """Return the declared ties of these people and programs."""
    return list(session.scalars(select(ReviewerTie).where(ReviewerTie.subject.in_(subjects))))


def named_leases(session: Session, *, after: int | None, limit: int) -> list[Taking]:
    """List claims taken by name, newest first; one row more than asked tells of a next page."""
    ended = (
        select(ClaimEvent.action, ClaimEvent.at, ClaimEvent.by)
        .join(Claim, Claim.id == ClaimEvent.claim_id)
        .where(
            Claim.number == NamedLease.claim_number,
            ClaimEvent.at > NamedLease.taken_at,
            ClaimEvent.action.in_(ENDINGS),
        )
        .order_by(ClaimEvent.id)
        .limit(1)
        .lateral()
    )
    query = (
        select(NamedLease, ended.c.at, ended.c.by)
        .outerjoin(ended, ended.c.action == PUT_BACK)
        .order_by(NamedLease.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(NamedLease.id < after)
    return [
        Taking(
            row.id, row.claim_number, row.facility, row.taken_by, row.taken_at, row.reason, at, by
        )
        for row, at, by in session.execute(query)
    ]


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


def decisions(session: Session, claim_id: int) -> list[ReviewDecision]:
    """Return everything decided on a claim, oldest first."""
    return list(
        session.scalars(
            select(ReviewDecision)
            .where(ReviewDecision.claim_id == claim_id)
            .order_by(ReviewDecision.id)
        )
    )
