"""The JSON door of imports: send a file of claims, follow it, download what became of its rows."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask.typing import ResponseReturnValue
from marshmallow import RAISE

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.imports import service as imports
from claims.imports.answers import (
    CONTENT,
    RESULTS,
    TEMPLATES,
    result_file,
    sent_file,
    takes_claims_file,
    template,
)
from claims.imports.models import ImportState
from claims.imports.schemas import (
    ClaimImportAnswer,
    ClaimImportFilter,
    ClaimImportPage,
    ResultArgs,
    TemplateArgs,
)
from config.api import ApiBlueprint, page_of
from config.cursors import row_key

blp = ApiBlueprint("claim_imports", __name__, url_prefix="/api/v1/claims")


@blp.route("/import", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@takes_claims_file
@blp.doc(requestBody={"required": True, "content": CONTENT})
@blp.response(202, ClaimImportAnswer)
def request_import() -> ResponseReturnValue:
    """Send NDJSON, CSV or XLSX, as a form's `file` or as the body; the worker files the claims."""
    job = imports.request_import(*sent_file(), by=current_actor())
    return jsonify(_shown(job)), 202, {"Location": url_for(".find_import", number=job["number"])}


@blp.route("/imports", methods=["GET"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ClaimImportFilter, location="query", unknown=RAISE)
@blp.response(200, ClaimImportPage)
def list_imports(wanted: dict[str, Any]) -> Response:
    """List the own facility's imports, newest first."""
    limit, after = wanted["limit"], row_key(wanted["cursor"])
    rows = imports.list_imports(by=current_actor(), limit=limit + 1, after=after)
    page = page_of(rows, limit, key=lambda row: [row[0]], item=lambda row: _shown(row[1]))
    return jsonify(page)


@blp.route("/imports/template", methods=["GET"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(TemplateArgs, location="query", unknown=RAISE)
@blp.doc(responses={"200": {"description": "The empty sheet", "content": TEMPLATES}})
def download_template(wanted: dict[str, Any]) -> Response:
    """Download an empty sheet with every column, CSV or XLSX."""
    return template(wanted["format"])


@blp.route("/imports/<number>", methods=["GET"])
@requires(Permission.CLAIM_SUBMIT)
@blp.response(200, ClaimImportAnswer)
def find_import(number: str) -> Response:
    """Show how an import stands."""
    return jsonify(_shown(imports.find_import(number, by=current_actor())))


@blp.route("/imports/<number>/result", methods=["GET"])
@requires(Permission.CLAIM_SUBMIT)
@blp.arguments(ResultArgs, location="query", unknown=RAISE)
@blp.doc(responses={"200": {"description": "A line for each row", "content": RESULTS}})
def download_result(wanted: dict[str, Any], number: str) -> Response:
    """Download what became of each row, CSV or NDJSON; 409 while the import runs."""
    return result_file(number, wanted["format"], by=current_actor())


def _shown(job: dict[str, Any]) -> dict[str, Any]:
    finished = job["state"] == ImportState.DONE
    place = url_for(".download_result", number=job["number"]) if finished else None
    return job | {"result": place}
