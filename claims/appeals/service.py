"""File an appeal and decide it: somebody else than before, under the same four eyes.

What was decided first stays as it was recorded. A won appeal replaces an approval that is in no
batch; once a claim is in payment or paid, the difference is paid on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.adjudication.reasons import CATALOGUE
from claims.appeals import queries
from claims.appeals.models import Appeal
from claims.appeals.rules import LOST, WON, faults_of, granted, refusal
from claims.ledger import service as ledger
from claims.review.queries import lines_of
from claims.review.rules import FIRST, SECOND, LineResult, LineWish, Verdict, decide_lines
from claims.review.service import access
from claims.review.service.effect import facts_of, take_effect, undo, use_benefits
from claims.submission import service as submission
from claims.submission.deadlines import due
from claims.submission.models import Claim
from claims.submission.service.calendar import calendar_at
from claims.submission.service.reading import own_facility
from claims.submission.states import ClaimState, find_transition
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from config.words import N_

UNPAID = frozenset({ClaimState.APPROVED, ClaimState.REJECTED})


def file_appeal(
    number: str, *, by: Actor, reason: str, lines: Sequence[int] = (), note: str | None = None
) -> dict[str, Any]:
    """Appeal against a rejection or a reduction within the policy's time; once for each claim."""
    facility = own_facility(by)
    with transaction() as session:
        claim = submission.lock_claim(number, by=by)
        find_transition(claim.state, "appeal", awaiting=claim.awaiting, held=claim.held)
        earlier = queries.appeal_of(session, claim.id)
        refused = refusal(
            appeal_by=submission.find_claim(number, by=by)["deadlines"]["appeal_by"],
            today=clock.today(),
            appealed=earlier is not None,
        )
        if refused is not None:
            raise Conflict(refused[0], detail=refused[1])
        _refuse_unknown_lines(session, claim, lines)
        session.add(
            Appeal(
                claim_id=claim.id, claim_number=number, facility=facility, reason=reason,
                note=note, lines=sorted(set(lines)), filed_by=by.subject,
                decide_by=_decide_by(claim), claim_state=claim.state,
                earlier_riel=_standing(claim),
                earlier_lines=[asdict(line) for line in _approved(session, claim)],
            )
        )  # fmt: skip
        submission.move(claim, "appeal", by=by)
    return submission.find_claim(number, by=by)


def decide_appeal(
    number: str,
    *,
    by: Actor,
    outcome: str,
    lines: Sequence[LineWish] = (),
    note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:
    """Decide an appeal, or propose it to a second person where the rules ask for one."""
    access.check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    with transaction() as session:
        claim, appeal = _open_appeal(session, number, by)
        if internal_note:
            appeal.internal_note = internal_note
        if outcome == LOST:
            _dismiss(session, claim, appeal, note, by=by)
        else:
            _grant(session, claim, appeal, lines, note, by=by)
    return submission.find_claim(number, by=by)


def list_appeals(
    *,
    by: Actor,
    limit: int,
    state: str | None = None,
    after: tuple[date, int] | None = None,
) -> list[Appeal]:
    """List appeals, the first to be decided first; a facility sees its own."""
    facility = None if by.nssf else own_facility(by)
    with transaction() as session:
        return queries.list_appeals(
            session, facility=facility, state=state, after=after, limit=limit
        )


def find_appeal(number: str, *, by: Actor) -> Appeal | None:
    """Return the appeal on a claim the actor may see; None when nobody appealed."""
    found = submission.find_claim(number, by=by)
    with transaction() as session:
        return session.scalars(select(Appeal).where(Appeal.claim_number == found["number"])).first()


def why_not(number: str, *, by: Actor) -> Problem | None:
    """Say why somebody may not decide an open appeal; None when they may, or there is none."""
    with transaction() as session:
        claim = access.find(session, number)
        appeal = queries.appeal_of(session, claim.id)
        if appeal is None:
            return None
        try:
            _check_person(session, claim, appeal, by)
        except Forbidden as problem:
            return problem
    return None


def _open_appeal(session: Session, number: str, by: Actor) -> tuple[Claim, Appeal]:
    """Lock a claim and its open appeal for somebody who has not decided on either before."""
    claim = access.lock(number, by)
    appeal = queries.appeal_of(session, claim.id, lock=True)
    if appeal is None:
        raise NotFound
    if appeal.state != "open":
        raise Conflict("appeal_decided", detail=N_("This appeal is decided."))
    _check_person(session, claim, appeal, by)
    return claim, appeal


def _check_person(session: Session, claim: Claim, appeal: Appeal, by: Actor) -> None:
    """Let only somebody decide who decided on neither the claim nor the appeal before."""
    access.check_distance(claim, by)
    before = queries.deciders(session, claim.id)
    if access.same_human(by.subject, *before, claim.first_approver, appeal.filed_by):
        raise Forbidden(
            "earlier_decider", detail=N_("Somebody else than before decides an appeal.")
        )
    if appeal.proposed_by is None:
        return
    if access.same_human(by.subject, appeal.proposed_by):
        raise Forbidden("same_person", detail=N_("Another person must agree."))
    if not by.may(Permission.CLAIM_APPROVE):
        said = N_("It waits for a second person who may approve.")
        raise Forbidden("second_approval", detail=said)


def _dismiss(
    session: Session, claim: Claim, appeal: Appeal, note: str | None, *, by: Actor
) -> None:
    if not note:
        raise Invalid(errors=[{"pointer": "/note", "message": "Tell the facility why."}])
    submission.move(claim, "dismiss", by=by)
    _close(session, appeal, LOST, riel=_standing(claim), note=note, by=by)


def _grant(
    session: Session,
    claim: Claim,
    appeal: Appeal,
    wishes: Sequence[LineWish],
    note: str | None,
    *,
    by: Actor,
) -> None:
    second = appeal.proposed_by is not None
    verdict = _proposed(appeal) if second else _verdict(session, claim, wishes, by)
    before = _standing(claim)
    errors = faults_of(verdict, earlier_riel=before)
    if errors:
        raise Invalid(errors=errors)
    if verdict.causes and not second:
        appeal.proposed_by, appeal.causes = by.subject, list(verdict.causes)
        appeal.proposed_at = func.clock_timestamp()
        appeal.proposed_lines = [asdict(line) for line in verdict.lines]
        appeal.answer = note
        return
    appeal.granted_lines = [asdict(line) for line in verdict.lines]
    _take_effect(session, claim, appeal, verdict, before, by=by)
    decision = access.new_decision(claim, "approve", by, SECOND if second else FIRST)
    decision.lines, decision.approved_riel = appeal.granted_lines, verdict.riel
    decision.causes = list(verdict.causes)
    session.add(decision)
    appeal.earlier_riel = before
    _close(session, appeal, WON, riel=verdict.riel, note=note or appeal.answer, by=by)


def _standing(claim: Claim) -> int:
    """Return what a claim is worth before the appeal, less what was recovered from its payment."""
    return (claim.approved_riel or 0) + ledger.adjusted(claim.number)


def _take_effect(
    session: Session, claim: Claim, appeal: Appeal, verdict: Verdict, before: int, *, by: Actor
) -> None:
    """Make a won appeal true: a new approval, or more on top of what is in payment or paid."""
    facts, state = facts_of(session, claim), ClaimState(claim.state)
    if state in UNPAID:
        if state == ClaimState.APPROVED:
            undo(claim)
        take_effect(session, claim, facts, verdict.lines, by=by, action="amend")
        # A payment that came back was corrected before: what is granted now is owed whole.
        _pay_on_top(claim, -ledger.adjusted(claim.number), by=by)
        return
    more = verdict.riel - before
    submission.move(claim, "supplement", by=by, riel=more)
    use_benefits(claim, facts, verdict.lines)
    appeal.supplement_riel = more
    _pay_on_top(claim, more, by=by)


def _pay_on_top(claim: Claim, riel: int, *, by: Actor) -> None:
    if riel > 0:
        ledger.supplement(
            claim=claim.number, facility=claim.facility, scheme=access.scheme_of(claim), riel=riel,
            reason="appeal", by=by,
        )  # fmt: skip


def _verdict(session: Session, claim: Claim, wishes: Sequence[LineWish], by: Actor) -> Verdict:
    verdict = decide_lines(
        facts_of(session, claim),
        wishes,
        known_reasons=CATALOGUE,
        four_eyes_above_riel=access.rules_of(claim).four_eyes_above_riel,
    )
    earlier = {line.line: line for line in _approved(session, claim)}
    return access.limited_by_day(session, claim, granted(verdict, earlier, wishes), by)


def _proposed(appeal: Appeal) -> Verdict:
    lines = tuple(LineResult(**line) for line in appeal.proposed_lines or ())
    return Verdict(lines, (), tuple(appeal.causes))


def _approved(session: Session, claim: Claim) -> list[LineResult]:
    """Return the lines as they were approved before; of a rejected claim, nothing."""
    return [
        LineResult(
            line.line, line.approved_quantity or 0, line.approved_unit_price_riel or 0,
            line.approved_riel or 0, line.approved_reason,
        )
        for line in lines_of(session, claim.id)
    ]  # fmt: skip


def _close(
    session: Session, appeal: Appeal, state: str, *, riel: int, note: str | None, by: Actor
) -> None:
    appeal.state, appeal.decided_by, appeal.answer = state, by.subject, note
    appeal.granted_riel, appeal.earlier_riel = riel, min(appeal.earlier_riel, riel)
    appeal.decided_at = func.clock_timestamp()
    session.flush()


def _decide_by(claim: Claim) -> date:
    rules = access.rules_of(claim)
    day = due(
        clock.today(), rules.review_within_days,
        counted=rules.deadline_days, calendar=calendar_at(),
    )  # fmt: skip
    return day or clock.today()


def _refuse_unknown_lines(session: Session, claim: Claim, lines: Sequence[int]) -> None:
    known = {line.line for line in lines_of(session, claim.id)}
    if not set(lines) <= known:
        raise Invalid(errors=[{"pointer": "/lines", "message": "The claim has no such line."}])
