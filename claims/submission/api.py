"""The claims' JSON door: file, preview, list, read, change, submit, withdraw, void, talk."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from marshmallow import RAISE

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.submission import service as submission
from claims.submission.queries import moment
from claims.submission.schemas import (
    ClaimAnswer,
    ClaimBody,
    ClaimFilter,
    ClaimPage,
    ClaimSearch,
    ClaimStepBody,
    HistoryList,
    MessageBody,
    MessageList,
    Preview,
    ReplacementBody,
)
from claims.submission.service.answers import to_item
from config.answers import private
from config.api import ApiBlueprint, etag_of, page_of
from config.cursors import foreign_cursor, read_cursor
from config.errors import Precondition, PreconditionRequired

blp = ApiBlueprint("claims", __name__, url_prefix="/api/v1/claims")


@blp.route("", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimBody)
@blp.response(201, ClaimAnswer)
def file_claim(body: dict[str, Any]) -> ResponseReturnValue:
    """File a claim; the same reference and body again answer the same claim with 200."""
    filed = submission.submit_claim(body, by=current_actor())
    place = {"Location": f"/api/v1/claims/{filed.claim['number']}"}
    return to_response(filed.claim), 201 if filed.created else 200, place


@blp.route("/preview", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimBody)
@blp.response(200, Preview)
def preview_claim(body: dict[str, Any]) -> ResponseReturnValue:
    """Say what a claim would be worth, line by line; nothing is stored."""
    return private(submission.preview_claim(body, by=current_actor()))


@blp.route("", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(ClaimFilter, location="query", unknown=RAISE)
@blp.response(200, ClaimPage)
def list_claims(wanted: dict[str, Any]) -> ResponseReturnValue:
    """List claims, newest first; with `updated_after` in the order of their changes."""
    return _page(wanted)


@blp.route("/search", methods=["POST"])
@requires(Permission.CLAIM_READ)
@blp.arguments(ClaimSearch)
@blp.response(200, ClaimPage)
def search_claims(wanted: dict[str, Any]) -> ResponseReturnValue:
    """List claims as GET does, also by card number: it stays out of addresses and logs."""
    return _page(wanted)


@blp.route("/<number>", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.response(200, ClaimAnswer)
def show_claim(number: str) -> ResponseReturnValue:
    """Show one claim with its outcome, deadlines and timeline."""
    return to_response(submission.find_claim(number, by=current_actor()))


@blp.route("/<number>", methods=["PUT"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ReplacementBody)
@blp.response(200, ClaimAnswer)
def replace_claim(body: dict[str, Any], number: str) -> ResponseReturnValue:
    """Replace what a draft, returned or withdrawn claim says; needs If-Match."""
    actor = current_actor()
    version = _read_version(number)
    return to_response(submission.replace_claim(number, body, version=version, by=actor))


@blp.route("/<number>/submit", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimStepBody, required=False)
@blp.response(200, ClaimAnswer)
def submit_claim(_body: dict[str, Any], number: str) -> ResponseReturnValue:
    """Queue a draft, returned or withdrawn claim; it is judged anew."""
    return to_response(submission.submit_stored(number, by=current_actor()))


@blp.route("/<number>/withdraw", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimStepBody, required=False)
@blp.response(200, ClaimAnswer)
def withdraw_claim(_body: dict[str, Any], number: str) -> ResponseReturnValue:
    """Take a claim back before it is reviewed."""
    return to_response(submission.withdraw_claim(number, by=current_actor()))


@blp.route("/<number>/void", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimStepBody, required=False)
@blp.response(200, ClaimAnswer)
def void_claim(_body: dict[str, Any], number: str) -> ResponseReturnValue:
    """End an undecided claim for good."""
    return to_response(submission.void_claim(number, by=current_actor()))


@blp.route("/<number>/history", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.response(200, HistoryList)
def show_history(number: str) -> ResponseReturnValue:
    """Show every event of a claim, oldest first."""
    return private({"items": submission.list_history(number, by=current_actor())})


@blp.route("/<number>/messages", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.response(200, MessageList)
def list_messages(number: str) -> ResponseReturnValue:
    """Show the questions, answers and notes about a claim."""
    return private({"items": submission.list_messages(number, by=current_actor())})


@blp.route("/<number>/messages", methods=["POST"])
@requires(Permission.CLAIM_READ)
@blp.arguments(MessageBody)
@blp.response(201, MessageList)
def add_message(body: dict[str, Any], number: str) -> ResponseReturnValue:
    """Ask, answer or note something about a claim; an answer closes the open question."""
    items = submission.add_message(number, body.pop("text"), by=current_actor(), **body)
    return private({"items": items}), 201


def to_response(claim: dict[str, Any]) -> Response:
    """Answer a claim with its version as ETag; used by every door that answers whole claims."""
    response = private(claim)
    response.headers["ETag"] = etag_of(str(claim["version"]))
    return response


def _page(wanted: dict[str, Any]) -> Response:
    limit, key = wanted.pop("limit"), read_cursor(wanted.pop("cursor"))
    by_change = wanted.get("updated_after") is not None
    rows = submission.list_claims(
        by=current_actor(), limit=limit + 1, key=_key(key, by_change=by_change), **wanted
    )
    return private(
        page_of(
            rows,
            limit,
            key=lambda row: (
                [row["updated_at"].isoformat(), row["id"]] if by_change else [row["id"]]
            ),
            item=to_item,
        )
    )


def _key(key: list[Any] | None, *, by_change: bool) -> list[Any] | None:
    """Check that a cursor is one of this list in this order."""
    if key is None:
        return None
    values = [moment(key[0]), *key[1:]] if by_change and key else key
    kinds = [type(value) for value in values]
    expected: list[type] = [type(moment("2000-01-01T00:00:00+00:00")), int] if by_change else [int]
    if kinds != expected:
        raise foreign_cursor()
    return values


def _read_version(number: str) -> int:
    """Read If-Match: the ETag of the version the caller saw."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired
    tag = given.strip().strip('"')
    if tag == "*":
        return int(submission.find_claim(number, by=current_actor())["version"])
    if not (tag.isascii() and tag.isdecimal() and len(tag) < 10):
        raise Precondition
    return int(tag)
