"""Supplements and recoveries in batches: take what waits, give it back, show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.ledger.models import Adjustment
from claims.reimbursement.models import Batch, BatchAdjustment
from claims.reimbursement.rules import SetOff
from config.db import db

SUPPLEMENT, RECOVERY = "supplement", "recovery"


def take(session: Session, offs: Sequence[tuple[Batch, SetOff]]) -> None:
    """Put what each batch takes of the adjustments into it."""
    rows = [
        {"batch_id": batch.id, "adjustment_id": one.id, "riel": one.riel}
        for batch, off in offs
        for one in off.taken
    ]
    if rows:
        session.execute(insert(BatchAdjustment), rows)


def give_back(session: Session, batches: Sequence[int]) -> None:
    """Let the adjustments of batches that are not paid wait for the next ones."""
    session.execute(
        update(BatchAdjustment).where(BatchAdjustment.batch_id.in_(batches)).values(live=False)
    )


def adjustments_of(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """Return what a batch took of adjustments, as a remittance lists it."""
    rows = session.execute(
        select(Adjustment.claim, BatchAdjustment.riel)
        .join(Adjustment, Adjustment.id == BatchAdjustment.adjustment_id)
        .where(BatchAdjustment.batch_id == batch_id)
        .order_by(Adjustment.id)
    )
    return [
        {"kind": SUPPLEMENT if riel > 0 else RECOVERY, "claim": claim, "riel": riel}
        for claim, riel in rows
    ]


def list_adjustments(
    *, by: Actor, limit: int, after: int | None = None, facility: str | None = None,
    waiting: bool = False,
) -> list[tuple[int, dict[str, Any]]]:  # fmt: skip
    """List adjustments with their keys, newest first; a facility sees its own."""
    taken = func.coalesce(func.sum(BatchAdjustment.riel), 0)
    query = (
        select(Adjustment, taken)
        .outerjoin(
            BatchAdjustment,
            (BatchAdjustment.adjustment_id == Adjustment.id) & BatchAdjustment.live,
        )
        .group_by(Adjustment.id)
        .order_by(Adjustment.id.desc())
        .limit(limit + 1)
    )
    if not by.nssf:
        query = query.where(Adjustment.facility == by.facility)
    if facility is not None:
        query = query.where(Adjustment.facility == facility)
    if waiting:
        query = query.having(taken != Adjustment.riel)
    if after is not None:
        query = query.where(Adjustment.id < after)
    return [(row.id, _to_item(row, int(riel), by)) for row, riel in db.session.execute(query)]


def _to_item(adjustment: Adjustment, taken: int, by: Actor) -> dict[str, Any]:
    return {
        "kind": SUPPLEMENT if adjustment.riel > 0 else RECOVERY,
        "claim": adjustment.claim,
        "facility": adjustment.facility,
        "scheme": adjustment.scheme,
        "riel": adjustment.riel,
        "waiting_riel": adjustment.riel - taken,
        # Why is for NSSF's eyes: it may be somebody's own words.
        "reason": adjustment.reason if by.nssf else None,
        "made_at": adjustment.made_at,
    }
