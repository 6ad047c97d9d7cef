"""Approve clean claims without reading each: in bulk after a sample was read, or by the policy.

Clean is a claim with nothing found beyond remarks and no signal. One that would need a second
person is left to people, whoever asks.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from auth.permissions import Actor, system_actor
from claims.adjudication.reasons import CATALOGUE
from claims.review.rules import FIRST, decide_lines
from claims.review.service.access import limited_by_day, lock, new_decision, rules_of
from claims.review.service.effect import facts_of, take_effect
from claims.review.service.leases import lease
from claims.submission.models import Claim
from claims.submission.states import ClaimState
from config.db import transaction
from config.jobs import task

APPROVED, SKIPPED, SECOND_PERSON = "approved", "skipped", "second_person"
AUTO = system_actor("auto-approval")


def is_clean(claim: Claim) -> bool:
    """Tell whether a claim waits with nothing against it: no doubt, no signal, no hold, no lease."""
    waits = claim.state == ClaimState.SUBMITTED and not claim.held and not claim.asked
    return waits and claim.package is not None and claim.risk == 0


def approve_clean(session: Session, claim: Claim, *, by: Actor, bulk: str | None = None) -> str:
    """Approve a locked clean claim as the rules say; leave it where a second person is needed."""
    if not is_clean(claim):
        return SKIPPED
    facts = facts_of(session, claim)
    verdict = decide_lines(
        facts, (), known_reasons=CATALOGUE,
        four_eyes_above_riel=rules_of(claim).four_eyes_above_riel,
    )  # fmt: skip
    verdict = limited_by_day(session, claim, verdict, by)
    if verdict.causes or verdict.riel != claim.payable_riel or verdict.riel == 0:
        return SECOND_PERSON
    lease(session, claim, by=by)
    decision = new_decision(claim, "approve", by, FIRST)
    decision.lines = [asdict(line) for line in verdict.lines]
    decision.approved_riel, decision.bulk = verdict.riel, bulk
    take_effect(session, claim, facts, verdict.lines, by=by)
    session.add(decision)
    return APPROVED


@task("review.auto_approve")
def auto_approve(claim: str) -> None:
    """Approve a claim that was clean and small when it was submitted, if it still is."""
    with transaction() as session:
        row = lock(claim, AUTO)
        limit = rules_of(row).auto_approve_below_riel
        if limit is not None and row.claimed_riel < limit:
            approve_clean(session, row, by=AUTO)
