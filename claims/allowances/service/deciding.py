"""NSSF decides on an allowance: approve, reject, return, compute again, reopen.

Each command locks the row first, so of two decisions at once one is refused. An approval posts what
is owed to the member in the same transaction; above the policy's limit it takes two people.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.adjudication.reasons import CATALOGUE as CLAIM_REASONS
from claims.allowances import queries
from claims.allowances.models import Allowance
from claims.allowances.reasons import CATALOGUE
from claims.allowances.rules.asking import Wish
from claims.allowances.rules.deciding import amount_of, causes_of, said_by
from claims.allowances.rules.facts import REFUND
from claims.allowances.service.filing import store
from claims.allowances.service.gathering import fill
from claims.allowances.service.moving import lock, move
from claims.allowances.service.reading import find_allowance
from claims.allowances.states import SECOND_APPROVAL, find_transition
from claims.attachments.service import kinds_of
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind
from claims.ledger.ledger import allowance as approval
from claims.review.service.access import check_reviewer, own_facilities, same_human
from claims.submission.service.writes import lock_person
from config.db import driver, transaction
from config.errors import Conflict, Forbidden, Invalid
from config.words import N_
from gateway.coverage.service import policy_set

RECEIPT = "invoice"


def approve(
    number: str,
    *,
    by: Actor,
    approved_riel: int | None = None,
    reason: str | None = None,
    note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:
    """Approve an allowance as computed or for less, or propose it to a second person."""
    words: dict[str, Any] = {"reason": reason, "note": note, "internal_note": internal_note}
    with transaction() as session:
        allowance = _open(session, number, "approve", by)
        _check_ready(session, allowance)
        first = allowance.awaiting != SECOND_APPROVAL
        riel, faults = amount_of(
            allowance.computation, wish=approved_riel, reason=_known(reason),
            proposed=None if first else allowance.proposed_riel,
        )  # fmt: skip
        if faults:
            raise Invalid(errors=faults)
        limit = policy_set().claim_rules(None, allowance.event_on).four_eyes_above_riel
        if first and causes_of(allowance.computation, riel, limit):
            move(session, allowance, "propose", by=by, riel=riel, **words)
            allowance.awaiting, allowance.first_approver = SECOND_APPROVAL, by.subject
            allowance.proposed_riel = riel
        else:
            _take_effect(session, allowance, riel, by=by, **words)
    return find_allowance(number, by=by)


def reject(
    number: str, *, by: Actor, reason: str | None, note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Reject an allowance, for a reason of the catalogues."""
    words: dict[str, Any] = {"reason": reason, "note": note, "internal_note": internal_note}
    return _end(number, "reject", by, words)


def send_back(
    number: str, *, by: Actor, reason: str | None, note: str | None = None,
    internal_note: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return an allowance to who filed it, with a reason and in the note a question."""
    words: dict[str, Any] = {"reason": reason, "note": note, "internal_note": internal_note}
    return _end(number, "return", by, words)


def reopen(number: str, *, by: Actor, reason: str) -> dict[str, Any]:
    """Take an approved allowance that is in no batch back to review; its posting is undone."""
    with transaction() as session:
        allowance = _open(session, number, "reopen", by)
        ledger.reverse(Kind.ALLOWANCE_APPROVED, number, as_kind=Kind.ALLOWANCE_REOPENED)
        allowance.approved_riel = None
        move(session, allowance, "reopen", by=by, internal_note=reason)
    return find_allowance(number, by=by)


def compute_again(number: str, *, by: Actor) -> dict[str, Any]:
    """Compute a waiting allowance anew: months, wages or rules have come in since."""
    with transaction() as session:
        allowance = _open(session, number, "compute", by)
        lock_person(driver(session), allowance.card_key)
        store(session, allowance, Wish(dict(allowance.body)), by=by)
        move(session, allowance, "compute", by=by, riel=allowance.computed_riel)
    return find_allowance(number, by=by)


def _end(number: str, action: str, by: Actor, words: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        allowance = _open(session, number, action, by)
        if _known(words["reason"]) is None:
            raise Invalid(errors=[{"pointer": "/reason", "message": N_("A reason is needed.")}])
        move(session, allowance, action, by=by, **words)
    return find_allowance(number, by=by)


def _open(session: Session, number: str, action: str, by: Actor) -> Allowance:
    """Lock an allowance for a decision: NSSF only, never one's own or one's own facility's."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    allowance = lock(session, number, by=by)
    if allowance.facility is not None and allowance.facility in own_facilities(by):
        raise Forbidden(
            "own_facility", detail=N_("Nobody decides on allowances of the own facility.")
        )
    if same_human(by.subject, allowance.created_by, allowance.submitted_by):
        raise Forbidden("own_allowance", detail=N_("Nobody decides on an allowance they filed."))
    edge = find_transition(allowance.state, action, awaiting=allowance.awaiting)
    check_reviewer(by, edge.permission)
    if edge.second and same_human(by.subject, allowance.first_approver):
        raise Forbidden("same_person", detail=N_("Another person must agree."))
    return allowance


def _check_ready(session: Session, allowance: Allowance) -> None:
    """Refuse to approve what rests on a claim that no longer stands, or on no receipt."""
    claim_state = queries.state_of_claim(session, allowance.claim)
    if allowance.claim and claim_state not in queries.CLAIM_STANDS:
        raise Conflict(
            "claim_not_approved",
            detail=N_("The claim that reports the event is not approved."),
            claim=allowance.claim,
        )
    if allowance.kind == REFUND and RECEIPT not in kinds_of(allowance.number):
        raise Conflict("receipt_missing", detail=N_("A refund needs the receipt of the facility."))
    if allowance.kind == REFUND:
        _check_still_so(session, allowance)


def _check_still_so(session: Session, allowance: Allowance) -> None:
    """Refuse a refund that comes out otherwise by now: a facility has claimed the care since, say."""
    lock_person(driver(session), allowance.card_key)
    before = said_by(allowance.computation)
    with session.no_autoflush:
        fill(session, allowance, Wish(dict(allowance.body)))
        now = said_by(allowance.computation)
        session.expire(allowance)
    if now != before:
        raise Conflict(
            "computed_otherwise",
            detail=N_("The same care comes out otherwise by now: compute again."),
        )


def _take_effect(
    session: Session, allowance: Allowance, riel: int, *, by: Actor, **words: str | None
) -> None:
    occasion = queries.approvals(session, allowance.id) + 1
    allowance.approved_riel = riel
    move(session, allowance, "approve", by=by, riel=riel, **words)
    ledger.post(
        approval(number=allowance.number, kind=allowance.kind, riel=riel, occasion=occasion)
    )


def _known(reason: str | None) -> str | None:
    if reason is not None and reason not in CATALOGUE and reason not in CLAIM_REASONS:
        raise Invalid(errors=[{"pointer": "/reason", "message": N_("There is no such reason.")}])
    return reason
