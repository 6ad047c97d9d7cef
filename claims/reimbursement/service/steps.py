"""The steps of a payment, for a batch and for a run alike: authorise, settle, fail, cancel.

Each step locks the run, then its batches, then acts on all of them in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind, batching, giving_back, payment
from claims.reimbursement.models import Batch, PaymentRun
from claims.reimbursement.service import contents
from claims.reimbursement.service.locking import (
    Locked,
    close,
    close_run,
    now,
    record,
    take,
)
from claims.reimbursement.states import BatchState
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid
from config.words import N_


def authorise(number: str, *, by: Actor) -> None:
    """Authorise a payment; never by who opened it, nor any batch in it."""
    with transaction() as session:
        locked = take(session, number, "authorise", by)
        if any(row.opened_by == by.subject for row in locked.all):
            raise Forbidden("same_person", detail=N_("Another person must authorise this."))
        locked = _without_stopped(session, locked, by)
        moment = now(session)
        for row in locked.all:
            row.state, row.authorised_by = BatchState.AUTHORISED, by.subject
            row.authorised_at = moment
        session.flush()
        ledger.post_all(
            [batching(batch=b.number, payee=b.payee, riel=b.total_riel) for b in locked.batches]
        )
        record(by, "authorised", locked.all)


def _without_stopped(session: Session, locked: Locked, by: Actor) -> Locked:
    """Leave out what may no longer be paid since the batches were opened."""
    emptied = contents.drop_stopped(session, locked.batches)
    left = [batch for batch in locked.batches if batch not in emptied]
    if not left:
        raise Conflict("nothing_left", detail=N_("Nothing of it may be paid any more: cancel it."))
    close(session, emptied, BatchState.CANCELLED, by)
    record(by, "cancelled", emptied)
    if isinstance(locked.payment, PaymentRun):
        locked.payment.total_riel = sum(batch.total_riel for batch in left)
    return replace(locked, batches=left)


def cancel(number: str, *, by: Actor) -> None:
    """Cancel a payment that nobody authorised: its claims wait to be batched again."""
    with transaction() as session:
        locked = take(session, number, "cancel", by)
        contents.give_back(session, locked.batches, by=by)
        close(session, locked.all, BatchState.CANCELLED, by)
        record(by, "cancelled", locked.all)


def settle(
    number: str,
    *,
    by: Actor,
    bank_reference: str,
    paid_on: date,
    unpaid: Sequence[str] = (),
    paid_riel: int | None = None,
) -> None:
    """Record that the bank paid: the claims are paid and each facility gets a remittance.

    When the bank paid less, `unpaid` names the claims (or allowances) it left out: they are
    approved again. An amount that does not come to the riel of the rest is refused.
    """
    check_paid_on(paid_on)
    with transaction() as session:
        locked = take(session, number, "settle", by)
        left_out = contents.leave_out(session, locked.batches, unpaid, paid_riel, by=by)
        for row in locked.all:
            row.bank_reference, row.paid_on = bank_reference, paid_on
        for batch in locked.batches:
            batch.unpaid_riel = left_out.get(batch.id, 0)
            if batch.unpaid_riel:
                ledger.post(
                    giving_back(batch=batch.number, payee=batch.payee, riel=batch.unpaid_riel)
                )
        _pay(session, locked.batches, by)
        close(session, locked.all, BatchState.SETTLED, by)
        record(by, "settled", locked.all)
        _end_run(session, locked.run, by)


def settle_each(
    session: Session,
    paid: Sequence[tuple[Batch, str, date]],
    run: PaymentRun | None,
    *,
    by: Actor,
) -> None:
    """Settle exported batches that are locked with their run, each by its own reference and day."""
    batches = [batch for batch, _, _ in paid]
    for batch, reference, day in paid:
        batch.bank_reference, batch.paid_on = reference, day
    _pay(session, batches, by)
    close(session, batches, BatchState.SETTLED, by)
    record(by, "settled", batches)
    _end_run(session, run, by)


def _pay(session: Session, batches: Sequence[Batch], by: Actor) -> None:
    contents.pay(session, batches, by=by)
    ledger.post_all([payment(batch=b.number, payee=b.payee, riel=b.paid_riel) for b in batches])


def _end_run(
    session: Session, run: PaymentRun | None, by: Actor, *, failure: str | None = None
) -> None:
    if run is not None and close_run(session, run, by, failure=failure):
        record(by, str(run.state), (run,))


def fail(number: str, *, by: Actor, reason: str) -> None:
    """Record that the bank did not pay: the claims are approved again and may be batched anew.

    One batch of a run may fail while the others go on; a run whose last batch failed has failed.
    """
    with transaction() as session:
        locked = take(session, number, "fail", by)
        numbers = [batch.number for batch in locked.batches]
        ledger.reverse_all(Kind.AUTHORISED, numbers, as_kind=Kind.FAILED)
        contents.give_back(session, locked.batches, by=by)
        for row in locked.all:
            row.failure = reason
        close(session, locked.all, BatchState.FAILED, by)
        record(by, "failed", locked.all)
        _end_run(session, locked.run, by, failure=reason)


def check_paid_on(day: date) -> None:
    """Refuse a day of payment in the future."""
    if day > clock.today():
        message = "The day of payment cannot lie in the future."
        raise Invalid(errors=[{"pointer": "/paid_on", "message": message}])
