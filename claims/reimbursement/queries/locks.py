"""What is due, what was paid, and the sums that must agree. Read only, but for the locks named so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from claims.reimbursement.models import Batch, BatchClaim, PaymentRun
from claims.reimbursement.rules import FacilityBooks
from claims.reimbursement.states import LIVE
from claims.submission.models import Claim
from claims.submission.states import ClaimState

CLAIM_SUMS = """
SELECT facility,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'approved'), 0) AS unbatched,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'batched'), 0) AS claims_batched,
       coalesce(sum(paid_riel) FILTER (WHERE state = 'paid'), 0) AS claims_paid
  FROM claims WHERE state IN ('approved', 'batched', 'paid') GROUP BY facility
"""
BATCH_SUMS = """
SELECT b.facility,
       coalesce(sum(c.riel) FILTER (WHERE b.state = 'open'), 0) AS opened,
       coalesce(sum(c.riel) FILTER (WHERE b.state IN ('authorised', 'exported')), 0) AS pending,
       coalesce(sum(c.riel) FILTER (WHERE b.state = 'settled'), 0) AS paid,
       coalesce(sum(c.riel) FILTER (WHERE b.state = 'failed'), 0) AS failed
  FROM batches b JOIN batch_claims c ON c.batch_id = b.id GROUP BY b.facility
"""
LEDGER_SUMS = """
SELECT split_part(l.account, ':', 2) AS facility,
       coalesce(-sum(l.riel) FILTER (
           WHERE l.account LIKE 'payable:%' AND e.kind LIKE 'claim.%'), 0) AS ledger_approved,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'payable:%'), 0) AS ledger_payable,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'in_payment:%'), 0) AS ledger_pending,
       coalesce(-sum(l.riel) FILTER (
           WHERE l.account LIKE 'in_payment:%' AND e.kind = 'batch.authorised'), 0)
           AS ledger_authorised,
       coalesce(sum(l.riel) FILTER (
           WHERE l.account LIKE 'in_payment:%' AND e.kind = 'batch.settled'), 0) AS ledger_paid,
       coalesce(sum(l.riel) FILTER (
           WHERE l.account LIKE 'in_payment:%' AND e.kind = 'batch.failed'), 0) AS ledger_failed
  FROM journal_legs l JOIN journal_entries e ON e.id = l.entry_id
 WHERE l.account LIKE 'payable:%' OR l.account LIKE 'in_payment:%'
 GROUP BY 1
"""
REMITTED = "SELECT facility, sum(total_riel) AS remitted FROM remittances GROUP BY facility"
SCHEME_SUMS = """
SELECT scheme, coalesce(sum(approved_riel), 0)
  FROM claims WHERE state IN ('approved', 'batched', 'paid') GROUP BY scheme
"""
# A batch says how many claims and riel it holds; its rows must say the same.
BROKEN_BATCHES = """
SELECT b.number, b.claims, b.total_riel, count(c.claim_id), coalesce(sum(c.riel), 0)
  FROM batches b LEFT JOIN batch_claims c ON c.batch_id = b.id
 GROUP BY b.id
HAVING b.claims <> count(c.claim_id) OR b.total_riel <> coalesce(sum(c.riel), 0)
    OR bool_or(c.live) <> (b.state NOT IN ('failed', 'cancelled'))
 ORDER BY b.number
"""
# A claim says which batch it is in; the batch's live rows must say the same, to the riel.
BROKEN_CLAIMS = """
SELECT c.number
  FROM claims c
  LEFT JOIN batch_claims b ON b.claim_id = c.id AND b.live
  LEFT JOIN batches t ON t.id = b.batch_id
 WHERE c.state IN ('approved', 'batched', 'paid')
   AND (c.batch_number IS DISTINCT FROM t.number
        OR (c.state = 'approved') <> (t.id IS NULL)
        OR (c.state = 'paid') <> coalesce(t.state = 'settled', false)
        OR b.riel <> c.approved_riel
        OR (c.state = 'paid' AND c.paid_riel <> c.approved_riel))
 ORDER BY c.number
 LIMIT 100
"""


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
    """Return the claims of a batch in the order of their numbers."""
    return list(
        session.scalars(
            select(BatchClaim)
            .where(BatchClaim.batch_id == batch_id)
            .order_by(BatchClaim.claim_number)
        )
    )


def books(session: Session) -> list[FacilityBooks]:
    """Return for each facility what claims, batches, ledger and remittances say."""
    sums: dict[str, dict[str, int]] = {}
    for statement in (CLAIM_SUMS, BATCH_SUMS, LEDGER_SUMS, REMITTED):
        for row in session.execute(text(statement)).mappings():
            figures = sums.setdefault(row["facility"], {})
            figures.update({name: int(row[name]) for name in row if name != "facility"})
    return [FacilityBooks(facility=code, **figures) for code, figures in sorted(sums.items())]


def scheme_sums(session: Session) -> dict[str, int]:
    """Return what is approved per scheme, as the claims say."""
    return {scheme: int(riel) for scheme, riel in session.execute(text(SCHEME_SUMS))}


def broken_batches(session: Session) -> Sequence[Any]:
    """Return batches whose claims do not add up to what the batch says."""
    return session.execute(text(BROKEN_BATCHES)).all()


def broken_claims(session: Session) -> Sequence[str]:
    """Return claims whose batch does not know them as they are."""
    return session.scalars(text(BROKEN_CLAIMS)).all()
