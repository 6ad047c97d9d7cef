"""Bulk approval at the desk: groups of clean claims, the sample claim by claim, then the rest."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.desk.blueprint import blueprint
from claims.review.schemas import BulkBody
from config.errors import Conflict, Forbidden
from config.forms import load_form, sentence
from config.web import go, render


@blueprint.get("/bulk")
@requires(Permission.CLAIM_REVIEW)
def show_groups() -> str:
    """Show the groups of clean claims, and the bulk approvals one has open."""
    actor = current_actor()
    return render(
        "review/groups.html",
        groups=review.list_groups(by=actor),
        bulks=review.list_bulks(by=actor),
    )


@blueprint.post("/bulk")
@requires(Permission.CLAIM_REVIEW)
def open_bulk() -> AnyResponse:
    """Gather a group's claims and draw the sample."""
    body, errors = load_form(BulkBody(), request.form)
    try:
        if errors:
            raise Conflict("no_group", detail="Choose a group.")
        bulk = review.open_bulk(by=current_actor(), **body)
    except Conflict as problem:
        flash(sentence(problem), "error")
        return go("review.show_groups")
    return go("review.show_bulk", number=bulk["number"])


@blueprint.get("/bulk/<number>")
@requires(Permission.CLAIM_REVIEW)
def show_bulk(number: str) -> str:
    """Show one's own bulk approval: the sample to read and what became of the rest."""
    bulk = review.find_bulk(number, by=current_actor())
    return render("review/bulk.html", bulk=bulk)


@blueprint.post("/bulk/<number>/next")
@requires(Permission.CLAIM_REVIEW)
def next_of_sample(number: str) -> AnyResponse:
    """Open the next claim of the sample under a lease."""
    try:
        claim = review.next_of_sample(number, by=current_actor())
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
        return go("review.show_bulk", number=number)
    if claim is None:
        flash(_("No claim of the sample waits for you."), "info")
        return go("review.show_bulk", number=number)
    return go("review.show_claim", number=claim["number"])


@blueprint.post("/bulk/<number>/<any(approve, abandon):action>")
@requires(Permission.CLAIM_REVIEW)
def close_bulk(number: str, action: str) -> AnyResponse:
    """Approve the rest of a group, or leave it in the queue."""
    step = review.approve_rest if action == "approve" else review.abandon_bulk
    try:
        bulk = step(number, by=current_actor())
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
        return go("review.show_bulk", number=number)
    if action == "approve":
        done = bulk["results"].get("approved", 0)
        flash(_("%(count)s claims approved.", count=done), "success")
    else:
        flash(_("Given up; the claims stay in the queue."), "info")
    return go("review.show_bulk", number=number)
