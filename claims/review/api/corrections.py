"""Corrections of overpayments over JSON: proposed by one person, confirmed by another."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.api.blueprint import blp
from claims.review.schemas import (
    CorrectionBody,
    CorrectionDecision,
    CorrectionEntry,
    CorrectionList,
)
from config.answers import private


@blp.route("/claims/<number>/correct", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(CorrectionBody)
@blp.response(201, CorrectionEntry)
def propose_correction(body: dict[str, Any], number: str) -> ResponseReturnValue:
    """Propose that a paid claim was worth less than was paid on it."""
    correction = review.propose_correction(
        number, riel=body["approved_riel"], reason=body["reason"], by=current_actor()
    )
    return private(CorrectionEntry().dump(correction)), 201


@blp.route("/claims/<number>/correct/decide", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(CorrectionDecision)
@blp.response(200, CorrectionEntry)
def decide_correction(body: dict[str, bool], number: str) -> Response:
    """Confirm a correction, which recovers the difference, or refuse it."""
    correction = review.decide_correction(number, confirm=body["confirm"], by=current_actor())
    return private(CorrectionEntry().dump(correction))


@blp.route("/review/corrections", methods=["GET"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.response(200, CorrectionList)
def list_corrections() -> Response:
    """List the corrections that wait for a second person."""
    found = review.list_corrections(by=current_actor())
    return private({"items": CorrectionEntry(many=True).dump(found)})
