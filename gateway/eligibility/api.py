"""The eligibility door of the JSON API: checks, slips, disputes, and a person's own page.

Parses, asks the service once, answers. A decision is always 200, whatever the verdict.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import EXCLUDE

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.api import ApiBlueprint, page_of
from config.code_lists import CodeArgs, cached_page
from config.cursors import row_key
from config.errors import NotAcceptable
from config.json import dumps
from config.words import N_
from gateway.eligibility import service as eligibility
from gateway.eligibility import slip
from gateway.eligibility.codes import list_reasons
from gateway.eligibility.schemas import (
    CheckBody,
    DecisionAnswer,
    DependentList,
    DisputeAnswer,
    DisputeBody,
    MemberReason,
    MemberSearch,
    PersonAnswer,
    ReasonList,
    WatchedList,
    WatchedQuery,
    to_watched,
)
from gateway.eligibility.service.identify import CheckRequest

checks = ApiBlueprint("eligibility_checks", __name__, url_prefix="/api/v1/eligibility-checks")
members = ApiBlueprint("members", __name__, url_prefix="/api/v1/members")
watched = ApiBlueprint("watched_lookups", __name__, url_prefix="/api/v1/audit/lookups")
reasons = ApiBlueprint("reasons", __name__, url_prefix="/api/v1/codes/reasons")

JOSE, SVG, PDF = "application/jose", "image/svg+xml", "application/pdf"


@checks.route("", methods=["POST"])
@requires(Permission.ELIGIBILITY_CHECK)
@checks.arguments(CheckBody)
@checks.response(200, DecisionAnswer)
def check(question: CheckRequest) -> Response:
    """Decide who is covered here that day, and for what; the decision is recorded."""
    return Response(
        eligibility.check_json(question, by=current_actor()), content_type="application/json"
    )


@checks.route("/<number>", methods=["GET"])
@requires(Permission.ELIGIBILITY_CHECK)
@checks.response(200, DecisionAnswer)
def find_check(number: str) -> Response:
    """Return a recorded check as it was answered."""
    return _answer(eligibility.find_check(number, by=current_actor()))


@checks.route("/<number>/slip", methods=["GET"])
@requires(Permission.ELIGIBILITY_CHECK)
@checks.response(200, content_type=JOSE)
def find_slip(number: str) -> Response:
    """Return a check's slip: signed token (application/jose), QR code (image/svg+xml) or PDF."""
    token = eligibility.find_slip(number, by=current_actor())
    offered = (JOSE, SVG, PDF)
    wanted = request.accept_mimetypes.best_match(offered) if request.accept_mimetypes else JOSE
    if wanted == JOSE:
        return Response(token, content_type=JOSE)
    if wanted == SVG:
        return Response(slip.to_svg(token), content_type=SVG)
    if wanted == PDF:
        return Response(eligibility.print_slip(token), content_type=PDF)
    message = N_("A slip comes as application/jose, image/svg+xml or application/pdf")
    raise NotAcceptable(detail=message)


@checks.route("/<number>/dispute", methods=["POST"])
@requires(Permission.ELIGIBILITY_CHECK)
@checks.arguments(DisputeBody)
@checks.response(201, DisputeAnswer)
def dispute(body: dict[str, Any], number: str) -> Response:
    """Say what is wrong with a check; NSSF gets a correction task."""
    task = eligibility.dispute(number, kind=body["kind"], note=body["note"], by=current_actor())
    return _answer(task, status=201)


@members.route("/search", methods=["POST"])
@requires(Permission.ELIGIBILITY_CHECK)
@members.arguments(MemberSearch)
@members.response(200, PersonAnswer)
def search_member(body: dict[str, Any]) -> Response:
    """Return a person by the card number in the body; audited."""
    return _answer(eligibility.read_member(**body, by=current_actor()))


@members.route("/<card_number>", methods=["GET"])
@requires(Permission.ELIGIBILITY_CHECK)
@members.arguments(MemberReason, location="query", unknown=EXCLUDE)
@members.response(200, PersonAnswer)
def find_member(query: dict[str, Any], card_number: str) -> Response:
    """Return a person's minimal identity, cover and dependents today; audited."""
    return _answer(eligibility.read_member(card_number, **query, by=current_actor()))


@members.route("/<card_number>/dependents", methods=["GET"])
@requires(Permission.ELIGIBILITY_CHECK)
@members.arguments(MemberReason, location="query", unknown=EXCLUDE)
@members.response(200, DependentList)
def list_dependents(query: dict[str, Any], card_number: str) -> Response:
    """List a member's dependents, each with their own verdict today; audited."""
    person = eligibility.read_member(card_number, **query, by=current_actor())
    return _answer({"items": person["dependents"], "next_cursor": None})


@watched.route("", methods=["GET"])
@requires(Permission.AUDIT_READ)
@watched.arguments(WatchedQuery, location="query")
@watched.response(200, WatchedList)
def list_watched(query: dict[str, Any]) -> Response:
    """List a day's look-ups of protected members and those that led to no visit or claim."""
    limit, day = query["limit"], query["on"]
    after = row_key(query["cursor"])
    rows = eligibility.list_watched(day, by=current_actor(), after=after, limit=limit + 1)
    page = page_of(rows, limit, key=lambda one: [one.id], item=to_watched)
    return _answer(page | {"complete": eligibility.is_listed(day)})


@reasons.route("", methods=["GET"])
@requires()
@reasons.arguments(CodeArgs, location="query")
@reasons.response(200, ReasonList)
def list_reason_codes(query: dict[str, Any]) -> Response:
    """List every reason code with its Khmer and English text, next step, source and CARC."""
    found = list_reasons(query["q"] or "")
    return cached_page(found, query, key=lambda row: [row["part"], row["code"]], item=dict)


def _answer(body: dict[str, Any], *, status: int = 200) -> Response:
    return Response(dumps(body), status, content_type="application/json")
