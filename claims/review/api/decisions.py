"""Decisions over JSON: approve, reject, return, hold, release, reopen, and what was decided."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.api.blueprint import blp, whole
from claims.review.schemas import (
    DecisionBody,
    DecisionEntry,
    DecisionList,
    ReasonBody,
    ReviewedClaim,
)
from config.answers import private


@blp.route("/claims/<number>/approve", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody, required=False)
@blp.response(200, ReviewedClaim)
def approve(body: dict[str, Any], number: str) -> Response:
    """Approve a claim, line by line, or propose it to a second person."""
    body.pop("reason", None)
    return whole(review.approve(number, by=current_actor(), **body))


@blp.route("/claims/<number>/reject", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody)
@blp.response(200, ReviewedClaim)
def reject(body: dict[str, Any], number: str) -> Response:
    """Reject a claim for a reason of the catalogue."""
    body.pop("lines", None)
    return whole(review.reject(number, by=current_actor(), **body))


@blp.route("/claims/<number>/return", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody)
@blp.response(200, ReviewedClaim)
def send_back(body: dict[str, Any], number: str) -> Response:
    """Return a claim to its facility with a reason and a question."""
    body.pop("lines", None)
    return whole(review.send_back(number, by=current_actor(), **body))


@blp.route("/claims/<number>/hold", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def hold(body: dict[str, str], number: str) -> Response:
    """Hold a claim: it is not paid until it is released."""
    return whole(review.hold(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/release", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def release(body: dict[str, str], number: str) -> Response:
    """Release a held claim."""
    return whole(review.release(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/reopen", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def reopen(body: dict[str, str], number: str) -> Response:
    """Take an approved claim that is in no batch back to the queue."""
    return whole(review.reopen(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/decisions", methods=["GET"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.response(200, DecisionList)
def list_decisions(number: str) -> Response:
    """List everything decided on a claim, for NSSF."""
    names = tuple(DecisionEntry().fields)
    found = review.list_decisions(number, by=current_actor())
    return private({"items": [{name: getattr(one, name) for name in names} for one in found]})
