"""What every step of a payment begins and ends with: lock it, check who may, close and record it.

A run is locked before its batches, always; a batch of a run is settled, failed or returned alone
when the bank says so of it alone, and authorised and exported with its run only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.reimbursement import queries
from claims.reimbursement.models import Batch, PaymentRun
from claims.reimbursement.service.batches import check_finance
from claims.reimbursement.states import (
    LIVE,
    WITH_THE_RUN,
    BatchState,
    InvalidBatchTransition,
    find_transition,
)
from config.audit import act_of, record_all
from config.errors import Conflict, Forbidden, NotFound
from config.words import N_

RUN_PREFIX = "P"
PAID = (BatchState.SETTLED, BatchState.RETURNING, BatchState.RETURNED)


@dataclass(frozen=True, slots=True)
class Locked:
    """A batch or a run with the batches a step acts on, all locked."""

    payment: Batch | PaymentRun
    batches: Sequence[Batch]
    run: PaymentRun | None = None

    @property
    def all(self) -> tuple[Batch | PaymentRun, ...]:
        """Return every row the step changes."""
        rows: tuple[Batch | PaymentRun, ...] = tuple(self.batches)
        return rows if self.payment in rows else (self.payment, *rows)


def take(session: Session, number: str, action: str, by: Actor) -> Locked:
    """Lock a payment for a step, if its state and the actor's permissions allow it."""
    if not by.nssf:
        raise Forbidden
    locked = lock(session, number)
    edge = find_transition(locked.payment.state, action)
    check_finance(by, edge.permission)
    if edge.alone and not isinstance(locked.payment, Batch):
        raise InvalidBatchTransition(
            detail=N_("Money comes back batch by batch."), state=locked.payment.state, allowed=[]
        )
    if locked.run is not None and action in WITH_THE_RUN:
        raise Conflict(
            "in_run", detail=N_("The batch is paid with its run."), run=locked.run.number
        )
    return locked


def lock(session: Session, number: str) -> Locked:
    """Lock a batch with the run before it, or a run with the batches it still pays."""
    if number.startswith(RUN_PREFIX):
        run = queries.lock_run(session, number)
        if run is None:
            raise NotFound
        return Locked(run, queries.lock_live_batches(session, run))
    found = queries.lock_batch(session, number)
    if found is None:
        raise NotFound
    batch, run = found
    if run is None and batch.run_id is not None:
        # It joined a run while this waited for it; the run is locked first, so not now.
        raise Conflict("in_run", detail=N_("The batch is paid with its run."))
    return Locked(batch, (batch,), run)


def close(
    session: Session, rows: Sequence[Batch | PaymentRun], state: BatchState, by: Actor
) -> None:
    """End payments."""
    at = now(session)
    for row in rows:
        row.state, row.closed_by, row.closed_at = state, by.subject, at
    session.flush()


def close_run(session: Session, run: PaymentRun, by: Actor, *, failure: str | None = None) -> bool:
    """End a run whose last batch was settled or has failed alone; tell whether it has ended."""
    # The run is locked, and whoever ends a batch of it locks the run first.
    live = select(Batch.id).where(Batch.run_id == run.id, Batch.state.in_(LIVE))
    if session.scalar(live.limit(1)) is not None:
        return False
    paid = session.execute(
        select(Batch.paid_on, Batch.bank_reference).where(
            Batch.run_id == run.id, Batch.state.in_(PAID)
        )
    ).all()
    if paid:
        references = {reference for _, reference in paid}
        run.paid_on = max(day for day, _ in paid if day is not None)
        run.bank_reference = references.pop() if len(references) == 1 else None
    else:
        run.failure = failure
    close(session, (run,), BatchState.SETTLED if paid else BatchState.FAILED, by)
    return True


def now(session: Session) -> datetime:
    """Return the moment of the transaction."""
    moment: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return moment


def record(by: Actor, step: str, rows: Sequence[Batch | PaymentRun]) -> None:
    """Note a step of every row; of a run with what its batches still come to."""
    total = sum(row.paid_riel for row in rows if isinstance(row, Batch))
    record_all(
        [
            act_of(
                by, f"batch.{step}", subject=row.number, facility=row.facility, riel=row.paid_riel
            )
            if isinstance(row, Batch)
            else act_of(by, f"payment_run.{step}", subject=row.number, riel=total)
            for row in rows
        ]
    )
