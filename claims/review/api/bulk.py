"""Bulk approval over JSON: groups of clean claims, a sample to read first, then the rest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.api.blueprint import blp, whole
from claims.review.schemas import (
    BulkAnswer,
    BulkBody,
    BulkGroupList,
    ReviewedClaim,
    StepBody,
)
from config.answers import private


@blp.route("/review/groups", methods=["GET"])
@requires(Permission.CLAIM_REVIEW)
@blp.response(200, BulkGroupList)
def list_groups() -> Response:
    """List the groups of clean claims for the same services, largest first."""
    return private({"items": [asdict(one) for one in review.list_groups(by=current_actor())]})


@blp.route("/review/bulk", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(BulkBody)
@blp.response(201, BulkAnswer)
def open_bulk(body: dict[str, str]) -> ResponseReturnValue:
    """Gather up to 200 claims of a group and draw the sample to be read."""
    bulk = review.open_bulk(by=current_actor(), **body)
    return private(bulk), 201, {"Location": f"/api/v1/review/bulk/{bulk['number']}"}


@blp.route("/review/bulk/<number>", methods=["GET"])
@requires(Permission.CLAIM_REVIEW)
@blp.response(200, BulkAnswer)
def show_bulk(number: str) -> Response:
    """Show a bulk approval of one's own: its sample and what became of the rest."""
    return private(review.find_bulk(number, by=current_actor()))


@blp.route("/review/bulk/<number>/next", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(StepBody, required=False)
@blp.response(200, ReviewedClaim)
@blp.alt_response(204, description="The whole sample is decided")
def next_of_sample(_body: dict[str, Any], number: str) -> Response:
    """Lease the next claim of the sample."""
    claim = review.next_of_sample(number, by=current_actor())
    return Response(status=204) if claim is None else whole(claim)


@blp.route("/review/bulk/<number>/approve", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(StepBody, required=False)
@blp.response(200, BulkAnswer)
def approve_rest(_body: dict[str, Any], number: str) -> Response:
    """Approve the rest, each claim by itself; what changed meanwhile is skipped."""
    return private(review.approve_rest(number, by=current_actor()))


@blp.route("/review/bulk/<number>/abandon", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(StepBody, required=False)
@blp.response(200, BulkAnswer)
def abandon_bulk(_body: dict[str, Any], number: str) -> Response:
    """Give a bulk approval up; its claims stay in the queue."""
    return private(review.abandon_bulk(number, by=current_actor()))
