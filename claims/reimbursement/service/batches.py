"""Read batches, and say who may move money."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement.models import Batch, BatchMember, PaymentRun, Remittance
from claims.reimbursement.service.adjusting import adjustments_of
from config.db import transaction
from config.errors import Forbidden, NotFound


def find_batch(number: str, *, by: Actor) -> dict[str, Any]:
    """Return one batch with the adjustments it took; a facility sees its own."""
    with transaction() as session:
        batch = session.scalars(select(Batch).where(Batch.number == number)).first()
        if batch is None or not (by.nssf or batch.facility == by.facility):
            raise NotFound
        return to_items(session, [batch])[0] | {
            "adjustments": adjustments_of(session, batch.id),
            "returns": _returns(session, batch.id),
        }


def list_batches(
    *,
    by: Actor,
    limit: int,
    after: int | None = None,
    state: str | None = None,
    facility: str | None = None,
    scheme: str | None = None,
) -> list[tuple[int, dict[str, Any]]]:
    """List batches with their keys, newest first; a facility sees its own."""
    query = select(Batch).order_by(Batch.id.desc()).limit(limit + 1)
    if not by.nssf:
        query = query.where(Batch.facility == by.facility)
    for column, value in (
        (Batch.state, state), (Batch.facility, facility), (Batch.scheme, scheme),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(Batch.id < after)
    with transaction() as session:
        batches = list(session.scalars(query))
        return [(b.id, item) for b, item in zip(batches, to_items(session, batches), strict=True)]


def to_items(session: Session, batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """Return batches as answers show them."""
    batches = list(batches)
    ids = [batch.id for batch in batches]
    remittances = dict(
        session.execute(
            select(Remittance.batch_id, Remittance.number).where(Remittance.batch_id.in_(ids))
        ).all()
    )
    runs = dict(
        session.execute(
            select(PaymentRun.id, PaymentRun.number).where(
                PaymentRun.id.in_({batch.run_id for batch in batches if batch.run_id})
            )
        ).all()
    )
    return [
        {
            "number": batch.number,
            "payees": batch.payees,
            "facility": batch.facility,
            "scheme": batch.scheme,
            "claims": batch.claims,
            "unpaid_riel": batch.unpaid_riel,
            "carried_forward_riel": batch.carried_forward_riel,
            "returned_on": batch.returned_on,
            "return_reason": batch.return_reason,
            "return_by": batch.return_by,
            "return_confirmed_by": batch.return_confirmed_by,
            "run": runs.get(batch.run_id or 0),
            "remittance": remittances.get(batch.id),
            **steps_of(batch),
        }
        for batch in batches
    ]


def _returns(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """Return the members' transfers that were reported as come back, with who said so."""
    query = (
        select(BatchMember)
        .where(BatchMember.batch_id == batch_id, BatchMember.return_by.is_not(None))
        .order_by(BatchMember.number)
    )
    names = ("number", "riel", "returned_on", "return_reason", "return_by", "return_confirmed_by")
    return [{name: getattr(one, name) for name in names} for one in session.scalars(query)]


def steps_of(payment: Batch | PaymentRun) -> dict[str, Any]:
    """Return the part of an answer a batch and a run share: state, amount, who did what when."""
    return {
        "state": payment.state,
        "period_to": payment.period_to,
        "total_riel": payment.total_riel,
        "opened_by": payment.opened_by,
        "opened_at": payment.opened_at,
        "authorised_by": payment.authorised_by,
        "authorised_at": payment.authorised_at,
        "exported_by": payment.exported_by,
        "exported_at": payment.exported_at,
        "bank_reference": payment.bank_reference,
        "paid_on": payment.paid_on,
        "failure": payment.failure,
        "closed_by": payment.closed_by,
        "closed_at": payment.closed_at,
    }


def check_finance(by: Actor, *permissions: Permission) -> None:
    """Let only NSSF's finance move money, whatever a facility's client may be scoped for."""
    if not by.nssf or not any(permission in by.permissions for permission in permissions):
        raise Forbidden
