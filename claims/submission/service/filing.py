"""Filing and changing claims: what a facility sends is judged and stored in one transaction.

Idempotent per (facility, facility_reference): the unique constraint decides between two at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.signals.service import mark
from claims.submission import queries
from claims.submission.models import Claim
from claims.submission.rules import Body, canonical
from claims.submission.service import answers, clocks, writes
from claims.submission.service.calendar import calendar_at
from claims.submission.service.gathering import Known, gather
from claims.submission.service.judging import Judged, judge_claim, look
from claims.submission.service.messages import FACILITY, close_questions
from claims.submission.service.moving import lock_own_claim
from claims.submission.service.reading import find_claim, own_facility, rules_of
from claims.submission.states import EDITABLE, ClaimState, find_transition
from config import clock
from config.audit import act_of, record
from config.db import driver, transaction, work
from config.errors import Conflict, Forbidden, Invalid, Precondition
from config.numbers import new_number
from config.prepared import Work


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing answered: the claim, and whether it is new."""

    claim: dict[str, Any]
    created: bool


def submit_claim(loaded: Mapping[str, Any], *, by: Actor) -> Filed:
    """File a claim, and queue it unless it is a draft; the same body again is the same claim.

    Two that come at once with one reference leave one claim: the second waits and answers the
    first. Another body under a used reference is a Conflict.
    """
    facility, body = own_facility(by), canonical(loaded)
    with work() as unit:
        known = gather(unit, body, facility, judged=body.submit)
        taken = known.gathered.existing
        row = None if taken else _store(unit, body, facility, known, by=by)
    if row is None:
        return _again(taken or _taken(body, facility), body, by=by)
    generation = known.gathered.generation
    calendar, rules = calendar_at(generation), rules_of(row, generation)
    claim = answers.to_claim(row, rules=rules, calendar=calendar, nssf=by.nssf)
    return Filed(claim, created=True)


def _store(
    unit: Work, body: Body, facility: str, known: Known, *, by: Actor
) -> dict[str, Any] | None:
    """Judge and store a new claim; return its row, or None if its reference was used meanwhile."""
    gathered = known.gathered
    _refuse_loose_links(body, gathered)
    judged = judge_claim(body, facility=facility, known=known) if body.submit else None
    columns = writes.columns_of(body, judged) | {
        "number": new_number("C"),
        "facility": facility,
        "facility_reference": body.data["facility_reference"],
        "created_by": by.subject,
        "submitted_by": by.subject if body.submit else None,
        "asked": False,
    }
    columns |= clocks.queue_columns(body, columns, gathered.generation)
    steps = writes.steps_of(body.submit)
    stored = writes.insert_claim(
        unit, columns, lines=writes.lines_of(body, judged), steps=steps,
        noted=look(columns, judged, known),
        act=act_of(by, "claim.submitted" if body.submit else "claim.drafted", **_told(columns)),
        job=clocks.offer(columns, gathered.generation),
    )  # fmt: skip
    return answers.as_filed(columns, steps, at=gathered.at) if stored else None


def _taken(body: Body, facility: str) -> tuple[str, str]:
    """Return the claim that took the reference a moment ago."""
    with work() as unit:
        taken = gather(unit, body, facility, judged=False).gathered.existing
    if taken is None:
        raise Conflict("in_progress", detail="This reference is being used right now.")
    return taken


def preview_claim(loaded: Mapping[str, Any], *, by: Actor) -> dict[str, Any]:
    """Say what a claim would be worth, storing nothing but the audit record of the look-up.

    Only for a person the facility itself checked or received within 30 days.
    """
    facility, body = own_facility(by), canonical(loaded)
    dealing = queries.recent_dealing(card_key=body.card_key, facility=facility)
    if dealing is None:
        raise Forbidden(
            "no_recent_check",
            detail="Check the card or check the patient in first: within the last 30 days.",
        )
    with transaction(), work() as unit:
        known = gather(unit, body, facility, judged=True)
        _refuse_loose_links(body, known.gathered)
        judged = judge_claim(body, facility=facility, known=known)
        record(by, "claim.previewed", subject=dealing, facility=facility)
    outcome = judged.outcome.as_json() | {"approved_riel": None, "paid_riel": None}
    return {"scheme": judged.scheme, "outcome": outcome}


def replace_claim(
    number: str, loaded: Mapping[str, Any], *, version: int, by: Actor
) -> dict[str, Any]:
    """Replace what a draft, returned or withdrawn claim says; card and reference stay.

    `version` is the one the caller read: a claim changed since then is not overwritten.
    """
    body = canonical(loaded)
    with transaction() as session:
        claim = lock_own_claim(number, by=by)
        if claim.version != version:
            raise Precondition(detail=f"The claim is at version {claim.version} now.")
        if claim.state not in EDITABLE:
            find_transition(claim.state, "replace", awaiting=claim.awaiting, held=claim.held)
        _refuse_new_identity(claim, body)
        row = _rewrite(session, claim, body, submit=body.submit, replaced=True, by=by)
        session.expire(claim)
    return find_claim(row["number"], by=by)


def submit_stored(number: str, *, by: Actor) -> dict[str, Any]:
    """Queue a draft, returned or withdrawn claim: it is judged anew, by today's knowledge."""
    with transaction() as session:
        claim = lock_own_claim(number, by=by)
        find_transition(claim.state, "submit", awaiting=claim.awaiting, held=claim.held)
        body = Body(dict(claim.body), submit=True, digest=claim.body_hash)
        row = _rewrite(session, claim, body, submit=True, replaced=False, by=by)
        session.expire(claim)
    return find_claim(row["number"], by=by)


def _rewrite(
    session: Session,
    claim: Claim,
    body: Body,
    *,
    submit: bool,
    replaced: bool,
    by: Actor,
) -> dict[str, Any]:
    """Store a claim's content anew, judged if it is queued."""
    with work() as unit:
        known = gather(unit, body, claim.facility, judged=submit, number=claim.number)
    gathered, connection = known.gathered, driver(session)
    _refuse_loose_links(body, gathered)
    judged = _judge_again(claim, body, known) if submit else None
    state = ClaimState.SUBMITTED if submit else ClaimState(claim.state)
    columns = writes.columns_of(body, judged) | {"state": state}
    columns |= clocks.queue_columns(body, columns, gathered.generation)
    if submit:
        columns["submitted_by"] = by.subject
    row = writes.replace_content(
        connection, claim.id, columns, lines=writes.lines_of(body, judged),
        steps=_steps(claim.state, submit=submit, replaced=replaced),
        by=by.subject, fresh=submit and claim.state == ClaimState.WITHDRAWN,
    )  # fmt: skip
    if judged is not None:
        mark(connection, row, look(row, judged, known))
    job = clocks.offer(row, gathered.generation)
    if job is not None:
        job.statement.run(connection, job.values)
    if replaced:
        record(by, "claim.replaced", **_told(row))
    if submit:
        close_questions(claim.id, by_side=FACILITY)
        record(by, "claim.submitted", **_told(row))
    return row


def _judge_again(claim: Claim, body: Body, known: Known) -> Judged:
    """Judge a stored claim; what was withdrawn is filed anew, what was returned was filed in time."""
    fresh, filed_before = claim.state == ClaimState.WITHDRAWN, claim.first_submitted_at
    return judge_claim(
        body,
        facility=claim.facility,
        known=known,
        number=claim.number,
        first_submitted_on=None if fresh or filed_before is None else clock.day_of(filed_before),
    )


def _steps(state: str, *, submit: bool, replaced: bool) -> list[dict[str, str]]:
    steps = [{"action": "replace", "state": state}] if replaced else []
    return [*steps, {"action": "submit", "state": ClaimState.SUBMITTED}] if submit else steps


def _refuse_loose_links(body: Body, gathered: queries.Gathered) -> None:
    """A named visit or replaced claim must be the facility's own; the visit, the same person's."""
    errors = []
    if body.data["visit"] is not None and gathered.visit is None:
        errors.append({"pointer": "/visit", "message": "Not a visit of your facility."})
    elif gathered.visit is not None and gathered.visit[0] not in (None, body.card_key):
        errors.append({"pointer": "/visit", "message": "The visit is another person's."})
    if body.data["replaces"] is not None and not gathered.replaces_known:
        errors.append({"pointer": "/replaces", "message": "Not a claim of your facility."})
    if errors:
        raise Invalid(errors=errors)


def _refuse_new_identity(claim: Claim, body: Body) -> None:
    errors = []
    if body.data["facility_reference"] != claim.facility_reference:
        errors.append({"pointer": "/facility_reference", "message": "The reference stays."})
    if body.card_key != claim.card_key:
        errors.append({"pointer": "/card_number", "message": "The card stays."})
    if errors:
        raise Invalid(errors=errors)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the audit trail is told of a claim: numbers alone."""
    return {
        "subject": row["number"], "facility": row["facility"],
        "claimed_riel": row["claimed_riel"], "payable_riel": row["payable_riel"],
    }  # fmt: skip


def _again(existing: tuple[str, str], body: Body, *, by: Actor) -> Filed:
    number, digest = existing
    if digest != body.digest:
        raise Conflict(
            "reference_used", detail="This facility_reference is used by another claim.",
            number=number,
        )  # fmt: skip
    return Filed(find_claim(number, by=by), created=False)
