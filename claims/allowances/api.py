"""The JSON door of allowances: ask, correct, decide, read; registered pregnancies; the rules."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.allowances import service as allowances
from claims.allowances.answers import to_csv
from claims.allowances.schemas import (
    CSV,
    AllowanceAnswer,
    AllowanceBody,
    AllowanceDecision,
    AllowanceFilter,
    AllowancePage,
    AllowanceRefusal,
    AllowanceReopen,
    AllowanceRuleList,
    AllowanceRulesQuery,
    AllowanceSearch,
    AllowanceStepBody,
    AllowanceSubmit,
    MissingList,
    MissingQuery,
    PregnancyAnswer,
    PregnancyBody,
    PregnancyPage,
    WaitingFilter,
    missing_key,
    missing_page,
    waiting_cursor,
    waiting_key,
)
from claims.attachments.doors import (
    AttachmentFiles,
    AttachmentForm,
    AttachmentItem,
    AttachmentList,
    takes_attachment,
    to_download,
)
from config.answers import private
from config.api import ApiBlueprint, page_of
from config.cursors import row_key

blp = ApiBlueprint("allowances", __name__, url_prefix="/api/v1")
REVIEW = (Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
# The file is described beside the JSON, whose description this takes the place of.
MISSING = {
    "application/json": {"schema": {"$ref": "#/components/schemas/MissingList"}},
    "text/csv": {"schema": {"type": "string"}},
}
READ = (
    Permission.ALLOWANCE_FILE, *REVIEW, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE,
)  # fmt: skip


@blp.route("/allowances", methods=["POST"])
@requires(Permission.ALLOWANCE_FILE)
@blp.arguments(AllowanceBody)
@blp.response(201, AllowanceAnswer)
def file_allowance(body: dict[str, Any]) -> ResponseReturnValue:
    """Ask for an allowance for a member; it is computed at once and waits for NSSF."""
    filed = allowances.file_allowance(body, by=current_actor())
    return private(filed), 201, {"Location": f"/api/v1/allowances/{filed['number']}"}


@blp.route("/allowances", methods=["GET"])
@requires(*READ)
@blp.arguments(AllowanceFilter, location="query")
@blp.response(200, AllowancePage)
def list_allowances(query: dict[str, Any]) -> Response:
    """List allowances, newest first; a facility sees its own."""
    return _page(query)


@blp.route("/allowances/search", methods=["POST"])
@requires(*READ)
@blp.arguments(AllowanceSearch)
@blp.response(200, AllowancePage)
def search_allowances(query: dict[str, Any]) -> Response:
    """List allowances as GET does, also by card number: it stays out of addresses and logs."""
    return _page(query)


@blp.route("/allowances/queue", methods=["GET"])
@requires(*REVIEW)
@blp.arguments(WaitingFilter, location="query")
@blp.response(200, AllowancePage)
def list_waiting(query: dict[str, Any]) -> Response:
    """List what waits for NSSF's decision, oldest first."""
    limit, after = query["limit"], waiting_key(query["cursor"])
    rows = allowances.list_waiting(by=current_actor(), limit=limit + 1, after=after)
    return private(page_of(rows, limit, key=waiting_cursor, item=lambda row: row[1]))


@blp.route("/allowances/rules", methods=["GET"])
@requires()
@blp.arguments(AllowanceRulesQuery, location="query")
@blp.response(200, AllowanceRuleList)
def show_rules(query: dict[str, Any]) -> Response:
    """Show the allowance rules in force on a day, each with its source and status."""
    return jsonify(allowances.rules_shown(query["on"]))


@blp.route("/allowances/<number>", methods=["GET"])
@requires(*READ)
@blp.response(200, AllowanceAnswer)
def show_allowance(number: str) -> Response:
    """Show an allowance: the computation line by line, the payee, what happened."""
    return private(allowances.find_allowance(number, by=current_actor()))


@blp.route("/allowances/<number>", methods=["PUT"])
@requires(Permission.ALLOWANCE_FILE)
@blp.arguments(AllowanceBody)
@blp.response(200, AllowanceAnswer)
def correct_allowance(body: dict[str, Any], number: str) -> Response:
    """Correct a returned or proposed allowance and submit it; card, kind and event stay."""
    return private(allowances.correct_allowance(number, body, by=current_actor()))


@blp.route("/allowances/<number>/submit", methods=["POST"])
@requires(Permission.ALLOWANCE_FILE)
@blp.arguments(AllowanceSubmit, required=False)
@blp.response(200, AllowanceAnswer)
def submit_allowance(body: dict[str, Any], number: str) -> Response:
    """Submit a proposed allowance with its payee, or a returned one with an answer."""
    return private(allowances.submit_allowance(number, by=current_actor(), **body))


@blp.route("/allowances/<number>/withdraw", methods=["POST"])
@requires(Permission.ALLOWANCE_FILE)
@blp.arguments(AllowanceStepBody, required=False)
@blp.response(200, AllowanceAnswer)
def withdraw_allowance(_body: dict[str, Any], number: str) -> Response:
    """Take an allowance back before NSSF has decided."""
    return private(allowances.withdraw_allowance(number, by=current_actor()))


@blp.route("/allowances/<number>/approve", methods=["POST"])
@requires(*REVIEW)
@blp.arguments(AllowanceDecision, required=False)
@blp.response(200, AllowanceAnswer)
def approve(body: dict[str, Any], number: str) -> Response:
    """Approve an allowance as computed or for less, or propose it to a second person."""
    return private(allowances.approve(number, by=current_actor(), **body))


@blp.route("/allowances/<number>/reject", methods=["POST"])
@requires(*REVIEW)
@blp.arguments(AllowanceRefusal)
@blp.response(200, AllowanceAnswer)
def reject(body: dict[str, Any], number: str) -> Response:
    """Reject an allowance, for a reason of the code list."""
    return private(allowances.reject(number, by=current_actor(), **body))


@blp.route("/allowances/<number>/return", methods=["POST"])
@requires(*REVIEW)
@blp.arguments(AllowanceRefusal)
@blp.response(200, AllowanceAnswer)
def send_back(body: dict[str, Any], number: str) -> Response:
    """Return an allowance to who filed it, with a reason and a question."""
    return private(allowances.send_back(number, by=current_actor(), **body))


@blp.route("/allowances/<number>/compute", methods=["POST"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(AllowanceStepBody, required=False)
@blp.response(200, AllowanceAnswer)
def compute_again(_body: dict[str, Any], number: str) -> Response:
    """Compute a waiting allowance anew, by what the registry and the rules say now."""
    return private(allowances.compute_again(number, by=current_actor()))


@blp.route("/allowances/<number>/reopen", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(AllowanceReopen)
@blp.response(200, AllowanceAnswer)
def reopen(body: dict[str, Any], number: str) -> Response:
    """Take an approved allowance that is in no batch back to review."""
    return private(allowances.reopen(number, by=current_actor(), **body))


@blp.route("/allowances/<number>/attachments", methods=["POST"])
@requires(Permission.ALLOWANCE_FILE)
@takes_attachment
@blp.arguments(AttachmentForm, location="form")
@blp.arguments(AttachmentFiles, location="files")
@blp.response(201, AttachmentItem)
def attach_file(form: dict[str, Any], files: dict[str, Any], number: str) -> ResponseReturnValue:
    """Add a receipt or certificate: PDF, JPEG or PNG of at most 10 MB, judged by its content."""
    file = files["file"]
    kept = allowances.attach_file(
        number, form["kind"], file.stream, file.filename or "", by=current_actor()
    )
    place = url_for(".download_file", number=number, attachment=kept["id"])
    return jsonify(kept), 201, {"Location": place}


@blp.route("/allowances/<number>/attachments", methods=["GET"])
@requires(*READ)
@blp.response(200, AttachmentList)
def list_files(number: str) -> ResponseReturnValue:
    """List the files of an allowance, oldest first."""
    return jsonify({"items": allowances.list_files(number, by=current_actor())})


@blp.route("/allowances/<number>/attachments/<attachment>", methods=["GET"])
@requires(*READ)
@blp.response(200, content_type="application/octet-stream")
def download_file(number: str, attachment: str) -> Response:
    """Download one file of an allowance; the reading is recorded."""
    return to_download(*allowances.open_file(number, attachment, by=current_actor()))


@blp.route("/pregnancies", methods=["POST"])
@requires(Permission.ALLOWANCE_FILE)
@blp.arguments(PregnancyBody)
@blp.response(201, PregnancyAnswer)
def register_pregnancy(body: dict[str, Any]) -> ResponseReturnValue:
    """Register a pregnancy from 26 weeks on; the same again answers the same with 200."""
    found, new = allowances.register_pregnancy(by=current_actor(), **body)
    return private(found), 201 if new else 200


@blp.route("/pregnancies", methods=["GET"])
@requires(Permission.ALLOWANCE_FILE, *REVIEW)
@blp.arguments(WaitingFilter, location="query")
@blp.response(200, PregnancyPage)
def list_pregnancies(query: dict[str, Any]) -> Response:
    """List registered pregnancies, newest first; a facility sees its own."""
    limit, after = query["limit"], row_key(query["cursor"])
    rows = allowances.list_pregnancies(by=current_actor(), limit=limit + 1, after=after)
    return private(page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: row[1]))


@blp.route("/pregnancies/missing", methods=["GET"])
@requires(Permission.CLAIM_REVIEW)
@blp.arguments(MissingQuery, location="query")
@blp.response(200, MissingList)
@blp.doc(responses={"200": {"content": MISSING}})
def list_missing(query: dict[str, Any]) -> Response:
    """List, for NSSF, deliveries nobody registered and registrations without a delivery."""
    actor = current_actor()
    if query["format"] == CSV:
        return to_csv(allowances.missing_csv(by=actor))
    limit, after = query["limit"], missing_key(query["cursor"])
    return private(
        missing_page(allowances.list_missing(by=actor, limit=limit + 1, after=after), limit)
    )


def _page(query: dict[str, Any]) -> Response:
    limit, after = query.pop("limit"), row_key(query.pop("cursor"))
    rows = allowances.list_allowances(by=current_actor(), limit=limit + 1, after=after, **query)
    return private(page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: row[1]))
