"""Finance's desk: what waits to be paid, batches and payment runs with exactly the steps allowed."""

from __future__ import annotations

from typing import Any

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
from claims.reimbursement.schemas import AdjustmentQuery, BatchQuery, OpenBatchesBody, OpenRunBody
from claims.reimbursement.service.due import list_due
from claims.reimbursement.states import WITH_THE_RUN, BatchTransition, actions_for
from claims.reimbursement.verbs import VERBS
from config import clock
from config.answers import download
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import go, render
from gateway.facilities.desk import facility_name

PAGE_ROWS = 50
SHOWN_FILES, SHOWN_ROWS = 5, 200


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
        after=row_key(query["cursor"]),
        state=query["state"],
        facility=query["facility"],
        scheme=query["scheme"],
    )
    return _list("reimbursement/batches.html", rows, state=query["state"])


@blueprint.get("/runs")
@requires(MANAGE, AUTHORISE)
def list_runs() -> str:
    """List payment runs, newest first."""
    after = row_key(request.args.get("cursor"))
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
    """Take one step of a payment: authorise, settle, fail, return."""
    what = "batch" if kind == "batches" else "run"
    if action not in VERBS:
        raise NoSuchPage
    verb = VERBS[action]
    _find(what, number, by=current_actor())
    body, errors = load_form(verb.body(), request.form)
    if not errors:
        try:
            verb.command(number, by=current_actor(), **body)
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


@blueprint.post("/<any(batches, runs):kind>/<number>/bank-file")
@requires(MANAGE)
def read_bank_file(kind: str, number: str) -> AnyResponse | tuple[str, int]:
    """Settle or fail by the bank's own file, each transfer by its own row."""
    what = "batch" if kind == "batches" else "run"
    _find(what, number, by=current_actor())
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _payment_page(what, number, file_errors={"file": _("Choose a file.")}), 422
    try:
        report = reimbursement.read_answers(number, sent.read(), sent.filename, by=current_actor())
    except Invalid as problem:
        return _payment_page(what, number, file_errors=errors_of(problem)), 422
    if report["repeated"]:
        flash(_("This file was read before: nothing has changed."), "info")
    else:
        count = report["changed"]
        text = ngettext("%(num)d row taken over.", "%(num)d rows taken over.", count)
        flash(text, "success" if count else "warning")
    return go(f"finance.show_{what}", number=number)


@blueprint.get("/<any(batches, runs):kind>/<number>/bank-file")
@requires(MANAGE)
def bank_file_form(kind: str, number: str) -> Response:
    """Give the transfers that wait as a file for the bank's list to be filled in."""
    _find("batch" if kind == "batches" else "run", number, by=current_actor())
    content = reimbursement.answer_form(number, by=current_actor())
    return download(content, "text/csv; charset=utf-8", f"{number}-bank.csv")


@blueprint.get("/adjustments")
@requires(MANAGE, AUTHORISE)
def list_adjustments() -> str:
    """List supplements and recoveries, newest first."""
    query, errors = load_form(AdjustmentQuery(), request.args)
    if errors:
        query = {"facility": None, "waiting": False, "cursor": None}
    rows = reimbursement.list_adjustments(
        by=current_actor(),
        limit=PAGE_ROWS,
        after=row_key(query["cursor"]),
        facility=query["facility"],
        waiting=query["waiting"],
    )
    return _list("reimbursement/adjustments.html", rows, waiting=query["waiting"])


def _due_page(*, errors: dict[str, str] | None = None) -> str:
    due = list_due(by=current_actor())
    return render(
        "reimbursement/due.html",
        due=due,
        total=sum(one.due_riel for one in due if not one.facility_held),
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
    steps = actions_for(
        payment["state"],
        actor,
        opened_by=payment["opened_by"],
        return_by=payment.get("return_by"),
    )
    shown = [edge for edge in steps if _may_stand_alone(edge, what, payment)]
    return render(
        "reimbursement/payment.html",
        what=what,
        kind="batches" if what == "batch" else "runs",
        payment=payment,
        facility=payment.get("facility") and facility_name(payment["facility"]),
        steps=shown,
        with_form={name for name, verb in VERBS.items() if verb.with_form},
        files=reimbursement.list_answers(number, by=actor, limit=SHOWN_FILES),
        shown_rows=SHOWN_ROWS,
        formats=reimbursement.FORMATS,
        may_confirm=AUTHORISE in actor.permissions,
        today=clock.today(),
        form=request.form,
        **{"errors": {}, "wrong": None, "file_errors": {}, **given},
    )


def _may_stand_alone(edge: BatchTransition, what: str, payment: dict[str, Any]) -> bool:
    """Tell whether a step is offered here: money comes back by the batch, a run is sent as one."""
    if what == "run":
        return not edge.alone
    return payment["run"] is None or edge.action not in WITH_THE_RUN
