"""What payments take from allowances: what is payable, into and out of batches, paid.

Every function joins the open transaction of the batch. Payee and account go to the payment file
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.allowances import queries
from claims.allowances.service.moving import move_many
from claims.allowances.states import AllowanceState


@dataclass(frozen=True, slots=True)
class MemberPayment:
    """One approved allowance as payments need it: to whom, how, how much."""

    number: str
    riel: int
    payee_name: str = field(repr=False)
    method: str
    account: str | None = field(repr=False)


def lock_payable(session: Session, *, decided_before: datetime) -> list[MemberPayment]:
    """Lock every allowance that is approved, in no batch, and was decided before a moment."""
    return [
        MemberPayment(
            number=row.number,
            riel=row.approved_riel or 0,
            payee_name=row.payee_name or "",
            method=row.payee_method or "",
            account=row.payee_account,
        )
        for row in queries.lock_payable(session, decided_before=decided_before)
    ]


def stopped_in(session: Session, batch: str) -> list[str]:
    """Name what a batch would pay although the claim it rests on no longer stands."""
    return queries.stopped_in(session, batch)


def put_into_batch(session: Session, numbers: Sequence[str], *, batch: str, by: Actor) -> None:
    """Move approved allowances into a batch; all of them, or the transaction fails."""
    move_many(session, numbers, "batch", by=by, source=AllowanceState.APPROVED, batch=batch)


def take_out_of_batch(session: Session, numbers: Sequence[str], *, by: Actor) -> None:
    """Make allowances payable again: their batch was cancelled, or their payment failed."""
    move_many(session, numbers, "unbatch", by=by, source=AllowanceState.BATCHED, batch=None)


def mark_paid(
    session: Session, numbers: Sequence[str], *, batch: str, paid_on: date, by: Actor
) -> None:
    """Record that the allowances of a batch reached their payees on a day."""
    move_many(
        session, numbers, "pay", by=by, source=AllowanceState.BATCHED, batch=batch,
        of_batch=batch, paid_on=paid_on,
    )  # fmt: skip


def take_back(session: Session, number: str, *, by: Actor) -> None:
    """Owe an allowance again whose transfer came back after it was paid."""
    move_many(session, [number], "unpay", by=by, source=AllowanceState.PAID, batch=None)


def owed_by_kind(session: Session) -> dict[str, int]:
    """Return what is approved and not taken back, by kind: the ledger must say the same."""
    return queries.owed(session)
