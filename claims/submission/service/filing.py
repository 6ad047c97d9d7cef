"""Filing and changing claims: what a facility sends is judged and stored in one transaction.

Idempotent per (facility, facility_reference): the unique constraint decides between two at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from auth.permissions import Actor
from claims.submission import queries
from claims.submission.models import Claim
from claims.submission.rules import Body, canonical
from claims.submission.service import answers, clocks, writes
from claims.submission.service.calendar import calendar_at
from claims.submission.service.judging import flag, judge_claim
from claims.submission.service.messages import FACILITY, close_questions
from claims.submission.service.moving import lock_own_claim
from claims.submission.service.reading import find_claim, own_facility, rules_of
from claims.submission.states import EDITABLE, ClaimState, find_transition
from config import clock
from config.audit import record
from config.db import driver, transaction
from config.errors import Conflict, Forbidden, Invalid, Precondition
from config.numbers import new_number


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
    with transaction() as session:
        connection = driver(session)
        writes.lock_person(connection, body.card_key)
        gathered = _gather(connection, body, facility)
        if gathered.existing is not None:
            return _again(gathered.existing, body, by=by)
        _refuse_loose_links(body, gathered)
        judged = judge_claim(body, facility=facility, gathered=gathered) if body.submit else None
        columns = writes.columns_of(body, judged) | {
            "number": new_number("C"),
            "facility": facility,
            "facility_reference": body.data["facility_reference"],
            "created_by": by.subject,
            "submitted_by": by.subject if body.submit else None,
        }
        columns |= clocks.queue_columns(body, columns, gathered.generation)
        steps = writes.steps_of(body.submit)
        row = writes.insert_claim(
            connection, columns, lines=writes.lines_of(body, judged), steps=steps, by=by.subject
        )
        if row is None:
            taken = _gather(connection, body, facility).existing
            if taken is None:
                raise Conflict("in_progress", detail="This reference is being used right now.")
            return _again(taken, body, by=by)
        flag(connection, row, judged, gathered)
        clocks.offer(row, gathered.generation)
        _audit(row, "claim.submitted" if body.submit else "claim.drafted", by=by)
    rules = rules_of(row, gathered.generation)
    new = row | answers.as_found(steps, at=row["created_at"])
    calendar = calendar_at(gathered.generation)
    claim = answers.to_claim(new, rules=rules, calendar=calendar, nssf=by.nssf)
    return Filed(claim, created=True)


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
    with transaction() as session:
        gathered = _gather(driver(session), body, facility)
        _refuse_loose_links(body, gathered)
        judged = judge_claim(body, facility=facility, gathered=gathered)
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
        row = _rewrite(driver(session), claim, body, submit=body.submit, replaced=True, by=by)
        session.expire(claim)
    return find_claim(row["number"], by=by)


def submit_stored(number: str, *, by: Actor) -> dict[str, Any]:
    """Queue a draft, returned or withdrawn claim: it is judged anew, by today's knowledge."""
    with transaction() as session:
        claim = lock_own_claim(number, by=by)
        find_transition(claim.state, "submit", awaiting=claim.awaiting, held=claim.held)
        body = Body(dict(claim.body), submit=True, digest=claim.body_hash)
        row = _rewrite(driver(session), claim, body, submit=True, replaced=False, by=by)
        session.expire(claim)
    return find_claim(row["number"], by=by)


def _rewrite(
    connection: Connection[Any],
    claim: Claim,
    body: Body,
    *,
    submit: bool,
    replaced: bool,
    by: Actor,
) -> dict[str, Any]:
    """Store a claim's content anew, judged if it is queued."""
    judged = None
    # What was withdrawn is filed anew; a returned claim was filed in time if it was at first.
    fresh, filed_before = claim.state == ClaimState.WITHDRAWN, claim.first_submitted_at
    if submit:
        writes.lock_person(connection, body.card_key)
    gathered = _gather(connection, body, claim.facility)
    _refuse_loose_links(body, gathered)
    if submit:
        judged = judge_claim(
            body,
            facility=claim.facility,
            gathered=gathered,
            number=claim.number,
            first_submitted_on=(
                None if fresh or filed_before is None else clock.day_of(filed_before)
            ),
        )
    state = ClaimState.SUBMITTED if submit else ClaimState(claim.state)
    columns = writes.columns_of(body, judged) | {"state": state}
    columns |= clocks.queue_columns(body, columns, gathered.generation)
    if submit:
        columns["submitted_by"] = by.subject
    row = writes.replace_content(
        connection, claim.id, columns, lines=writes.lines_of(body, judged),
        steps=_steps(claim.state, submit=submit, replaced=replaced),
        by=by.subject, fresh=fresh and submit,
    )  # fmt: skip
    flag(connection, row, judged, gathered)
    clocks.offer(row, gathered.generation)
    if replaced:
        _audit(row, "claim.replaced", by=by)
    if submit:
        close_questions(claim.id, by_side=FACILITY)
        _audit(row, "claim.submitted", by=by)
    return row


def _steps(state: str, *, submit: bool, replaced: bool) -> list[dict[str, str]]:
    steps = [{"action": "replace", "state": state}] if replaced else []
    return [*steps, {"action": "submit", "state": ClaimState.SUBMITTED}] if submit else steps


def _gather(connection: Connection[Any], body: Body, facility: str) -> queries.Gathered:
    return queries.gather(
        connection,
        facility=facility,
        reference=body.data["facility_reference"],
        card_key=body.card_key,
        days=[body.service_from, body.service_to, *(line.service_date for line in body.lines())],
        visit=body.data["visit"],
        replaces=body.data["replaces"],
    )


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


def _audit(row: Mapping[str, Any], action: str, *, by: Actor) -> None:
    record(
        by, action, subject=row["number"], facility=row["facility"],
        claimed_riel=row["claimed_riel"], payable_riel=row["payable_riel"],
    )  # fmt: skip


def _again(existing: tuple[str, str], body: Body, *, by: Actor) -> Filed:
    number, digest = existing
    if digest != body.digest:
        raise Conflict(
            "reference_used", detail="This facility_reference is used by another claim.",
            number=number,
        )  # fmt: skip
    return Filed(find_claim(number, by=by), created=False)
