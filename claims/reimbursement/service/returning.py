"""Money that came back after it was settled: one person reports it, another confirms it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind, giving_back
from claims.reimbursement.models import Batch, Remittance
from claims.reimbursement.service import contents, member_returns
from claims.reimbursement.service.locking import record, take
from claims.reimbursement.states import BatchState
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid
from config.words import N_

# Whoever voids one of these claims this moment comes before or after the return, never in between.
LOCK = text(
    "SELECT FROM claims c JOIN batch_claims b ON b.claim_id = c.id"
    " WHERE b.batch_id = :batch AND b.live ORDER BY c.id FOR UPDATE OF c"
)
VOIDED = text(
    """
WITH left_out AS (
    UPDATE batch_claims b SET live = false FROM claims c
     WHERE b.batch_id = :batch AND b.live AND c.id = b.claim_id AND c.state = 'voided'
    RETURNING b.claim_id, b.riel)
UPDATE claims c SET paid_riel = NULL, batch_number = NULL, version = version + 1, updated_at = now()
  FROM left_out o WHERE c.id = o.claim_id
RETURNING c.number, c.facility, c.scheme, o.riel
"""
)


def report_return(
    number: str, *, by: Actor, reason: str, returned_on: date, allowance: str | None = None
) -> None:
    """Report that the bank took a payment back; nothing moves before a second person agrees.

    Of a batch paid to members one allowance comes back, named; all else, as a whole.
    """
    if allowance is not None:
        member_returns.report(number, allowance, by=by, reason=reason, returned_on=returned_on)
        return
    with transaction() as session:
        batch = _take(session, number, "return", by)
        if batch.paid_on is None or not batch.paid_on <= returned_on <= clock.today():
            message = "Money comes back between the day of payment and today."
            raise Invalid(errors=[{"pointer": "/returned_on", "message": message}])
        batch.return_reason, batch.returned_on, batch.return_by = reason, returned_on, by.subject
        batch.state = BatchState.RETURNING
        session.flush()
        record(by, "return_reported", (batch,))


def confirm_return(number: str, *, by: Actor, allowance: str | None = None) -> None:
    """Confirm that the money is back: what was paid is owed again and may be batched anew."""
    if allowance is not None:
        member_returns.confirm(number, allowance, by=by)
        return
    with transaction() as session:
        batch = _take(session, number, "confirm_return", by)
        ledger.reverse(Kind.SETTLED, batch.number, as_kind=Kind.RETURNED)
        # A part that was never paid was given back when the rest was settled.
        occasion = 2 if batch.unpaid_riel else 1
        ledger.post(
            giving_back(
                batch=batch.number, payee=batch.payee, riel=batch.paid_riel, occasion=occasion
            )
        )
        _forget_voided(session, batch, by)
        contents.give_back(session, [batch], by=by, action="unpay")
        remittance = session.scalars(
            select(Remittance).where(Remittance.batch_id == batch.id).with_for_update()
        ).first()
        if remittance is not None:
            remittance.reversed_on = batch.returned_on
        batch.state, batch.return_confirmed_by = BatchState.RETURNED, by.subject
        session.flush()
        record(by, "returned", (batch,))


def refuse_return(number: str, *, by: Actor, allowance: str | None = None) -> None:
    """Find that the money did not come back: the batch is settled as before."""
    if allowance is not None:
        member_returns.refuse(number, allowance, by=by)
        return
    with transaction() as session:
        batch = _take(session, number, "refuse_return", by)
        batch.return_reason = batch.returned_on = batch.return_by = None
        batch.state = BatchState.SETTLED
        session.flush()
        record(by, "return_refused", (batch,))


def _take(session: Session, number: str, action: str, by: Actor) -> Batch:
    locked = take(session, number, action, by)
    if not isinstance(locked.payment, Batch):
        raise TypeError(f"{number} is not a batch")
    if locked.payment.facility is None:
        raise Conflict(
            "paid_to_members",
            detail=N_("A batch paid to members comes back one by one: name the allowance."),
        )
    if locked.payment.return_by == by.subject:
        raise Forbidden("same_person", detail=N_("Another person must confirm the return."))
    return locked.payment


def _forget_voided(session: Session, batch: Batch, by: Actor) -> None:
    """Let claims that were voided since owe nothing: what was to be recovered has come back."""
    session.execute(LOCK, {"batch": batch.id})
    for number, facility, scheme, riel in session.execute(VOIDED, {"batch": batch.id}).all():
        ledger.reverse(Kind.APPROVED, number, as_kind=Kind.REOPENED)
        ledger.supplement(
            claim=number, facility=facility, scheme=scheme, riel=riel, reason="returned", by=by
        )
