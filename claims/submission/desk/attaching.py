"""The billing desk's files: added to a claim, listed, downloaded, taken off a draft."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.attachments.doors import AttachmentForm, to_download
from claims.attachments.rules import KINDS, MAX_BYTES
from claims.submission import service as submission
from claims.submission.desk.blueprint import blueprint
from claims.submission.states import ClaimState
from config.errors import Conflict, Invalid, TooLarge, Unavailable
from config.forms import load_form, sentence
from config.web import Panel, go


@blueprint.post("/claims/<number>/attachments")
@requires(Permission.CLAIM_SUBMIT)
def attach_file(number: str) -> AnyResponse:
    """Add a file to a claim."""
    form, errors = load_form(AttachmentForm(), {"kind": request.form.get("kind", "")})
    file = request.files.get("file")
    if errors or file is None or not file.filename:
        flash(_("Choose a file and say what it is."), "error")
        return go("billing.show_claim", number=number)
    try:
        submission.attach_file(number, form["kind"], file.stream, file.filename, by=current_actor())
    except (Conflict, Invalid, TooLarge, Unavailable) as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("The file is kept with the claim."), "success")
    return go("billing.show_claim", number=number)


@blueprint.get("/claims/<number>/attachments/<attachment>")
@requires(Permission.CLAIM_READ)
def download_file(number: str, attachment: str) -> AnyResponse:
    """Download one file of a claim."""
    return to_download(*submission.open_file(number, attachment, by=current_actor()))


@blueprint.post("/claims/<number>/attachments/<attachment>/remove")
@requires(Permission.CLAIM_SUBMIT)
def remove_file(number: str, attachment: str) -> AnyResponse:
    """Take a file off a claim that was never submitted."""
    try:
        submission.remove_file(number, attachment, by=current_actor())
    except Conflict as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("The file is removed."), "success")
    return go("billing.show_claim", number=number)


def _files(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the list of a claim's files needs."""
    claim, actor = given["claim"], current_actor()
    own = actor.may(Permission.CLAIM_SUBMIT) and actor.facility == claim["facility"]
    return {
        "files": submission.list_files(claim["number"], by=actor),
        "may_add": own and claim["state"] != ClaimState.VOIDED,
        "may_remove": own and claim["submitted_at"] is None,
        "kinds": KINDS,
        "most_megabytes": MAX_BYTES // 1000**2,
    }


FILES_PANEL = Panel("claim_files", "submission/_files.html", Permission.CLAIM_READ, context=_files)
