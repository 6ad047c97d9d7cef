"""The reviewers' JSON door: the queue, the next claim, decisions, hold, release and reopen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.schemas import (
    DecisionBody,
    DecisionEntry,
    DecisionList,
    QueuePage,
    QueueQuery,
    ReasonBody,
    ReviewedClaim,
    from_cursor,
    to_cursor,
)
from config.api import ApiBlueprint, etag_of, page_of

blp = ApiBlueprint("review", __name__, url_prefix="/api/v1")


@blp.route("/review/queue", methods=["GET"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(QueueQuery, location="query")
@blp.response(200, QueuePage)
def list_queue(query: dict[str, Any]) -> Response:
    """List the claims that wait for a decision, oldest first."""
    limit = query["limit"]
    rows = review.list_queue(
        by=current_actor(),
        limit=limit,
        after=from_cursor(query["cursor"]),
        awaiting=query["awaiting"],
    )
    return _answer(page_of(rows, limit, key=to_cursor, item=_to_entry))


@blp.route("/review/next", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.response(200, ReviewedClaim)
@blp.alt_response(204, description="No claim waits")
def next_claim() -> Response:
    """Lease the next claim for 15 minutes; asking again gives another one."""
    claim = review.next_claim(by=current_actor())
    return Response(status=204) if claim is None else _whole(claim)


@blp.route("/claims/<number>/approve", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody, required=False)
@blp.response(200, ReviewedClaim)
def approve(body: dict[str, Any], number: str) -> Response:
    """Approve a claim, line by line, or propose it to a second person."""
    body.pop("reason", None)
    return _whole(review.approve(number, by=current_actor(), **body))


@blp.route("/claims/<number>/reject", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody)
@blp.response(200, ReviewedClaim)
def reject(body: dict[str, Any], number: str) -> Response:
    """Reject a claim for a reason of the catalogue."""
    body.pop("lines", None)
    return _whole(review.reject(number, by=current_actor(), **body))


@blp.route("/claims/<number>/return", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(DecisionBody)
@blp.response(200, ReviewedClaim)
def send_back(body: dict[str, Any], number: str) -> Response:
    """Return a claim to its facility with a reason and a question."""
    body.pop("lines", None)
    return _whole(review.send_back(number, by=current_actor(), **body))


@blp.route("/claims/<number>/hold", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def hold(body: dict[str, str], number: str) -> Response:
    """Hold a claim: it is not paid until it is released."""
    return _whole(review.hold(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/release", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def release(body: dict[str, str], number: str) -> Response:
    """Release a held claim."""
    return _whole(review.release(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/reopen", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def reopen(body: dict[str, str], number: str) -> Response:
    """Take an approved claim that is in no batch back to the queue."""
    return _whole(review.reopen(number, by=current_actor(), reason=body["reason"]))


@blp.route("/claims/<number>/decisions", methods=["GET"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.response(200, DecisionList)
def list_decisions(number: str) -> Response:
    """List everything decided on a claim, for NSSF."""
    names = tuple(DecisionEntry().fields)
    found = review.list_decisions(number, by=current_actor())
    return _answer({"items": [{name: getattr(one, name) for name in names} for one in found]})


def _to_entry(item: review.QueueItem) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if name != "id"}


def _whole(claim: dict[str, Any]) -> Response:
    """Answer a claim with its version as ETag, as its own door does."""
    response = _answer(claim)
    response.headers["ETag"] = etag_of(str(claim["version"]))
    return response


def _answer(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response
