"""Open batches over everything approved and due: claims with their adjustments, and allowances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement import queries
from claims.reimbursement.models import Batch
from claims.reimbursement.rules import Waiting, set_off
from claims.reimbursement.service import adjusting, members
from claims.reimbursement.service.batches import check_finance, to_items
from claims.reimbursement.service.locking import now
from claims.reimbursement.service.moves import move_claims
from claims.reimbursement.states import BatchState
from claims.review import service as review
from config import clock
from config.audit import record
from config.db import transaction
from config.numbers import new_number
from config.settings import settings

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


@dataclass(slots=True)
class _Due:
    """What one facility is owed for one scheme: claims, and what is left of adjustments."""

    claims: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)


def open_batches(
    period_to: date, *, by: Actor, facility: str | None = None, scheme: str | None = None
) -> list[dict[str, Any]]:
    """Open one batch for each facility and scheme over what was decided up to a day.

    Takes every claim that is approved, not held and in no batch; no claim can be in two batches.
    Supplements are added and recoveries set off; where nothing would be left to pay, and for a held
    facility, no batch is made. Allowances of members make one batch of their own.
    """
    check_finance(by, Permission.BATCH_MANAGE)
    with transaction() as session:
        session.execute(text(OPENING))
        before = clock.start_of(period_to + timedelta(days=1))
        made = [
            _open_batch(session, key, due, period_to, by)
            for key, due in sorted(_due(session, before, facility, scheme).items())
        ]
        if facility is None and scheme in (None, members.SCHEME):
            made.append(_open_for_members(session, before, period_to, by))
        return to_items(session, [batch for batch in made if batch is not None])


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


def _due(
    session: Session, before: datetime, facility: str | None, scheme: str | None
) -> dict[tuple[str, str], _Due]:
    """Return what is due by facility and scheme, without the facilities that are held."""
    due: dict[tuple[str, str], _Due] = {}
    claims = queries.lock_due_claims(
        session, decided_before=before, facility=facility, scheme=scheme
    )
    for claim in claims:
        key = claim.facility, claim.scheme
        due.setdefault(key, _Due()).claims.append((claim.id, claim.approved_riel))
    adjustments = queries.waiting_adjustments(
        session, before=before, facility=facility, scheme=scheme
    )
    for key, waiting in adjustments.items():
        due.setdefault(key, _Due()).waiting = waiting
    held = review.held_facilities(session)
    return {key: owed for key, owed in due.items() if key[0] not in held}


def _open_batch(
    session: Session, key: tuple[str, str], due: _Due, period_to: date, by: Actor
) -> Batch | None:
    facility, scheme = key
    off = set_off(
        sum(riel for _, riel in due.claims),
        due.waiting,
        share_percent=settings().recovery_share_percent,
    )
    if off is None:
        return None
    batch = Batch(
        facility=facility,
        scheme=scheme,
        claims=len(due.claims),
        total_riel=off.total_riel,
        carried_forward_riel=off.carried_forward_riel,
    )
    _begin(session, batch, period_to, by)
    claims = [claim for claim, _ in due.claims]
    session.execute(FILL, {"batch_id": batch.id, "claim_ids": claims})
    adjusting.take(session, batch, off)
    move_claims(session, [batch], "batch", by=by)
    return batch


def _open_for_members(
    session: Session, before: datetime, period_to: date, by: Actor
) -> Batch | None:
    due = members.lock_due(session, before)
    if not due:
        return None
    batch = Batch(
        payees=members.PAYEES,
        scheme=members.SCHEME,
        claims=len(due),
        total_riel=sum(one.riel for one in due),
    )
    _begin(session, batch, period_to, by)
    members.put_into(session, batch, due, by=by)
    return batch


def _begin(session: Session, batch: Batch, period_to: date, by: Actor) -> None:
    batch.number, batch.state, batch.period_to = new_number("B"), BatchState.OPEN, period_to
    batch.opened_by, batch.opened_at = by.subject, now(session)
    session.add(batch)
    session.flush()
    record(
        by,
        "batch.opened",
        subject=batch.number,
        facility=batch.facility,
        claims=batch.claims,
        riel=batch.total_riel,
    )
