"""Move the claims of a batch at once, by the same table of states as a single claim.

A batch may hold tens of thousands of claims, so this is two statements rather than a loop.
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
MEANT = """
b.batch_id = :batch_id AND b.live
AND (CAST(:numbers AS text[]) IS NULL OR b.claim_number = ANY(CAST(:numbers AS text[])))
"""
MOVE = text(
    f"""
WITH moved AS (
    UPDATE claims c
       SET state = :target, version = version + 1, updated_at = now(),
           batch_number = :batch_number, remittance_number = :remittance_number,
           paid_riel = CASE WHEN :target = 'paid' THEN approved_riel END
      FROM batch_claims b
     WHERE {MEANT} AND b.claim_id = c.id AND c.state = :source AND b.riel = c.approved_riel
    RETURNING c.id, c.number, c.facility
), told AS (
    INSERT INTO claim_events (claim_id, action, state, by, details)
    SELECT id, :action, :target, :by, CAST(:details AS jsonb) FROM moved
), audited AS (
    INSERT INTO audit_events (actor, action, subject, facility, details)
    SELECT :by, :audited, number, facility, CAST(:details AS jsonb) FROM moved
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM batch_claims b WHERE {MEANT})
"""  # noqa: S608 - a condition of our own, written once for two places
)


def move_claims(
    session: Session,
    batch: Batch,
    action: str,
    *,
    by: Actor,
    batch_number: str | None,
    remittance_number: str | None = None,
    numbers: Sequence[str] | None = None,
) -> None:
    """Take the live claims of a batch, or the named ones, along one edge; all, or nothing at all."""
    source = SOURCES[action]
    session.flush()
    values: dict[str, Any] = {
        "batch_id": batch.id,
        "numbers": list(numbers) if numbers is not None else None,
        "source": source.value,
        "target": next_state(source, action).value,
        "action": action,
        "audited": AUDITED[action],
        "by": by.subject,
        "batch_number": batch_number,
        "remittance_number": remittance_number,
        "details": f'{{"batch": "{batch.number}"}}',
    }
    moved, meant = session.execute(MOVE, values).one()
    if moved != meant:
        raise RuntimeError(f"{batch.number}: {moved} of {meant} claims could {action}")
    for known in session.identity_map.values():
        if isinstance(known, Claim):
            session.expire(known)
