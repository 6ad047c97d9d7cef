"""Appeals at the desks: NSSF's queue, a facility's own, and the parts shown with a claim."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.appeals import service as appeals
from claims.appeals.schemas import AppealBody, AppealDecision, AppealQuery, from_cursor, to_cursor
from claims.appeals.words import WORDS
from claims.review.desk.claims import claim_page
from claims.submission.desk.listing import claim_page as own_page
from claims.submission.desk.texts import reasons_to_name
from claims.submission.states import DECIDED
from config import clock
from config.cursors import make_cursor
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import DeskBlueprint, DeskLink, Panel, go, render
from config.words import N_

REVIEWERS = (Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
PAGE_ROWS = 50
blueprint = DeskBlueprint(
    "appeals",
    __name__,
    url_prefix="/appeals",
    links=(DeskLink(N_("Appeals"), "appeals.show_appeals", REVIEWERS, order=32),),
    words=WORDS,
)


@blueprint.get("")
@requires(Permission.CLAIM_READ)
def show_appeals() -> str:
    """Show appeals, the first to be decided first; a facility sees its own."""
    query, errors = load_form(AppealQuery(), request.args)
    if errors:
        query = {"state": "open", "cursor": None}
    rows = appeals.list_appeals(
        by=current_actor(),
        limit=PAGE_ROWS,
        state=query["state"],
        after=from_cursor(query["cursor"]),
    )
    shown = rows[:PAGE_ROWS]
    return render(
        "appeals/list.html",
        rows=shown,
        state=query["state"],
        today=clock.today(),
        cursor=make_cursor(to_cursor(shown[-1])) if len(rows) > PAGE_ROWS else None,
    )


@blueprint.post("/<number>")
@requires(Permission.CLAIM_SUBMIT)
def file_appeal(number: str) -> AnyResponse | tuple[str, int]:
    """Appeal against what was decided on a claim."""
    body, errors = load_form(AppealBody(), request.form)
    if errors:
        return own_page(number, errors=errors), 422
    try:
        appeals.file_appeal(number, by=current_actor(), **body)
    except Invalid as problem:
        return own_page(number, errors=errors_of(problem)), 422
    except Conflict as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("The appeal is filed."), "success")
    return go("billing.show_claim", number=number)


@blueprint.post("/<number>/decide")
@requires(*REVIEWERS)
def decide_appeal(number: str) -> AnyResponse | tuple[str, int]:
    """Decide an appeal, or propose it to a second person."""
    body, errors = load_form(AppealDecision(), request.form)
    if errors:
        return claim_page(number, errors=errors), 422
    try:
        claim = appeals.decide_appeal(number, by=current_actor(), **body)
    except Invalid as problem:
        return claim_page(number, errors=errors_of(problem)), 422
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    else:
        if claim["appeal"]["state"] == "open":
            flash(_("Your word is recorded; another person has to agree."), "info")
        else:
            flash(_("The appeal is decided."), "success")
    return go("review.show_claim", number=number)


def _own(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the facility's part needs: the appeal, or the form while there is time."""
    claim = given["claim"]
    last = claim["deadlines"]["appeal_by"]
    open_to = claim["appeal"] is None and last is not None and clock.today() <= last
    return {"may_appeal": open_to, "today": clock.today(), "form": request.form}


def _review(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the reviewer's part needs."""
    claim, actor = given["claim"], current_actor()
    appeal = appeals.find_appeal(claim["number"], by=actor) if claim["appeal"] else None
    waits = appeal is not None and appeal.state == "open" and claim["state"] in DECIDED
    if not waits or not any(actor.may(one) for one in REVIEWERS):
        return {"appeal": appeal, "may_decide": False}
    problem = appeals.why_not(claim["number"], by=actor)
    reason = sentence(problem) if problem else None
    reasons = reasons_to_name(claim)
    return {
        "appeal": appeal, "may_decide": problem is None, "why_not": reason, "reasons": reasons,
        "form": request.form,
    }  # fmt: skip


LINK_PANEL = Panel("claims_list", "appeals/_link.html", Permission.CLAIM_SUBMIT)
OWN_PANEL = Panel("claim", "appeals/_own.html", Permission.CLAIM_READ, _own)
REVIEW_PANEL = Panel("claim.review", "appeals/_review.html", Permission.CLAIM_READ, _review)
