"""Steps beside the decision: hold, release, reopen; and what was decided so far."""

from __future__ import annotations

from typing import Any

from auth.permissions import Actor, Permission
from claims.ledger import service as ledger
from claims.review import queries
from claims.review.models import ReviewDecision
from claims.review.rules import FIRST
from claims.review.service.access import (
    check_distance,
    check_reviewer,
    find,
    lock,
    new_decision,
)
from claims.review.service.effect import forget_lines, undo
from claims.submission import service as submission
from claims.submission.states import find_transition
from config.db import transaction
from config.errors import Conflict, NotFound
from config.words import N_


def list_decisions(number: str, *, by: Actor) -> list[ReviewDecision]:
    """List everything decided on a claim, proposals included; for NSSF only."""
    if not by.nssf:
        raise NotFound
    with transaction() as session:
        return queries.decisions(session, find(session, number).id)


def hold(number: str, *, by: Actor, reason: str) -> dict[str, Any]:
    """Hold a claim: it is neither leased nor batched until it is released."""
    return _beside(number, "hold", by=by, reason=reason)


def release(number: str, *, by: Actor, reason: str) -> dict[str, Any]:
    """Release a held claim."""
    return _beside(number, "release", by=by, reason=reason)


def reopen(number: str, *, by: Actor, reason: str) -> dict[str, Any]:
    """Take an approved claim that is in no batch back to the queue and undo its liability."""
    return _beside(number, "reopen", by=by, reason=reason)


def _beside(number: str, action: str, *, by: Actor, reason: str) -> dict[str, Any]:
    check_reviewer(by, Permission.CLAIM_APPROVE)
    with transaction() as session:
        claim = lock(number, by)
        check_distance(claim, by)
        find_transition(claim.state, action, awaiting=claim.awaiting, held=claim.held)
        decision = new_decision(claim, action, by, FIRST)
        decision.reason, decision.final = reason, True
        session.add(decision)
        # The reason is free text: it is kept with the decision, never in the audit trail.
        if action == "reopen":
            _check_unadjusted(number)
            _check_unappealed(number, by)
            undo(claim)
            forget_lines(session, claim)
        submission.move(claim, action, by=by)
    return submission.find_claim(number, by=by)


def _check_unappealed(number: str, by: Actor) -> None:
    """Refuse to decide anew what an open appeal was filed against."""
    if (submission.find_claim(number, by=by)["appeal"] or {}).get("state") == "open":
        raise Conflict("appeal_open", detail=N_("Decide the appeal first."))


def _check_unadjusted(number: str) -> None:
    """Refuse to decide anew what a supplement or recovery went beyond: it would count twice."""
    if ledger.adjusted(number):
        raise Conflict(
            "claim_adjusted",
            detail=N_("The payment of this claim was adjusted: it can be voided, not reopened."),
        )
