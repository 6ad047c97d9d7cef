"""Who may decide on which claim now? Every command of review passes here, the claim's row locked.

NSSF only, never the own facility or an own claim, with a live lease or as the second of four eyes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.review import queries
from claims.review.models import ReviewDecision
from claims.review.rules import FIRST, SECOND, Verdict, scheme_to_charge, with_day_limit
from claims.submission import service as submission
from claims.submission.models import Claim
from claims.submission.states import SECOND_APPROVAL, ClaimState, find_transition
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, NotFound
from config.words import N_
from gateway.coverage import service as coverage
from gateway.coverage.policy import ClaimRules

DAY_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 2))")
WAITING = (ClaimState.SUBMITTED, ClaimState.IN_REVIEW)


class NotLeased(Conflict):
    """A first decision without a live lease of one's own."""

    code = "not_leased"
    title = N_("Lease the claim before you decide it")


def open_decision(session: Session, number: str, action: str, by: Actor) -> tuple[Claim, int]:
    """Lock a claim for a decision; say whether it is the first or the second of four eyes."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    claim = lock(number, by)
    check_distance(claim, by)
    second = claim.awaiting == SECOND_APPROVAL
    if not second and claim.state in WAITING and not is_leased(session, claim, by):
        check_reviewer(by, Permission.CLAIM_REVIEW)
        raise NotLeased(detail=N_("Ask for the next claim first; a lease lasts 15 minutes."))
    edge = find_transition(claim.state, action, awaiting=claim.awaiting, held=claim.held)
    if second and not by.may(edge.permission):
        said = N_("It waits for a second person who may approve.")
        raise Forbidden("second_approval", detail=said)
    check_reviewer(by, edge.permission)
    if second and same_human(by.subject, claim.first_approver):
        raise Forbidden("same_person", detail=N_("Another person must agree."))
    return claim, SECOND if second else FIRST


def is_leased(session: Session, claim: Claim, by: Actor) -> bool:
    """Tell whether a live lease of the claim is this actor's."""
    if claim.lease_by != by.subject or claim.lease_until is None:
        return False
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return claim.lease_until > now


def check_reviewer(by: Actor, *permissions: Permission) -> None:
    """Let only NSSF decide: a facility never reviews, whatever its client may be scoped for."""
    if not by.nssf or not any(permission in by.permissions for permission in permissions):
        raise Forbidden


def check_distance(claim: Claim, by: Actor) -> None:
    """Refuse a decision on a claim of one's own facility or that one filed."""
    if claim.facility in own_facilities(by):
        raise Forbidden("own_facility", detail=N_("Nobody decides on claims of the own facility."))
    if same_human(by.subject, claim.created_by, claim.submitted_by):
        raise Forbidden("own_claim", detail=N_("Nobody decides on a claim they filed."))


def own_facilities(by: Actor) -> tuple[str, ...]:
    """Return the facilities an actor belongs to or is declared to be tied to."""
    acted_for = (*by.facilities, by.facility) if by.facility else by.facilities
    with transaction() as session:
        declared = queries.ties(session, [by.subject])
    return (*acted_for, *(tie.tied_to for tie in declared if tie.kind == "facility"))


def same_human(subject: str, *others: str | None) -> bool:
    """Tell whether one person stands behind a subject and one of the others, as declared."""
    known = {subject, *(other for other in others if other)}
    with transaction() as session:
        behind = {
            tie.subject: tie.tied_to
            for tie in queries.ties(session, sorted(known))
            if tie.kind == "person"
        }
    people = {behind.get(other, other) for other in others if other}
    return behind.get(subject, subject) in people


def limited_by_day(session: Session, claim: Claim, verdict: Verdict, by: Actor) -> Verdict:
    """Count what the same person approved alone for the facility today, one decision at a time."""
    subjects = queries.same_person(session, by.subject)
    session.execute(DAY_LOCK, {"who": f"{subjects[0]} at {claim.facility}"})
    alone = queries.approved_alone(
        session,
        subjects=subjects,
        facility=claim.facility,
        since=clock.start_of(clock.today()),
    )
    limit = rules_of(claim).day_limit_riel
    return with_day_limit(verdict, alone_today_riel=alone, limit_riel=limit)


def find(session: Session, number: str) -> Claim:
    """Return a claim that reached NSSF; a draft has not."""
    claim = session.scalars(select(Claim).where(Claim.number == number)).first()
    if claim is None or claim.state == ClaimState.DRAFT:
        raise NotFound
    return claim


def lock(number: str, by: Actor) -> Claim:
    """Lock a claim that reached NSSF, as it is now."""
    claim = submission.lock_claim(number, by=by)
    if claim.state == ClaimState.DRAFT:
        raise NotFound
    return claim


def scheme_of(claim: Claim) -> str:
    """Return the scheme that pays a claim."""
    return scheme_to_charge(claim.scheme, category=claim.category, cause=claim.body.get("cause"))


def rules_of(claim: Claim | None) -> ClaimRules:
    """Return the claim rules of the claim's day; without a claim, today's for health care."""
    scheme = "health_care" if claim is None else scheme_of(claim)
    day = clock.today() if claim is None else claim.service_from
    return coverage.policy_set().claim_rules(scheme, day)


def new_decision(
    claim: Claim,
    decision: str,
    by: Actor,
    step: int,
    *,
    note: str | None = None,
    internal_note: str | None = None,
) -> ReviewDecision:
    """Start the record of a decision; the caller fills in what was decided."""
    return ReviewDecision(
        claim_id=claim.id,
        claim_number=claim.number,
        facility=claim.facility,
        decided_by=by.subject,
        step=step,
        decision=decision,
        final=True,
        note=note,
        internal_note=internal_note,
        claimed_riel=claim.claimed_riel,
        payable_riel=claim.payable_riel,
    )
