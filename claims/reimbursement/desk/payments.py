"""Finance's desk: what waits to be paid, batches and payment runs with exactly the steps allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import payment_file
from claims.reimbursement.desk.blueprint import AUTHORISE, MANAGE, blueprint
from claims.reimbursement.schemas import (
    BatchQuery,
    FailBody,
    OpenBatchesBody,
    OpenRunBody,
    PaymentStepBody,
    SettleBody,
    from_cursor,
)
from claims.reimbursement.service.due import list_due
from claims.reimbursement.states import actions_for
from config import clock
from config.api import make_cursor
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import go, render

PAGE_ROWS = 50
STEPS: dict[str, tuple[Callable[..., None], type[ma.Schema]]] = {
    "authorise": (reimbursement.authorise, PaymentStepBody),
    "cancel": (reimbursement.cancel, PaymentStepBody),
    "settle": (reimbursement.settle, SettleBody),
    "fail": (reimbursement.fail, FailBody),
}
WITH_FORM = frozenset({"settle", "fail"})


@blueprint.get("")
@requires(MANAGE, AUTHORISE)
def show_due() -> str:
    """Show what is approved and waits to be batched."""
    return _due_page()


@blueprint.post("/batches")
@requires(MANAGE)
def open_batches() -> AnyResponse | tuple[str, int]:
    """Open a batch for each facility and scheme over what was decided up to a day."""
    body, errors = load_form(OpenBatchesBody(), request.form)
    if errors:
        return _due_page(errors=errors), 422
    opened = reimbursement.open_batches(body.pop("period_to"), by=current_actor(), **body)
    count = len(opened)
    flash(ngettext("%(num)d batch opened.", "%(num)d batches opened.", count), "success")
    return go("finance.list_batches", state="open")


@blueprint.get("/batches")
@requires(MANAGE, AUTHORISE)
def list_batches() -> str:
    """List batches, newest first."""
    query, errors = load_form(BatchQuery(), request.args)
    if errors:
        query = {"state": None, "facility": None, "scheme": None, "cursor": None}
    rows = reimbursement.list_batches(
        by=current_actor(),
        limit=PAGE_ROWS,
        after=from_cursor(query["cursor"]),
        state=query["state"],
        facility=query["facility"],
        scheme=query["scheme"],
    )
    return _list("reimbursement/batches.html", rows, state=query["state"])


@blueprint.get("/runs")
@requires(MANAGE, AUTHORISE)
def list_runs() -> str:
    """List payment runs, newest first."""
    after = from_cursor(request.args.get("cursor"))
    rows = reimbursement.list_runs(by=current_actor(), limit=PAGE_ROWS, after=after)
    return _list("reimbursement/runs.html", rows)


@blueprint.post("/runs")
@requires(MANAGE)
def open_run() -> AnyResponse | tuple[str, int]:
    """Open a payment run over everything due up to a day."""
    body, errors = load_form(OpenRunBody(), request.form)
    if not errors:
        try:
            run = reimbursement.open_run(by=current_actor(), **body)
        except (Conflict, Invalid) as problem:
            errors = errors_of(problem)
        else:
            return go("finance.show_run", number=run["number"])
    return _due_page(errors=errors), 422


@blueprint.get("/batches/<number>")
@requires(MANAGE, AUTHORISE)
def show_batch(number: str) -> str:
    """Show one batch and the steps that may be taken."""
    return _payment_page("batch", number)


@blueprint.get("/runs/<number>")
@requires(MANAGE, AUTHORISE)
def show_run(number: str) -> str:
    """Show one payment run with its batches and totals."""
    return _payment_page("run", number)


@blueprint.post("/<any(batches, runs):kind>/<number>/<action>")
@requires(MANAGE, AUTHORISE)
def take_step(kind: str, number: str, action: str) -> AnyResponse | tuple[str, int]:
    """Authorise, cancel, settle or fail a payment."""
    what = "batch" if kind == "batches" else "run"
    if action not in STEPS:
        raise NoSuchPage
    command, schema = STEPS[action]
    _find(what, number, by=current_actor())
    body, errors = load_form(schema(), request.form)
    if not errors:
        try:
            command(number, by=current_actor(), **body)
        except Invalid as problem:
            errors = errors_of(problem)
        except (Conflict, Forbidden) as problem:
            flash(sentence(problem), "error")
        else:
            flash(_("Recorded."), "success")
    if errors:
        return _payment_page(what, number, errors=errors, wrong=action), 422
    return go(f"finance.show_{what}", number=number)


@blueprint.post("/<any(batches, runs):kind>/<number>/file/<file_format>")
@requires(MANAGE)
def export(kind: str, number: str, file_format: str) -> Response | AnyResponse:
    """Give the bank's file; the first time makes it, later the same bytes come back."""
    what = "batch" if kind == "batches" else "run"
    if file_format not in reimbursement.FORMATS:
        raise NoSuchPage
    _find(what, number, by=current_actor())
    try:
        return payment_file(reimbursement.export(number, file_format, by=current_actor()))
    except Conflict as problem:
        flash(sentence(problem), "error")
        return go(f"finance.show_{what}", number=number)


def _due_page(*, errors: dict[str, str] | None = None) -> str:
    due = list_due(by=current_actor())
    return render(
        "reimbursement/due.html",
        due=due,
        total=sum(one.riel for one in due),
        schemes=sorted({one.scheme for one in due if one.scheme}),
        today=clock.today(),
        errors=errors or {},
    )


def _list(template: str, rows: list[tuple[int, dict[str, Any]]], **given: Any) -> str:
    shown = rows[:PAGE_ROWS]
    more = make_cursor([shown[-1][0]]) if len(rows) > PAGE_ROWS else None
    return render(template, rows=[item for _key, item in shown], cursor=more, **given)


def _find(what: str, number: str, *, by: Actor) -> dict[str, Any]:
    if what == "batch":
        return reimbursement.find_batch(number, by=by)
    return reimbursement.find_run(number, by=by)


def _payment_page(what: str, number: str, **given: Any) -> str:
    actor = current_actor()
    payment = _find(what, number, by=actor)
    steps = actions_for(payment["state"], actor, opened_by=payment["opened_by"])
    # A batch of a run is authorised, exported and settled with its run.
    alone = what == "run" or payment["run"] is None
    return render(
        "reimbursement/payment.html",
        what=what,
        kind="batches" if what == "batch" else "runs",
        payment=payment,
        steps=[edge for edge in steps if alone or edge.action == "fail"],
        with_form=WITH_FORM,
        formats=reimbursement.FORMATS,
        today=clock.today(),
        form=request.form,
        **{"errors": {}, "wrong": None, **given},
    )
