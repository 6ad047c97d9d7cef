"""What waits to be batched: claims of each facility and scheme, adjustments, members' allowances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, func, select

from auth.permissions import Actor, Permission
from claims.allowances import queries as allowances
from claims.allowances.models import Allowance
from claims.allowances.states import AllowanceState
from claims.reimbursement import queries
from claims.reimbursement.service import members
from claims.reimbursement.service.batches import check_finance
from claims.review import service as review
from claims.submission.models import Claim
from claims.submission.states import ClaimState
from config import clock
from config.db import transaction


@dataclass(frozen=True, slots=True)
class Due:
    """Owed and in no batch: one facility and scheme, or all members (no facility).

    `facility_held` says that nothing of the facility is batched before somebody releases it.
    """

    facility: str | None
    scheme: str
    claims: int = 0
    riel: int = 0
    held_claims: int = 0
    held_riel: int = 0
    supplements_riel: int = 0
    recoveries_riel: int = 0
    oldest_decision: datetime | None = None
    facility_held: bool = False

    @property
    def due_riel(self) -> int:
        """Return what the next batch would pay, were all recoveries set off against it."""
        return max(0, self.riel + self.supplements_riel + self.recoveries_riel)


def list_due(*, by: Actor) -> list[Due]:
    """List what waits to be batched, the longest waiting first."""
    check_finance(by, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)
    now = clock.now()
    with transaction() as session:
        due = {(one.facility, one.scheme): one for one in map(_due, session.execute(_claims()))}
        waiting = queries.waiting_adjustments(session, before=now, facility=None, scheme=None)
        for (code, scheme), left in waiting.items():
            due[code, scheme] = replace(
                due.get((code, scheme), Due(code, scheme)),
                supplements_riel=sum(one.riel for one in left if one.riel > 0),
                recoveries_riel=sum(one.riel for one in left if one.riel < 0),
            )
        cash = _due((None, members.SCHEME, *session.execute(_allowances()).one()))
        held = review.held_facilities(session)
    listed = [replace(one, facility_held=one.facility in held) for one in due.values()]
    if cash.claims or cash.held_claims:
        listed.append(cash)
    return sorted(
        listed, key=lambda one: (one.oldest_decision or now, one.facility or "", one.scheme)
    )


def _claims() -> Executable:
    free, held = Claim.held.is_(False), Claim.held.is_(True)
    return (
        select(
            Claim.facility,
            Claim.scheme,
            func.count().filter(free),
            func.coalesce(func.sum(Claim.approved_riel).filter(free), 0),
            func.count().filter(held),
            func.coalesce(func.sum(Claim.approved_riel).filter(held), 0),
            func.min(Claim.decided_at),
        )
        .where(Claim.state == ClaimState.APPROVED, Claim.batch_number.is_(None))
        .group_by(Claim.facility, Claim.scheme)
    )


def _allowances() -> Executable:
    payable, stopped = allowances.CLAIM_HOLDS, ~allowances.CLAIM_HOLDS
    riel = func.sum(Allowance.approved_riel)
    return select(
        func.count().filter(payable),
        func.coalesce(riel.filter(payable), 0),
        func.count().filter(stopped),
        func.coalesce(riel.filter(stopped), 0),
        func.min(Allowance.decided_at),
    ).where(Allowance.state == AllowanceState.APPROVED)


def _due(row: Any) -> Due:
    """Make whole riel of the sums, which the database gives as decimals."""
    facility, scheme, claims, riel, held_claims, held_riel, oldest = row
    return Due(
        facility, scheme, claims, int(riel), held_claims, int(held_riel), oldest_decision=oldest
    )
