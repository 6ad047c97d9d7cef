"""NSSF's side: what waits, and the decisions; a person sees every line the amount is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from claims.allowances import service as allowances
from claims.allowances.desk.asking import PAGE_ROWS, allowance_page
from claims.allowances.desk.blueprint import REVIEW, blueprint
from claims.allowances.schemas import (
    AllowanceDecision,
    AllowanceRefusal,
    AllowanceReopen,
    AllowanceStepBody,
    WaitingFilter,
    waiting_cursor,
    waiting_key,
)
from config.api import Schema
from config.cursors import make_cursor
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import go, render

DECISIONS: dict[str, tuple[Callable[..., dict[str, Any]], type[Schema]]] = {
    "approve": (allowances.approve, AllowanceDecision),
    "reject": (allowances.reject, AllowanceRefusal),
    "return": (allowances.send_back, AllowanceRefusal),
    "compute": (allowances.compute_again, AllowanceStepBody),
    "reopen": (allowances.reopen, AllowanceReopen),
}


@blueprint.get("/queue")
@requires(*REVIEW)
def list_waiting() -> str:
    """Show what waits for a decision, oldest first."""
    query, errors = load_form(WaitingFilter(), request.args)
    after = None if errors else waiting_key(query["cursor"])
    rows = allowances.list_waiting(by=current_actor(), limit=PAGE_ROWS + 1, after=after)
    shown = rows[:PAGE_ROWS]
    stopped = allowances.list_stopped(by=current_actor(), limit=PAGE_ROWS) if not after else []
    return render(
        "allowances/queue.html",
        rows=[item for _key, item in shown],
        stopped=stopped,
        cursor=make_cursor(waiting_cursor(shown[-1])) if len(rows) > PAGE_ROWS else None,
    )


@blueprint.post("/<number>/decide/<action>")
@requires(*REVIEW)
def decide(number: str, action: str) -> AnyResponse | tuple[str, int]:
    """Approve, reject, return, compute again or reopen an allowance."""
    if action not in DECISIONS:
        raise NoSuchPage
    command, schema = DECISIONS[action]
    body, errors = load_form(schema(), request.form)
    if errors:
        return allowance_page(number, errors=errors), 422
    try:
        found = command(number, by=current_actor(), **body)
    except Invalid as problem:
        return allowance_page(number, errors=errors_of(problem)), 422
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
        return go("allowances.show_allowance", number=number)
    if found["awaiting"]:
        flash(_("Your approval is recorded; another person has to agree."), "info")
    else:
        flash(_("Recorded."), "success")
    return go("allowances.show_allowance", number=number)
