"""Allowances in batches: who is paid how, as it was when batched, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.allowances import service as allowances
from claims.allowances.service import MemberPayment
from claims.reimbursement.models import Batch, BatchMember
from config.audit import act_of, record_all
from config.errors import Conflict
from config.words import N_

PAYEES, SCHEME = "members", "allowances"
PAID, FAILED, RETURNED = "paid", "failed", "returned"


def lock_due(session: Session, decided_before: datetime) -> list[MemberPayment]:
    """Lock the allowances that are approved and in no batch."""
    return allowances.lock_payable(session, decided_before=decided_before)


def put_into(session: Session, batch: Batch, due: Sequence[MemberPayment], *, by: Actor) -> None:
    """Put allowances into a batch with a copy of whom to pay."""
    session.execute(
        insert(BatchMember),
        [
            {
                "batch_id": batch.id, "number": one.number, "riel": one.riel,
                "payee_name": one.payee_name, "method": one.method, "account": one.account,
            }
            for one in due
        ],
    )  # fmt: skip
    allowances.put_into_batch(session, [one.number for one in due], batch=batch.number, by=by)


def drop(session: Session, batch: Batch, numbers: Sequence[str], *, by: Actor) -> None:
    """Take allowances out of an open batch: nobody authorised them, so it never held them."""
    gone = session.execute(
        delete(BatchMember)
        .where(BatchMember.batch_id == batch.id, BatchMember.number.in_(numbers))
        .returning(BatchMember.number, BatchMember.riel)
    ).all()
    allowances.take_out_of_batch(session, numbers, by=by)
    batch.claims -= len(gone)
    batch.total_riel -= sum(one.riel for one in gone)
    record_all(
        [
            act_of(
                by,
                "batch.member_dropped",
                subject=batch.number,
                allowance=one.number,
                riel=one.riel,
            )
            for one in gone
        ]
    )


def members_of(session: Session, batch_id: int, *, live: bool = True) -> list[BatchMember]:
    """Return the members of a batch in the order of their numbers, as they are now."""
    return list(
        session.scalars(
            select(BatchMember)
            .where(BatchMember.batch_id == batch_id, BatchMember.live.is_(live))
            .order_by(BatchMember.number)
            .execution_options(populate_existing=True)
        )
    )


def take_out(
    session: Session, batch: Batch, *, by: Actor, numbers: Sequence[str] | None = None
) -> None:
    """Owe allowances again: all of a batch, or the named ones that were not paid."""
    if numbers is None and any(m.outcome == PAID for m in members_of(session, batch.id)):
        raise Conflict(
            "some_are_paid",
            detail=N_("Some members of the batch are paid: settle it, naming the unpaid."),
        )
    query = update(BatchMember).where(BatchMember.batch_id == batch.id, BatchMember.live)
    if numbers is None:
        rows = session.scalars(query.values(live=False).returning(BatchMember.number))
    else:
        named = query.where(BatchMember.number.in_(numbers))
        rows = session.scalars(
            named.values(live=False, outcome=FAILED).returning(BatchMember.number)
        )
    allowances.take_out_of_batch(session, sorted(rows), by=by)


def pay(session: Session, batch: Batch, *, by: Actor) -> None:
    """Record that the allowances left in a batch were paid."""
    if batch.paid_on is None:
        raise ValueError(f"{batch.number} is not being settled")
    numbers = session.scalars(
        update(BatchMember)
        .where(BatchMember.batch_id == batch.id, BatchMember.live)
        .values(
            outcome=PAID,
            paid_on=func.coalesce(BatchMember.paid_on, batch.paid_on),
            bank_reference=func.coalesce(BatchMember.bank_reference, batch.bank_reference),
        )
        .returning(BatchMember.number)
    )
    allowances.mark_paid(session, sorted(numbers), batch=batch.number, paid_on=batch.paid_on, by=by)
