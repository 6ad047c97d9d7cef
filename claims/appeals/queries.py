"""Which appeals wait and which were decided: SELECTs, but for the lock of `lock_appeal`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from claims.appeals.models import Appeal
from claims.review.models import ReviewDecision

DECISIVE = ("approve", "reject", "return")


def appeal_of(session: Session, claim_id: int, *, lock: bool = False) -> Appeal | None:
    """Return the appeal on a claim, locked if asked; None when there is none."""
    query = select(Appeal).where(Appeal.claim_id == claim_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def deciders(session: Session, claim_id: int) -> list[str]:
    """Return everybody who decided on a claim before."""
    query = select(ReviewDecision.decided_by).where(
        ReviewDecision.claim_id == claim_id, ReviewDecision.decision.in_(DECISIVE)
    )
    return list(session.scalars(query.distinct()))


def list_appeals(
    session: Session,
    *,
    facility: str | None,
    state: str | None,
    after: tuple[date, int] | None,
    limit: int,
) -> list[Appeal]:
    """List appeals, the first to be decided first; one row more than asked tells of a next page."""
    query = select(Appeal).order_by(Appeal.decide_by, Appeal.id).limit(limit + 1)
    if facility is not None:
        query = query.where(Appeal.facility == facility)
    if state is not None:
        query = query.where(Appeal.state == state)
    if after is not None:
        query = query.where(tuple_(Appeal.decide_by, Appeal.id) > after)
    return list(session.scalars(query))
