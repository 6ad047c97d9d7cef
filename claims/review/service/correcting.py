"""Correct what was paid too much on a claim: one person proposes, another one confirms.

The claim's decision stays as recorded; the difference is recovered from the facility's next batches.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.ledger import service as ledger
from claims.review.models import Correction
from claims.review.service.access import check_distance, check_reviewer, lock, same_human, scheme_of
from claims.submission import service as submission
from claims.submission.models import Claim, ClaimMessage
from claims.submission.states import find_transition
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.words import N_
from gateway.coverage import service as coverage

SHOWN = 200


def propose_correction(number: str, *, riel: int, reason: str, by: Actor) -> Correction:
    """Propose that a paid claim was worth less than was paid on it."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    with transaction() as session:
        claim = _locked(number, by)
        _check_paid(claim)
        if _proposed(session, claim) is not None:
            raise Conflict(
                "correction_open", detail=N_("A correction of this claim waits already.")
            )
        paid = _paid(claim)
        if riel >= paid:
            said = N_("A correction gives less than was paid.")
            raise Invalid(errors=[{"pointer": "/approved_riel", "message": said}])
        correction = Correction(
            claim_id=claim.id, claim_number=number, facility=claim.facility,
            from_riel=paid, to_riel=riel, reason=reason, proposed_by=by.subject,
        )  # fmt: skip
        session.add(correction)
        session.flush()
        record(by, "correction.proposed", subject=number, facility=claim.facility, riel=riel)
        return correction


def decide_correction(number: str, *, confirm: bool, by: Actor) -> Correction:
    """Confirm a proposed correction, which recovers the difference, or refuse it.

    It may be refused wherever the claim stands by now: one voided meanwhile is not corrected.
    """
    check_reviewer(by, Permission.CLAIM_APPROVE)
    with transaction() as session:
        claim = _locked(number, by)
        if confirm:
            _check_paid(claim)
        correction = _proposed(session, claim)
        if correction is None:
            raise NotFound
        if same_human(by.subject, correction.proposed_by):
            raise Forbidden("same_person", detail=N_("Another person must agree."))
        correction.state = "confirmed" if confirm else "refused"
        correction.decided_by, correction.decided_at = by.subject, func.clock_timestamp()
        session.flush()
        session.refresh(correction)
        if confirm:
            _recover(claim, correction, by=by)
            session.add(
                ClaimMessage(
                    claim_id=claim.id, by=by.subject, side="nssf", kind="note",
                    text=correction.reason,
                )
            )  # fmt: skip
        else:
            record(by, "correction.refused", subject=number, facility=claim.facility)
        return correction


def list_corrections(*, by: Actor, number: str | None = None) -> list[Correction]:
    """List the corrections that wait for a second person, or all of one claim."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    query = select(Correction).order_by(Correction.id).limit(SHOWN)
    if number is None:
        query = query.where(Correction.state == "proposed")
    else:
        query = query.where(Correction.claim_number == number)
    with transaction() as session:
        return list(session.scalars(query))


def _recover(claim: Claim, correction: Correction, *, by: Actor) -> None:
    riel = _paid(claim) - correction.to_riel
    if riel <= 0:
        raise Conflict("correction_stale", detail=N_("Less than that is paid on the claim by now."))
    submission.move(claim, "correct", by=by, riel=riel)
    ledger.recover(
        claim=claim.number, facility=claim.facility, scheme=scheme_of(claim), riel=riel,
        reason="corrected", by=by,
    )  # fmt: skip
    if correction.to_riel == 0:
        coverage.release_benefit(claim=claim.number)


def _locked(number: str, by: Actor) -> Claim:
    claim = lock(number, by)
    check_distance(claim, by)
    return claim


def _check_paid(claim: Claim) -> None:
    find_transition(claim.state, "correct", awaiting=claim.awaiting, held=claim.held)


def _paid(claim: Claim) -> int:
    """Return what was paid on a claim in all, adjustments included."""
    return (claim.paid_riel or 0) + ledger.adjusted(claim.number)


def _proposed(session: Session, claim: Claim) -> Correction | None:
    return session.scalars(
        select(Correction)
        .where(Correction.claim_id == claim.id, Correction.state == "proposed")
        .with_for_update()
    ).first()
