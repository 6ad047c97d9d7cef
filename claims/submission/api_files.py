"""The claims' JSON door for files: `/api/v1/claims/{number}/attachments`."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.attachments.doors import (
    DOWNLOADS,
    AttachmentFiles,
    AttachmentForm,
    AttachmentItem,
    AttachmentList,
    takes_attachment,
    to_download,
)
from claims.submission import service as submission
from config.api import ApiBlueprint

blp = ApiBlueprint("claim_files", __name__, url_prefix="/api/v1/claims")


@blp.route("/<number>/attachments", methods=["POST"])
@requires(Permission.CLAIM_SUBMIT)
@takes_attachment
@blp.arguments(AttachmentForm, location="form")
@blp.arguments(AttachmentFiles, location="files")
@blp.response(201, AttachmentItem)
def attach_file(form: dict[str, Any], files: dict[str, Any], number: str) -> ResponseReturnValue:
    """Add a PDF, JPEG or PNG of at most 10 MB to a claim, drafts too; judged by its content."""
    file = files["file"]
    kept = submission.attach_file(
        number, form["kind"], file.stream, file.filename or "", by=current_actor()
    )
    place = url_for(".download_file", number=number, attachment=kept["id"])
    return jsonify(kept), 201, {"Location": place}


@blp.route("/<number>/attachments", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.response(200, AttachmentList)
def list_files(number: str) -> ResponseReturnValue:
    """List the files of a claim, oldest first."""
    return jsonify({"items": submission.list_files(number, by=current_actor())})


@blp.route("/<number>/attachments/<attachment>", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.doc(responses={"200": {"description": "The file", "content": DOWNLOADS}})
def download_file(number: str, attachment: str) -> Response:
    """Download one file of a claim; the reading is recorded."""
    return to_download(*submission.open_file(number, attachment, by=current_actor()))


@blp.route("/<number>/attachments/<attachment>", methods=["DELETE"])
@requires(Permission.CLAIM_SUBMIT)
@blp.response(204)
def remove_file(number: str, attachment: str) -> None:
    """Take a file off a claim that was never submitted."""
    submission.remove_file(number, attachment, by=current_actor())
