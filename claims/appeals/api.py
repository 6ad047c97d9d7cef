"""The appeals' JSON door: a facility files, NSSF decides, both list."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.appeals import service as appeals
from claims.appeals.schemas import (
    AppealBody,
    AppealDecision,
    AppealEntry,
    AppealOfNssf,
    AppealPage,
    AppealQuery,
    from_cursor,
    to_cursor,
)
from claims.review.schemas import ReviewedClaim
from claims.submission.schemas import ClaimAnswer
from config.answers import private
from config.api import ApiBlueprint, etag_of, page_of

blp = ApiBlueprint("appeals", __name__, url_prefix="/api/v1")


@blp.route("/claims/<number>/appeal", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(AppealBody)
@blp.response(200, ClaimAnswer)
def file_appeal(body: dict[str, Any], number: str) -> Response:
    """Appeal against a rejection or a reduction; the claim's answer shows where it stands."""
    return _whole(appeals.file_appeal(number, by=current_actor(), **body))


@blp.route("/claims/<number>/appeal/decide", methods=["POST"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(AppealDecision)
@blp.response(200, ReviewedClaim)
def decide_appeal(body: dict[str, Any], number: str) -> Response:
    """Decide an appeal, or propose it to a second person."""
    return _whole(appeals.decide_appeal(number, by=current_actor(), **body))


@blp.route("/appeals", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(AppealQuery, location="query")
@blp.response(200, AppealPage)
def list_appeals(query: dict[str, Any]) -> Response:
    """List appeals, the first to be decided first; a facility sees its own."""
    actor, limit = current_actor(), query["limit"]
    rows = appeals.list_appeals(
        by=actor, limit=limit, state=query["state"], after=from_cursor(query["cursor"])
    )
    shape = AppealOfNssf() if actor.nssf else AppealEntry()
    return private(page_of(rows, limit, key=to_cursor, item=shape.dump))


def _whole(claim: dict[str, Any]) -> Response:
    response = private(claim)
    response.headers["ETag"] = etag_of(str(claim["version"]))
    return response
