"""Open batches over everything approved and due: claims with their adjustments, and allowances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement import queries
from claims.reimbursement.models import Batch
from claims.reimbursement.rules import SetOff, Waiting, set_off
from claims.reimbursement.service import adjusting, members
from claims.reimbursement.service.batches import check_finance, to_items
from claims.reimbursement.service.locking import now
from claims.reimbursement.service.moves import move_claims
from claims.reimbursement.states import BatchState
from claims.review import service as review
from config import clock
from config.audit import act_of, record_all
from config.db import transaction
from config.errors import Invalid, NotFound
from config.numbers import new_number
from config.settings import settings
from config.words import N_
from gateway.coverage.service import policy_set
from gateway.facilities.service import find_facility

# Batches are opened one after the other: a second caller waits and then finds nothing left.
OPENING = "SELECT pg_advisory_xact_lock(hashtext('reimbursement.open'))"

# One statement for all claims of all batches; the remittance's reductions are fixed here, because
# from now on the claim no longer changes.
FILL = text(
    """
INSERT INTO batch_claims (batch_id, claim_id, claim_number, facility_reference,
                          facility_patient_number, claimed_riel, riel, reductions)
SELECT m.batch_id, c.id, c.number, c.facility_reference, c.body ->> 'facility_patient_number',
       c.claimed_riel, c.approved_riel, coalesce(r.reductions, '[]')
  FROM unnest(CAST(:batch_ids AS bigint[]), CAST(:claim_ids AS bigint[])) AS m(batch_id, claim_id)
  JOIN claims c ON c.id = m.claim_id
  LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('code', code, 'riel', riel) ORDER BY code) AS reductions
        FROM (SELECT coalesce(l.approved_reason, l.reasons -> 0 ->> 'code', 'other') AS code,
                     sum(l.quantity * l.unit_price_riel - l.approved_riel) AS riel
                FROM claim_lines l
               WHERE l.claim_id = c.id AND l.approved_riel < l.quantity * l.unit_price_riel
               GROUP BY 1) AS by_code) AS r ON true
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
        made = _open_for_facilities(session, _due(session, before, facility, scheme), period_to, by)
        if facility is None and scheme in (None, members.SCHEME):
            made += _open_for_members(session, before, period_to, by)
        if not made:
            _refuse_unknown(facility, scheme)
        return to_items(session, made)


def _refuse_unknown(facility: str | None, scheme: str | None) -> None:
    """Tell somebody who finds nothing to pay when what they named does not exist."""
    wrong = []
    try:
        if facility is not None:
            find_facility(facility)
    except NotFound:
        wrong.append({"pointer": "/facility", "message": N_("There is no such facility.")})
    if scheme is not None and scheme not in (*policy_set().policies, members.SCHEME):
        wrong.append({"pointer": "/scheme", "message": N_("There is no such scheme.")})
    if wrong:
        raise Invalid(errors=wrong)


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


def _open_for_facilities(
    session: Session, due: dict[tuple[str, str], _Due], period_to: date, by: Actor
) -> list[Batch]:
    """Open the batches of all facilities by a handful of statements, however many they are."""
    share = settings().recovery_share_percent
    planned: list[tuple[Batch, _Due, SetOff]] = []
    for (facility, scheme), owed in sorted(due.items()):
        off = set_off(sum(riel for _, riel in owed.claims), owed.waiting, share_percent=share)
        if off is not None:
            batch = Batch(
                facility=facility,
                scheme=scheme,
                claims=len(owed.claims),
                total_riel=off.total_riel,
                carried_forward_riel=off.carried_forward_riel,
            )
            planned.append((batch, owed, off))
    if not planned:
        return []
    batches = [batch for batch, _, _ in planned]
    _begin(session, batches, period_to, by)
    pairs = [(batch.id, claim) for batch, owed, _ in planned for claim, _ in owed.claims]
    inside = {"batch_ids": [one for one, _ in pairs], "claim_ids": [one for _, one in pairs]}
    session.execute(FILL, inside)
    adjusting.take(session, [(batch, off) for batch, _, off in planned])
    move_claims(session, batches, "batch", by=by)
    return batches


def _open_for_members(
    session: Session, before: datetime, period_to: date, by: Actor
) -> list[Batch]:
    due = members.lock_due(session, before)
    if not due:
        return []
    batch = Batch(
        payees=members.PAYEES,
        scheme=members.SCHEME,
        claims=len(due),
        total_riel=sum(one.riel for one in due),
    )
    _begin(session, [batch], period_to, by)
    members.put_into(session, batch, due, by=by)
    return [batch]


def _begin(session: Session, batches: Sequence[Batch], period_to: date, by: Actor) -> None:
    moment = now(session)
    for batch in batches:
        batch.number, batch.state, batch.period_to = new_number("B"), BatchState.OPEN, period_to
        batch.opened_by, batch.opened_at = by.subject, moment
    session.add_all(batches)
    session.flush()
    record_all(
        [
            act_of(
                by,
                "batch.opened",
                subject=batch.number,
                facility=batch.facility,
                claims=batch.claims,
                riel=batch.total_riel,
            )
            for batch in batches
        ]
    )
