"""What waits to be batched: the approved claims of each facility and scheme, and those on hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from auth.permissions import Actor, Permission
from claims.reimbursement.service.batches import check_finance
from claims.submission.models import Claim
from claims.submission.states import ClaimState
from config.db import db


@dataclass(frozen=True, slots=True)
class Due:
    """Approved and in no batch: one facility, one scheme."""

    facility: str
    scheme: str
    claims: int
    riel: int
    held_claims: int
    held_riel: int
    oldest_decision: datetime


def list_due(*, by: Actor) -> list[Due]:
    """List what waits to be batched, the longest waiting first."""
    check_finance(by, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)
    free, held = Claim.held.is_(False), Claim.held.is_(True)
    oldest = func.min(Claim.decided_at)
    query = (
        select(
            Claim.facility,
            Claim.scheme,
            func.count().filter(free),
            func.coalesce(func.sum(Claim.approved_riel).filter(free), 0),
            func.count().filter(held),
            func.coalesce(func.sum(Claim.approved_riel).filter(held), 0),
            oldest,
        )
        .where(Claim.state == ClaimState.APPROVED, Claim.batch_number.is_(None))
        .group_by(Claim.facility, Claim.scheme)
        .order_by(oldest, Claim.facility, Claim.scheme)
    )
    return [_due(row) for row in db.session.execute(query)]


def _due(row: Any) -> Due:
    """Make whole riel of the sums, which the database gives as decimals."""
    facility, scheme, claims, riel, held_claims, held_riel, oldest = row
    return Due(facility, scheme, claims, int(riel), held_claims, int(held_riel), oldest)
