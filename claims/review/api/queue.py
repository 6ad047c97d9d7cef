"""The queue over JSON: what waits, the next claim, a named one, leases kept and given back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.api.blueprint import blp, whole
from claims.review.schemas import (
    LeaseUntil,
    NamedEntry,
    NamedPage,
    QueuePage,
    QueueQuery,
    ReasonBody,
    ReviewedClaim,
    StepBody,
    from_cursor,
    to_cursor,
)
from config.answers import private
from config.api import PageArgs, page_of
from config.cursors import row_key


@blp.route("/review/queue", methods=["GET"])
@requires(Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
@blp.arguments(QueueQuery, location="query")
@blp.response(200, QueuePage)
def list_queue(query: dict[str, Any]) -> Response:
    """List the claims that wait for a decision: by the day it is due, then risk, then amount."""
    limit = query["limit"]
    rows = review.list_queue(
        by=current_actor(),
        limit=limit,
        after=from_cursor(query["cursor"]),
        awaiting=query["awaiting"],
        overdue=query["overdue"],
    )
    return private(page_of(rows, limit, key=to_cursor, item=to_entry))


@blp.route("/review/next", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.response(200, ReviewedClaim)
@blp.alt_response(204, description="No claim waits")
def next_claim() -> Response:
    """Lease the next claim for 15 minutes; asking again gives another one."""
    claim = review.next_claim(by=current_actor())
    return Response(status=204) if claim is None else whole(claim)


@blp.route("/claims/<number>/lease", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(ReasonBody)
@blp.response(200, ReviewedClaim)
def take_claim(body: dict[str, str], number: str) -> Response:
    """Lease a claim by its number, for a reason that is listed."""
    return whole(review.take_claim(number, by=current_actor(), reason=body["reason"]))


@blp.route("/review/<number>/renew", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(StepBody, required=False)
@blp.response(200, LeaseUntil)
def renew_lease(_body: dict[str, Any], number: str) -> Response:
    """Keep a leased claim for another 15 minutes; two hours are the most."""
    until = review.renew_lease(number, by=current_actor())
    return private({"number": number, "lease_until": until})


@blp.route("/review/<number>/put-back", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(StepBody, required=False)
@blp.response(200, ReviewedClaim)
def put_back(_body: dict[str, Any], number: str) -> Response:
    """Put a leased claim back into the queue."""
    return whole(review.put_back(number, by=current_actor()))


@blp.route("/review/named-leases", methods=["GET"])
@requires(Permission.CLAIM_APPROVE, Permission.AUDIT_READ)
@blp.arguments(PageArgs, location="query")
@blp.response(200, NamedPage)
def list_named(query: dict[str, Any]) -> Response:
    """List the claims that were taken by name, newest first."""
    limit, after = query["limit"], row_key(query["cursor"])
    rows = review.list_named(by=current_actor(), limit=limit, after=after)
    return private(page_of(rows, limit, key=lambda row: [row.id], item=NamedEntry().dump))


def to_entry(item: review.QueueItem) -> dict[str, Any]:
    """Return one row of the queue as answers show it."""
    return {name: value for name, value in asdict(item).items() if name != "id"}
