"""The billing desk's reading side: lists, one claim with its outcome and buttons, the talk, steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor, Permission
from claims.submission import service as submission
from claims.submission.desk.blueprint import blueprint
from claims.submission.desk.texts import reason_text
from claims.submission.schemas import ClaimSearch, DeskFilter, MessageBody
from claims.submission.states import EDITABLE, actions_for
from config import clock
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Invalid
from config.forms import errors_of, load_form, sentence
from config.i18n import local_path
from config.web import go, render
from gateway.visits import service as visits

PAGE_ROWS = 50
VISITS_SHOWN = 200
STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "submit": submission.submit_stored,
    "withdraw": submission.withdraw_claim,
    "void": submission.void_claim,
}


@blueprint.get("")
@requires(Permission.CLAIM_READ)
def list_claims() -> str | tuple[str, int]:
    """List claims, newest first, narrowed by state, kind, reference and days; or what is to be done."""
    wanted, errors = load_form(DeskFilter(), request.args)
    if errors:
        return _list_page([], None, errors=errors), 422
    return _listed(wanted)


@blueprint.post("/search")
@requires(Permission.CLAIM_READ)
def search_claims() -> str | tuple[str, int]:
    """List the claims of a card; its number stays out of the address."""
    wanted, errors = load_form(ClaimSearch(), request.form)
    if errors:
        return _list_page([], None, errors=errors), 422
    return _listed(wanted)


@blueprint.get("/visits")
@requires(Permission.CLAIM_SUBMIT)
def list_visits() -> str:
    """List the visits of a day, to write their claims."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = clock.today()
    rows = visits.list_visits(by=current_actor(), day=day, limit=VISITS_SHOWN)
    shown = [placed.visit for placed in rows if placed.visit.card_number]
    return render("submission/visits.html", visits=shown, date=day)


@blueprint.get("/claims/<number>")
@requires(Permission.CLAIM_READ)
def show_claim(number: str) -> str:
    """Show one claim: what was asked, what became of it and why, and what may be done now."""
    return claim_page(number)


@blueprint.post("/claims/<number>/<action>")
@requires(Permission.CLAIM_SUBMIT)
def take_step(number: str, action: str) -> AnyResponse:
    """Submit a stored claim, take one back, or end it."""
    step = STEPS.get(action)
    if step is None:
        raise NoSuchPage
    try:
        step(number, by=current_actor())
    except (Conflict, Invalid) as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Done."), "success")
    return go("billing.show_claim", number=number)


@blueprint.post("/claims/<number>/messages")
@requires(Permission.CLAIM_READ)
def add_message(number: str) -> AnyResponse | tuple[str, int]:
    """Ask or answer something about a claim."""
    body, errors = load_form(MessageBody(), request.form)
    if not errors:
        try:
            submission.add_message(number, body.pop("text"), by=current_actor(), **body)
        except (Conflict, Invalid) as problem:
            errors = errors_of(problem)
    if errors:
        return claim_page(number, errors=errors), 422
    return redirect(
        local_path(request.form.get("next") or url_for("billing.show_claim", number=number)), 303
    )


def buttons_of(claim: dict[str, Any], by: Actor) -> list[Any]:
    """Return the buttons of a claim for the facility's side: what the state table offers."""
    edges = actions_for(
        claim["state"],
        by,
        awaiting=claim["awaiting"],
        held=claim["held"],
        first_approver=claim.get("first_approver"),
    )
    return [edge for edge in edges if edge.action in STEPS]


def claim_page(number: str, **given: Any) -> str:
    """Show a claim to who filed it, with what was typed into its forms and is wrong."""
    actor = current_actor()
    claim = submission.find_claim(number, by=actor)
    return render(
        "submission/claim.html",
        claim=claim,
        history=submission.list_history(number, by=actor),
        messages=submission.list_messages(number, by=actor),
        reason_of=partial(reason_text, claim),
        buttons=buttons_of(claim, actor),
        may_edit=claim["state"] in EDITABLE and actor.may(Permission.CLAIM_SUBMIT),
        form=request.form,
        **{"errors": {}, **given},
    )


def _listed(wanted: dict[str, Any]) -> str:
    del wanted["limit"]
    after = row_key(wanted.pop("cursor"))
    rows = submission.list_claims(
        by=current_actor(), limit=PAGE_ROWS + 1, key=None if after is None else [after], **wanted
    )
    more = make_cursor([rows[PAGE_ROWS - 1]["id"]]) if len(rows) > PAGE_ROWS else None
    return _list_page(rows[:PAGE_ROWS], more)


def _list_page(rows: Any, cursor: str | None, *, errors: dict[str, str] | None = None) -> str:
    kept = {name: value for name, value in request.args.items() if name != "cursor" and value}
    return render(
        "submission/list.html",
        "submission/_list.html",
        rows=rows,
        cursor=cursor,
        kept=kept,
        form=request.values,
        errors=errors or {},
    )
