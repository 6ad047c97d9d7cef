"""The waiting line's JSON door: check somebody in, list the line, move a visit."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.api import ApiBlueprint, page_of
from gateway.visits import service as visits
from gateway.visits.schemas import (
    CheckInBody,
    NoBody,
    TransferBody,
    VisitAnswer,
    VisitFilter,
    VisitList,
    from_cursor,
    to_cursor,
    to_visit,
)
from gateway.visits.service import CheckIn

blp = ApiBlueprint("visits", __name__, url_prefix="/api/v1/visits")
STEPS = "call, start, finish, no_show, requeue, cancel"


@blp.route("", methods=["POST"])
@requires(Permission.VISIT_MANAGE)
@blp.arguments(CheckInBody)
@blp.response(201, VisitAnswer)
def check_in(arrival: CheckIn) -> Response:
    """Put somebody into the waiting line and give a ticket."""
    placed = visits.check_in(arrival, by=current_actor())
    response = _answer(to_visit(placed))
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = f"{blp.url_prefix}/{placed.visit.number}"
    return response


@blp.route("", methods=["GET"])
@requires(Permission.VISIT_MANAGE)
@blp.arguments(VisitFilter, location="query")
@blp.response(200, VisitList)
def list_visits(wanted: dict[str, Any]) -> Response:
    """List the visits of the facility in the order of the line."""
    limit, cursor = wanted.pop("limit"), wanted.pop("cursor")
    rows = visits.list_visits(
        by=current_actor(), limit=limit + 1, after=from_cursor(cursor), **wanted
    )
    return _answer(page_of(rows, limit, key=to_cursor, item=to_visit))


@blp.route("/<number>", methods=["GET"])
@requires(Permission.VISIT_MANAGE)
@blp.response(200, VisitAnswer)
def show_visit(number: str) -> Response:
    """Show one visit and how many wait before it."""
    return _answer(to_visit(visits.find_visit(number, by=current_actor())))


@blp.route(f"/<number>/<any({STEPS}):action>", methods=["POST"])
@requires(Permission.VISIT_MANAGE)
@blp.arguments(NoBody, required=False)
@blp.response(200, VisitAnswer)
def step(_body: dict[str, Any], number: str, action: str) -> Response:
    """Call, start, finish, mark as not come, put back into the line, or cancel a visit."""
    return _answer(to_visit(visits.step(number, action, by=current_actor())))


@blp.route("/<number>/transfer", methods=["POST"])
@requires(Permission.VISIT_MANAGE)
@blp.arguments(TransferBody)
@blp.response(200, VisitAnswer)
def transfer(body: dict[str, Any], number: str) -> Response:
    """Send the patient to another ward, where a new ticket is given."""
    placed = visits.step(number, "transfer", by=current_actor(), ward=body["ward"])
    return _answer(to_visit(placed))


def _answer(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response
