"""What is due and what a step acts on, locked for the transaction that asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from claims.reimbursement.models import Batch, BatchClaim, PaymentRun
from claims.reimbursement.rules import Waiting
from claims.reimbursement.states import LIVE
from claims.submission.models import Claim
from claims.submission.states import ClaimState

# What is left of each adjustment that no batch has taken whole, the oldest first.
WAITING_ADJUSTMENTS = text(
    """
SELECT a.facility, a.scheme, a.id, a.riel - coalesce(sum(b.riel), 0) AS riel
  FROM adjustments a LEFT JOIN batch_adjustments b ON b.adjustment_id = a.id AND b.live
 WHERE a.made_at < :before
   AND (CAST(:facility AS text) IS NULL OR a.facility = :facility)
   AND (CAST(:scheme AS text) IS NULL OR a.scheme = :scheme)
 GROUP BY a.id
HAVING a.riel <> coalesce(sum(b.riel), 0)
 ORDER BY a.id
"""
)


@dataclass(frozen=True, slots=True)
class DueClaim:
    """An approved claim that waits to be batched."""

    id: int
    facility: str
    scheme: str
    approved_riel: int


def lock_due_claims(
    session: Session, *, decided_before: datetime, facility: str | None, scheme: str | None
) -> list[DueClaim]:
    """Lock every approved claim that is due: decided before a moment, not held, in no batch."""
    query = (
        select(Claim.id, Claim.facility, Claim.scheme, Claim.approved_riel)
        .where(
            Claim.state == ClaimState.APPROVED,
            Claim.held.is_(False),
            Claim.batch_number.is_(None),
            Claim.decided_at < decided_before,
        )
        .order_by(Claim.id)
        .with_for_update()
    )
    if facility is not None:
        query = query.where(Claim.facility == facility)
    if scheme is not None:
        query = query.where(Claim.scheme == scheme)
    rows: Iterable[Any] = session.execute(query)
    return [DueClaim(*row) for row in rows]


def waiting_adjustments(
    session: Session, *, before: datetime, facility: str | None, scheme: str | None
) -> dict[tuple[str, str], list[Waiting]]:
    """Return what is left of adjustments by facility and scheme; openings come one by one."""
    found: dict[tuple[str, str], list[Waiting]] = {}
    values = {"before": before, "facility": facility, "scheme": scheme}
    for code, name, key, riel in session.execute(WAITING_ADJUSTMENTS, values):
        found.setdefault((code, name), []).append(Waiting(key, int(riel)))
    return found


def lock_batch(session: Session, number: str) -> tuple[Batch, PaymentRun | None] | None:
    """Lock a batch, and before it the run it belongs to, always in that order."""
    run_id = session.scalar(select(Batch.run_id).where(Batch.number == number))
    run = None
    if run_id is not None:
        run = session.get(PaymentRun, run_id, with_for_update=True, populate_existing=True)
    batch = session.scalars(
        select(Batch)
        .where(Batch.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    return (batch, run) if batch is not None else None


def lock_run(session: Session, number: str) -> PaymentRun | None:
    """Lock a payment run."""
    return session.scalars(
        select(PaymentRun)
        .where(PaymentRun.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def lock_live_batches(session: Session, run: PaymentRun) -> list[Batch]:
    """Lock the batches of a run that have neither failed nor been settled or cancelled."""
    return list(
        session.scalars(
            select(Batch)
            .where(Batch.run_id == run.id, Batch.state.in_(LIVE))
            .order_by(Batch.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def claims_of(session: Session, batch_id: int) -> list[BatchClaim]:
    """Return the claims a batch pays in the order of their numbers."""
    return list(
        session.scalars(
            select(BatchClaim)
            .where(BatchClaim.batch_id == batch_id, BatchClaim.unpaid.is_(False))
            .order_by(BatchClaim.claim_number)
        )
    )
