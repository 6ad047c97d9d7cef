"""What was decided before, by whom, and what ties people: SELECTs only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from claims.review.models import NamedLease, ReviewDecision, ReviewerTie
from claims.review.rules import FIRST
from claims.submission.models import Claim, ClaimLine


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
        Claim.decided_at >= since,
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


def named_leases(session: Session, *, after: int | None, limit: int) -> list[NamedLease]:
    """List claims taken by name, newest first; one row more than asked tells of a next page."""
    query = select(NamedLease).order_by(NamedLease.id.desc()).limit(limit + 1)
    return list(session.scalars(query if after is None else query.where(NamedLease.id < after)))


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
