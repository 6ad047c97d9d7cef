"""The JSON door to complaints: take down, list, show, move; figures and the person for NSSF."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.complaints import service as complaints
from claims.complaints.answers import SHEETS, sheet
from claims.complaints.rules import Filing
from claims.complaints.schemas import (
    AssignBody,
    CloseBody,
    ComplainantAnswer,
    ComplaintAnswer,
    ComplaintBody,
    ComplaintPage,
    ComplaintQuery,
    FiguresAnswer,
    ReopenBody,
    StatisticsQuery,
    TimelineAnswer,
    WordsBody,
    from_cursor,
    to_cursor,
)
from config.answers import private
from config.api import ApiBlueprint, page_of

blp = ApiBlueprint("complaints", __name__, url_prefix="/api/v1/complaints")
FILE, MANAGE = Permission.COMPLAINT_FILE, Permission.COMPLAINT_MANAGE

# The files are described beside the JSON, whose description this takes the place of.
FIGURES = {
    "application/json": {"schema": {"$ref": "#/components/schemas/FiguresAnswer"}},
    **{kind: {"schema": {"type": "string"}} for kind in SHEETS},
}


@blp.route("", methods=["POST"])
@requires(FILE, MANAGE)
@blp.arguments(ComplaintBody)
@blp.response(201, ComplaintAnswer)
def file_complaint(filing: Filing) -> Response:
    """Take a complaint down about a facility, or about a visit, claim or payment of it."""
    made = complaints.file_complaint(filing, by=current_actor())
    response = private(made, status=HTTPStatus.CREATED)
    response.headers["Location"] = f"{blp.url_prefix}/{made['number']}"
    return response


@blp.route("", methods=["GET"])
@requires(FILE, MANAGE)
@blp.arguments(ComplaintQuery, location="query")
@blp.response(200, ComplaintPage)
def list_complaints(query: dict[str, Any]) -> Response:
    """List complaints: NSSF's managers all, a facility what NSSF forwarded to it, others receipts."""
    limit, by_deadline = query.pop("limit"), query.pop("order") == "deadline"
    after = from_cursor(query.pop("cursor"), by_deadline=by_deadline)
    rows = complaints.list_complaints(
        by=current_actor(), limit=limit + 1, after=after, by_deadline=by_deadline, **query
    )
    return private(page_of(rows, limit, key=lambda row: to_cursor(row[0]), item=lambda row: row[1]))


@blp.route("/statistics", methods=["GET"])
@requires(MANAGE, Permission.STATISTICS_READ)
@blp.arguments(StatisticsQuery, location="query")
@blp.response(200, FiguresAnswer)
@blp.doc(responses={"200": {"content": FIGURES}})
def show_figures(query: dict[str, Any]) -> Response:
    """Count complaints by state, age, kind, channel and place, as JSON, CSV or XLSX; NSSF only."""
    found = complaints.count_complaints(
        by=current_actor(), from_day=query["from"], to_day=query["to"]
    )
    return private(found) if query["format"] == "json" else sheet(found, query["format"])


@blp.route("/<number>", methods=["GET"])
@requires(FILE, MANAGE)
@blp.response(200, ComplaintAnswer)
def show_complaint(number: str) -> Response:
    """Show a complaint as far as the caller may see it."""
    return private(complaints.find_complaint(number, by=current_actor()))


@blp.route("/<number>/history", methods=["GET"])
@requires(MANAGE)
@blp.response(200, TimelineAnswer)
def show_history(number: str) -> Response:
    """List every step of a complaint, oldest first."""
    return private({"items": complaints.list_timeline(number, by=current_actor())})


@blp.route("/<number>/complainant", methods=["GET"])
@requires(MANAGE)
@blp.response(200, ComplainantAnswer)
def show_complainant(number: str) -> Response:
    """Show who complained; every look is recorded."""
    return private(complaints.find_complainant(number, by=current_actor()))


@blp.route("/<number>/assign", methods=["POST"])
@requires(MANAGE)
@blp.arguments(AssignBody, required=False)
@blp.response(200, ComplaintAnswer)
def assign(body: dict[str, Any], number: str) -> Response:
    """Give a complaint to somebody at NSSF."""
    return private(complaints.assign(number, by=current_actor(), **body))


@blp.route("/<number>/forward", methods=["POST"])
@requires(MANAGE)
@blp.arguments(WordsBody)
@blp.response(200, ComplaintAnswer)
def forward(body: dict[str, Any], number: str) -> Response:
    """Ask the facility, in words written for it: it sees nothing else of the complaint."""
    return private(complaints.forward(number, by=current_actor(), **body))


@blp.route("/<number>/answer", methods=["POST"])
@requires(FILE, MANAGE)
@blp.arguments(WordsBody)
@blp.response(200, ComplaintAnswer)
def answer(body: dict[str, Any], number: str) -> Response:
    """Answer whoever complained (NSSF), or what NSSF asked (the facility)."""
    return private(complaints.answer(number, by=current_actor(), **body))


@blp.route("/<number>/close", methods=["POST"])
@requires(MANAGE)
@blp.arguments(CloseBody, required=False)
@blp.response(200, ComplaintAnswer)
def close(body: dict[str, Any], number: str) -> Response:
    """Close a complaint with what was found."""
    return private(complaints.close(number, by=current_actor(), **body))


@blp.route("/<number>/reopen", methods=["POST"])
@requires(FILE, MANAGE)
@blp.arguments(ReopenBody, required=False)
@blp.response(200, ComplaintAnswer)
def reopen(body: dict[str, Any], number: str) -> Response:
    """Take an ended complaint up anew; NSSF only, within the time for it."""
    return private(complaints.reopen(number, by=current_actor(), **body))
