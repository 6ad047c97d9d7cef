"""Approve, reject or return a claim: the first decision under a lease, or the second of four eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.adjudication.reasons import CATALOGUE
from claims.review import queries
from claims.review.rules import (
    FIRST,
    SECOND,
    LineFacts,
    LineResult,
    LineWish,
    Verdict,
    as_proposed,
    completed_wishes,
    decide_lines,
    exceeding_lines,
)
from claims.review.service.access import limited_by_day, new_decision, open_decision, rules_of
from claims.review.service.effect import facts_of, take_effect
from claims.submission import service as submission
from claims.submission.models import Claim, ClaimMessage
from claims.submission.states import SECOND_APPROVAL
from config.db import transaction
from config.errors import Conflict, Invalid
from config.words import N_


def approve(
    number: str,
    *,
    by: Actor,
    lines: Sequence[LineWish] = (),
    note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:
    """Approve a claim, or propose it to a second person where the rules ask for one.

    Above the policy's limit, against a denial and without a tariff the first approval only
    proposes. The second person agrees to the proposal or gives less, never more.
    """
    with transaction() as session:
        claim, step = open_decision(session, number, "approve", by)
        facts = facts_of(session, claim)
        verdict = _verdict(session, claim, step, facts, lines)
        if step == FIRST:
            verdict = limited_by_day(session, claim, verdict, by)
        waits = step == FIRST and bool(verdict.causes)
        decision = new_decision(claim, "approve", by, step, note=note, internal_note=internal_note)
        decision.final, decision.causes = not waits, list(verdict.causes)
        decision.lines = [asdict(line) for line in verdict.lines]
        decision.approved_riel = verdict.riel
        if waits:
            submission.move(claim, "propose", by=by, causes=list(verdict.causes))
            claim.awaiting, claim.first_approver = SECOND_APPROVAL, by.subject
        else:
            take_effect(session, claim, facts, verdict.lines, by=by)
        session.add(decision)
        _say(session, claim, by, note, internal_note)
    return submission.find_claim(number, by=by)


def reject(
    number: str,
    *,
    by: Actor,
    reason: str | None,
    note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:
    """Reject a claim whole, for a reason of the catalogue."""
    with transaction() as session:
        claim, step = open_decision(session, number, "reject", by)
        decision = new_decision(claim, "reject", by, step, note=note, internal_note=internal_note)
        decision.reason, decision.approved_riel = _known(reason), 0
        session.add(decision)
        for line in queries.lines_of(session, claim.id):
            line.approved_quantity = line.approved_riel = 0
            line.approved_unit_price_riel, line.approved_reason = None, reason
        claim.approved_riel = 0
        submission.move(claim, "reject", by=by, reason=reason)
        _say(session, claim, by, note, internal_note)
    return submission.find_claim(number, by=by)


def send_back(
    number: str,
    *,
    by: Actor,
    reason: str | None,
    note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:
    """Return a claim to its facility with a reason and, in the note, a question."""
    with transaction() as session:
        claim, step = open_decision(session, number, "return", by)
        decision = new_decision(claim, "return", by, step, note=note, internal_note=internal_note)
        decision.reason = _known(reason)
        session.add(decision)
        submission.move(claim, "return", by=by, reason=reason)
        _say(session, claim, by, note, internal_note, kind="question")
    return submission.find_claim(number, by=by)


def _verdict(
    session: Session,
    claim: Claim,
    step: int,
    facts: Sequence[LineFacts],
    wishes: Sequence[LineWish],
) -> Verdict:
    """Return the lines as approved; where a second person sets nothing, the proposal stands."""
    proposed = _proposed(session, claim) if step == SECOND else None
    verdict = decide_lines(
        facts,
        wishes if proposed is None else completed_wishes(proposed.lines, wishes),
        known_reasons=CATALOGUE,
        four_eyes_above_riel=rules_of(claim).four_eyes_above_riel,
    )
    errors = list(verdict.errors)
    if proposed is not None:
        verdict = as_proposed(proposed, verdict, wishes)
        limits = {result.line: result.riel for result in proposed.lines}
        at = {wish.line: f"/lines/{place}/approved_quantity" for place, wish in enumerate(wishes)}
        errors += [
            {"pointer": at[line], "message": "More than the first person proposed."}
            for line in exceeding_lines(limits, verdict.lines)
        ]
    if not errors and verdict.riel == 0:
        errors.append({"pointer": "/lines", "message": "Nothing is approved: reject the claim."})
    if errors:
        raise Invalid(errors=errors)
    return verdict


def _proposed(session: Session, claim: Claim) -> Verdict:
    first = queries.proposal(session, claim.id)
    if first is None:
        raise Conflict("no_proposal", detail=N_("Nobody has proposed an approval."))
    return Verdict(tuple(LineResult(**line) for line in first.lines), (), tuple(first.causes))


def _known(reason: str | None) -> str:
    if reason is None:
        raise Invalid(errors=[{"pointer": "/reason", "message": "A reason is needed."}])
    if reason not in CATALOGUE:
        raise Invalid(errors=[{"pointer": "/reason", "message": "There is no such reason."}])
    return reason


def _say(
    session: Session,
    claim: Claim,
    by: Actor,
    note: str | None,
    internal_note: str | None,
    *,
    kind: str = "note",
) -> None:
    """Store what the reviewer wrote: to the facility, and for NSSF's own eyes."""
    for words, kind_of, internal in ((note, kind, False), (internal_note, "note", True)):
        if words:
            session.add(
                ClaimMessage(
                    claim_id=claim.id,
                    by=by.subject,
                    side="nssf",
                    kind=kind_of,
                    text=words,
                    internal=internal,
                )
            )
