"""What is stored of allowances and their rules: one, lists, the queue, what is payable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from claims.allowances.models import Allowance, AllowanceEvent, AllowanceRuleFile
from claims.allowances.queries.world import CLAIM_STANDS
from claims.allowances.states import OWED, AllowanceState
from claims.submission.models import Claim

# What names no claim stands by itself; what does is paid only while its claim is approved.
CLAIM_HOLDS = or_(
    Allowance.claim.is_(None),
    exists().where(Claim.number == Allowance.claim, Claim.state.in_(CLAIM_STANDS)),
)


def find(
    session: Session, number: str, *, facility: str | None, lock: bool = False
) -> Allowance | None:
    """Return an allowance, locked if asked; with a facility, only that one's."""
    query = select(Allowance).where(Allowance.number == number)
    if facility is not None:
        query = query.where(Allowance.facility == facility)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def history(session: Session, allowance_id: int) -> list[AllowanceEvent]:
    """Return every step of an allowance, oldest first."""
    return list(
        session.scalars(
            select(AllowanceEvent)
            .where(AllowanceEvent.allowance_id == allowance_id)
            .order_by(AllowanceEvent.id)
        )
    )


def approvals(session: Session, allowance_id: int) -> int:
    """Count how often an allowance was approved: each is an occasion of its own in the ledger."""
    return (
        session.scalar(
            select(func.count()).where(
                AllowanceEvent.allowance_id == allowance_id, AllowanceEvent.action == "approve"
            )
        )
        or 0
    )


def list_allowances(
    session: Session, *, facility: str | None, after: int | None, limit: int, **filters: Any
) -> list[Allowance]:
    """List allowances, newest first; with a facility, only that one's."""
    query = select(Allowance).order_by(Allowance.id.desc()).limit(limit)
    if facility is not None:
        query = query.where(Allowance.facility == facility)
    if after is not None:
        query = query.where(Allowance.id < after)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Allowance, name) == value)
    return list(session.scalars(query))


def list_waiting(
    session: Session, *, after: tuple[datetime, int] | None, limit: int
) -> list[Allowance]:
    """List what waits for a decision, oldest first."""
    query = (
        select(Allowance)
        .where(Allowance.state == AllowanceState.SUBMITTED)
        .order_by(Allowance.submitted_at, Allowance.id)
        .limit(limit)
    )
    if after is not None:
        moment, row = after
        query = query.where(
            or_(
                Allowance.submitted_at > moment,
                and_(Allowance.submitted_at == moment, Allowance.id > row),
            )
        )
    return list(session.scalars(query))


def stopped_in(session: Session, batch: str) -> list[str]:
    """Name what a batch holds although the claim it rests on no longer stands."""
    return list(
        session.scalars(
            select(Allowance.number)
            .where(Allowance.batch_number == batch, ~CLAIM_HOLDS)
            .order_by(Allowance.number)
        )
    )


def list_stopped(session: Session, *, limit: int) -> list[Allowance]:
    """List what was approved on a claim that no longer stands, paid or not, oldest first."""
    return list(
        session.scalars(
            select(Allowance)
            .where(Allowance.state.in_(OWED), ~CLAIM_HOLDS)
            .order_by(Allowance.submitted_at, Allowance.id)
            .limit(limit)
        )
    )


def lock_payable(session: Session, *, decided_before: datetime) -> Sequence[Allowance]:
    """Lock what is approved, in no batch, and whose claim (if it names one) stands."""
    return session.scalars(
        select(Allowance)
        .where(
            Allowance.state == AllowanceState.APPROVED,
            Allowance.decided_at < decided_before,
            CLAIM_HOLDS,
        )
        .order_by(Allowance.id)
        .with_for_update(of=Allowance)
        .execution_options(populate_existing=True)
    ).all()


def owed(session: Session) -> dict[str, int]:
    """Return what is approved and not taken back, by kind, as the allowances say."""
    rows = session.execute(
        select(Allowance.kind, func.sum(Allowance.approved_riel))
        .where(Allowance.state.in_(OWED))
        .group_by(Allowance.kind)
    )
    return {kind: int(riel or 0) for kind, riel in rows}


def files_in_force(session: Session) -> dict[str, tuple[str, str]]:
    """Return the newest loaded file of each name: its digest and text."""
    rows = session.execute(
        select(AllowanceRuleFile.name, AllowanceRuleFile.sha256, AllowanceRuleFile.body).order_by(
            AllowanceRuleFile.id
        )
    )
    return {name: (sha, body) for name, sha, body in rows}
