"""The one way a claim changes where it stands: lock it, then take a step of the state table.

Used by submission's own commands, by review and by reimbursement, always inside their transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from auth.permissions import Actor
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind
from claims.submission.deadlines import WAITING
from claims.submission.models import Claim, ClaimEvent
from claims.submission.service.clocks import recount
from claims.submission.service.reading import find_claim, find_row, own_facility
from claims.submission.states import DECIDED, ClaimState, find_transition
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, Forbidden, NotFound
from gateway.coverage import service as coverage

AUDITED = {
    "submit": "claim.submitted", "withdraw": "claim.withdrawn", "void": "claim.voided",
    "approve": "claim.approved", "reject": "claim.rejected", "return": "claim.returned",
    "propose": "claim.proposed", "lease": "claim.leased", "release_lease": "claim.lease_released",
    "reopen": "claim.reopened", "hold": "claim.held", "release": "claim.released",
    "batch": "claim.batched", "unbatch": "claim.unbatched", "pay": "claim.paid",
    "appeal": "claim.appealed", "amend": "claim.amended", "supplement": "claim.supplemented",
    "correct": "claim.corrected", "dismiss": "claim.appeal_dismissed", "escalate": "claim.escalated",
    "unpay": "claim.payment_returned",
}  # fmt: skip


# Steps after which NSSF's clock runs (again), and those that are a decision.
STARTS_CLOCK = frozenset({"release", "reopen"})
DECIDES = frozenset({"approve", "reject", "amend"})


def lock_claim(number: str, *, by: Actor) -> Claim:
    """Return a claim locked until the transaction ends; another facility's is not found."""
    query = (
        select(Claim)
        .where(Claim.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if not by.nssf:
        query = query.where(Claim.facility == by.facility)
    claim: Claim | None = db.session.scalar(query)
    if claim is None:
        raise NotFound
    return claim


def lock_own_claim(number: str, *, by: Actor) -> Claim:
    """Return a claim of the actor's own facility locked: NSSF never changes what is claimed."""
    own_facility(by)
    return lock_claim(number, by=by)


def move(claim: Claim, action: str, *, by: Actor, **details: Any) -> Claim:
    """Take one step of the state table on a locked claim: state, version, event, audit.

    Refuses what the table does not allow (409), a missing permission, and a second approval by
    the first approver (403). `details` are numbers and codes only; they go to the event and
    the audit record. The caller sets what the step means (amounts, batch) on the claim itself.
    """
    edge = find_transition(claim.state, action, awaiting=claim.awaiting, held=claim.held)
    if edge.permission not in by.permissions:
        raise Forbidden
    if edge.four_eyes and by.subject == claim.first_approver:
        raise Forbidden("four_eyes", detail="Another person has to decide this claim.")
    claim.state, claim.version = edge.target, claim.version + 1
    claim.updated_at = func.now()
    _tidy(claim, action)
    with transaction() as session:
        session.add(
            ClaimEvent(
                claim_id=claim.id, action=action, state=edge.target, by=by.subject, details=details
            )
        )
        session.flush()
        if action in STARTS_CLOCK:
            recount([claim.id])
            session.refresh(claim, ["review_by", "asked"])
        record(by, AUDITED[action], subject=claim.number, facility=claim.facility, **details)
    return claim


def _tidy(claim: Claim, action: str) -> None:
    """Let go of what a claim in its new state does not carry."""
    if action in ("hold", "release"):
        claim.held = action == "hold"
    if action == "reopen":
        claim.approved_riel = claim.decided_at = claim.first_approver = None
    if claim.state != ClaimState.IN_REVIEW or action == "propose":
        claim.lease_by = claim.lease_until = None
    if claim.state != ClaimState.IN_REVIEW:
        claim.awaiting = None
    if claim.state not in WAITING or claim.held:
        claim.review_by = None
    if claim.state not in WAITING:
        claim.escalated_at, claim.asked = None, False
    if action in DECIDES:
        claim.decided_at = func.now()


def _step(number: str, action: str, by: Actor) -> dict[str, Any]:
    with transaction():
        move(lock_own_claim(number, by=by), action, by=by)
    return find_claim(number, by=by)


def withdraw_claim(number: str, *, by: Actor) -> dict[str, Any]:
    """Take a claim back before it is reviewed; it may be changed and submitted again."""
    return _step(number, "withdraw", by)


def void_claim(number: str, *, by: Actor) -> dict[str, Any]:
    """End a claim for good; its reference stays used.

    What an approved claim was worth is no longer owed; what a paid one was paid is recovered from
    the facility's next batches. The benefit it used is given back.
    """
    with transaction():
        claim = lock_own_claim(number, by=by)
        before = ClaimState(claim.state)
        if (find_row(number, by=by)["appeal"] or {}).get("state") == "open":
            raise Conflict("appeal_open", detail="Decide the appeal first.")
        move(claim, "void", by=by)
        if before == ClaimState.APPROVED:
            ledger.reverse(Kind.APPROVED, claim.number, as_kind=Kind.REOPENED)
        _even_out(claim, paid=(claim.paid_riel or 0) if before == ClaimState.PAID else 0, by=by)
        if before in DECIDED:
            coverage.release_benefit(claim=claim.number)
    return find_claim(number, by=by)


def _even_out(claim: Claim, *, paid: int, by: Actor) -> None:
    """Leave nothing of a claim: ask back what was paid or granted on it, return what was recovered."""
    riel = paid + ledger.adjusted(claim.number)
    if riel == 0 or claim.scheme is None:
        return
    (ledger.recover if riel > 0 else ledger.supplement)(
        claim=claim.number, facility=claim.facility, scheme=claim.scheme, riel=abs(riel),
        reason="voided", by=by,
    )  # fmt: skip
