"""Open batches over everything approved and due, and read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement import queries
from claims.reimbursement.models import Batch, PaymentRun, Remittance
from claims.reimbursement.service.moves import move_claims
from claims.reimbursement.states import BatchState
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Forbidden, NotFound
from config.numbers import new_number

# Batches are opened one after the other: a second caller waits and then finds nothing left.
OPENING = "SELECT pg_advisory_xact_lock(hashtext('reimbursement.open'))"

# One statement for all claims of a batch, however many; the remittance's reductions are fixed here,
# because from now on the claim no longer changes.
FILL = text(
    """
INSERT INTO batch_claims (batch_id, claim_id, claim_number, facility_reference,
                          facility_patient_number, claimed_riel, riel, reductions)
SELECT :batch_id, c.id, c.number, c.facility_reference, c.body ->> 'facility_patient_number',
       c.claimed_riel, c.approved_riel, coalesce(r.reductions, '[]')
  FROM claims c
  LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('code', code, 'riel', riel) ORDER BY code) AS reductions
        FROM (SELECT coalesce(l.approved_reason, l.reasons -> 0 ->> 'code', 'other') AS code,
                     sum(l.quantity * l.unit_price_riel - l.approved_riel) AS riel
                FROM claim_lines l
               WHERE l.claim_id = c.id AND l.approved_riel < l.quantity * l.unit_price_riel
               GROUP BY 1) AS by_code) AS r ON true
 WHERE c.id = ANY(:claim_ids)
"""
)


def open_batches(
    period_to: date, *, by: Actor, facility: str | None = None, scheme: str | None = None
) -> list[dict[str, Any]]:
    """Open one batch for each facility and scheme over what was decided up to a day.

    Takes every claim that is approved, not held and in no batch; no claim can be in two batches.
    """
    check_finance(by, Permission.BATCH_MANAGE)
    with transaction() as session:
        session.execute(text(OPENING))
        due = queries.lock_due_claims(
            session,
            decided_before=clock.start_of(period_to + timedelta(days=1)),
            facility=facility,
            scheme=scheme,
        )
        groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for claim in due:
            groups.setdefault((claim.facility, claim.scheme), []).append(
                (claim.id, claim.approved_riel)
            )
        batches = [
            _open_batch(session, key, rows, period_to, by) for key, rows in sorted(groups.items())
        ]
        return to_items(session, batches)


def open_runnable(session: Session, period_to: date) -> list[Batch]:
    """Lock the open batches up to a day that belong to no run yet."""
    return list(
        session.scalars(
            select(Batch)
            .where(
                Batch.state == BatchState.OPEN,
                Batch.run_id.is_(None),
                Batch.period_to <= period_to,
            )
            .order_by(Batch.id)
            .with_for_update()
        )
    )


def find_batch(number: str, *, by: Actor) -> dict[str, Any]:
    """Return one batch; a facility sees its own."""
    with transaction() as session:
        batch = session.scalars(select(Batch).where(Batch.number == number)).first()
        if batch is None or not (by.nssf or batch.facility == by.facility):
            raise NotFound
        return to_items(session, [batch])[0]


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
            "facility": batch.facility,
            "scheme": batch.scheme,
            "claims": batch.claims,
            "run": runs.get(batch.run_id or 0),
            "remittance": remittances.get(batch.id),
            **steps_of(batch),
        }
        for batch in batches
    ]


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


def _open_batch(
    session: Session,
    key: tuple[str, str],
    rows: list[tuple[int, int]],
    period_to: date,
    by: Actor,
) -> Batch:
    facility, scheme = key
    batch = Batch(
        number=new_number("B"),
        state=BatchState.OPEN,
        facility=facility,
        scheme=scheme,
        period_to=period_to,
        claims=len(rows),
        total_riel=sum(riel for _, riel in rows),
        opened_by=by.subject,
        opened_at=session.scalar(select(func.now())),
    )
    session.add(batch)
    session.flush()
    session.execute(FILL, {"batch_id": batch.id, "claim_ids": [claim for claim, _ in rows]})
    move_claims(session, batch, "batch", by=by, batch_number=batch.number)
    record(
        by,
        "batch.opened",
        subject=batch.number,
        facility=facility,
        claims=batch.claims,
        riel=batch.total_riel,
    )
    return batch
