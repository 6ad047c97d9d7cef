"""An approved maternity claim proposes its payments: the family need not ask, only say to whom.

The job is deferred by the approval and may run twice: a claim proposes each payment once.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.permissions import system_actor
from claims.allowances import queries
from claims.allowances.rules.asking import Wish, proposals
from claims.allowances.rules.compute import NOT_PAYABLE
from claims.allowances.service.filing import new_allowance
from claims.allowances.service.gathering import fill
from claims.allowances.service.moving import note_step
from claims.allowances.states import AllowanceState
from claims.submission.models import Claim
from claims.submission.service.writes import lock_person
from config.db import driver, transaction
from config.jobs import task

TASK = "allowances.propose"


@task(TASK)
def propose_payments(claim: str) -> None:
    """Propose what an approved claim's event is paid with; what the rules refuse is left out."""
    with transaction() as session:
        row = session.scalars(select(Claim).where(Claim.number == claim)).first()
        if row is None or row.state not in queries.CLAIM_STANDS:
            return
        wishes = proposals(row.body, claim=claim, birth_order=row.birth_order)
        if wishes:
            lock_person(driver(session), row.card_key)
        for wish in wishes:
            _propose(session, row, wish)


def _propose(session: Session, claim: Claim, wish: Wish) -> None:
    by = system_actor("allowances")
    allowance = new_allowance(wish, claim.card_key, claim.card_number, claim.facility, by=by)
    allowance.state, allowance.proposed = AllowanceState.PROPOSED, True
    with session.no_autoflush:
        fill(session, allowance, wish)
        known = queries.proposed_already(session, allowance)
        asked = queries.twin_of(session, allowance)
    if known or asked or allowance.computation["verdict"] == NOT_PAYABLE:
        return
    session.add(allowance)
    session.flush()
    note_step(session, allowance, "propose_payment", by=by)
