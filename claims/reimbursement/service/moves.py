"""Move the claims of batches at once, by the same table of states as a single claim.

A payment may hold tens of thousands of claims, so this is one statement rather than a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.reimbursement.models import Batch
from claims.submission.models import Claim
from claims.submission.service import AUDITED
from claims.submission.states import ClaimState, next_state

SOURCES = {
    "batch": ClaimState.APPROVED,
    "unbatch": ClaimState.BATCHED,
    "pay": ClaimState.BATCHED,
    "unpay": ClaimState.PAID,
}
MOVE = text(
    """
WITH meant AS (
    SELECT b.claim_id, b.riel, m.batch, m.remittance
      FROM unnest(CAST(:ids AS bigint[]), CAST(:batches AS text[]), CAST(:remittances AS text[]))
           AS m(id, batch, remittance)
      JOIN batch_claims b ON b.batch_id = m.id AND b.live
       AND (CAST(:numbers AS text[]) IS NULL OR b.claim_number = ANY(CAST(:numbers AS text[])))
), moved AS (
    UPDATE claims c
       SET state = :target, version = version + 1, updated_at = now(),
           batch_number = CASE WHEN :target <> 'approved' THEN m.batch END,
           remittance_number = m.remittance,
           paid_riel = CASE WHEN :target = 'paid' THEN approved_riel END
      FROM meant m
     WHERE m.claim_id = c.id AND c.state = :source AND m.riel = c.approved_riel
    RETURNING c.id, c.number, c.facility, jsonb_build_object('batch', m.batch) AS details
), told AS (
    INSERT INTO claim_events (claim_id, action, state, by, details)
    SELECT id, :action, :target, :by, details FROM moved
), audited AS (
    INSERT INTO audit_events (actor, action, subject, facility, details)
    SELECT :by, :audited, number, facility, details FROM moved
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM meant)
"""
)


def move_claims(
    session: Session,
    batches: Sequence[Batch],
    action: str,
    *,
    by: Actor,
    remittances: Sequence[str | None] | None = None,
    numbers: Sequence[str] | None = None,
) -> None:
    """Take the live claims of batches, or the named ones, along one edge; all, or nothing at all.

    What is paid keeps the remittance of its batch, in the order of the batches.
    """
    source = SOURCES[action]
    session.flush()
    values: dict[str, Any] = {
        "ids": [batch.id for batch in batches],
        "batches": [batch.number for batch in batches],
        "remittances": list(remittances or [None] * len(batches)),
        "numbers": list(numbers) if numbers is not None else None,
        "source": source.value,
        "target": next_state(source, action).value,
        "action": action,
        "audited": AUDITED[action],
        "by": by.subject,
    }
    moved, meant = session.execute(MOVE, values).one()
    if moved != meant:
        names = ", ".join(batch.number for batch in batches[:3])
        raise RuntimeError(f"{names}: {moved} of {meant} claims could {action}")
    for known in session.identity_map.values():
        if isinstance(known, Claim):
            session.expire(known)
