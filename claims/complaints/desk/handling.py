"""Handling complaints: NSSF's queue and pages, what a facility was asked, receipts, figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor, Permission
from claims.complaints import service as complaints
from claims.complaints.answers import sheet
from claims.complaints.desk.blueprint import FILE, MANAGE, blueprint
from claims.complaints.schemas import (
    AssignBody,
    CloseBody,
    ReopenBody,
    StatisticsQuery,
    WordsBody,
    from_cursor,
    to_cursor,
)
from claims.complaints.states import actions_for
from config.api import Schema
from config.cursors import make_cursor
from config.errors import Conflict, Invalid
from config.forms import errors_of, load_form
from config.web import go, render
from gateway.facilities.desk import facility_name
from gateway.facilities.provinces import PROVINCES

PAGE_ROWS = 50
STEPS: dict[str, tuple[Callable[..., dict[str, Any]], type[Schema]]] = {
    "assign": (complaints.assign, AssignBody),
    "forward": (complaints.forward, WordsBody),
    "answer": (complaints.answer, WordsBody),
    "close": (complaints.close, CloseBody),
    "reopen": (complaints.reopen, ReopenBody),
}
TABS = ("waiting", "mine", "overdue", "answered", "closed", "all")


@blueprint.get("")
@requires(FILE, MANAGE)
def show_complaints() -> str:
    """Show NSSF's queue by deadline; to others what they took down and what NSSF asks them."""
    actor = current_actor()
    if not complaints.manages(actor):
        return _own_page(actor)
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    by_deadline = tab in ("waiting", "mine", "overdue")
    narrowed: dict[str, dict[str, Any]] = {
        "mine": {"assigned_to": actor.subject},
        "overdue": {"overdue": True},
        "answered": {"state": "answered"},
        "closed": {"state": "closed"},
    }
    rows = complaints.list_complaints(
        by=actor,
        limit=PAGE_ROWS + 1,
        by_deadline=by_deadline,
        after=from_cursor(request.args.get("cursor"), by_deadline=by_deadline),
        **narrowed.get(tab, {}),
    )
    return render(
        "complaints/queue.html",
        rows=[item for _key, item in rows[:PAGE_ROWS]],
        cursor=_next(rows),
        tab=tab,
        terms=complaints.terms(),
    )


def _own_page(actor: Actor) -> str:
    filed = request.args.get("tab") == "filed" or actor.nssf
    rows = complaints.list_complaints(
        by=actor,
        limit=PAGE_ROWS + 1,
        filed=filed,
        after=from_cursor(request.args.get("cursor")),
    )
    return render(
        "complaints/own.html",
        rows=[item for _key, item in rows[:PAGE_ROWS]],
        cursor=_next(rows),
        filed=filed,
    )


def _next(rows: list[Any]) -> str | None:
    return make_cursor(to_cursor(rows[PAGE_ROWS - 1][0])) if len(rows) > PAGE_ROWS else None


@blueprint.get("/statistics")
@requires(MANAGE, Permission.STATISTICS_READ)
def show_figures() -> str | Response | tuple[str, int]:
    """Show the figures of complaints, or give them as a file; NSSF only."""
    actor = current_actor()
    query, errors = load_form(StatisticsQuery(), request.args)
    days = {"from_day": query["from"], "to_day": query["to"]} if query else {}
    try:
        found = complaints.count_complaints(by=actor, **days)
    except Invalid as problem:
        errors = errors_of(problem)
        found = complaints.count_complaints(by=actor)
    if query and not errors and query["format"] != "json":
        return sheet(found, query["format"])
    page = render(
        "complaints/figures.html",
        found=found,
        errors=errors,
        provinces={province.code: province for province in PROVINCES},
    )
    return (page, 422) if errors else page


@blueprint.get("/<number>")
@requires(FILE, MANAGE)
def show_complaint(number: str) -> str:
    """Show a complaint as far as this person may see it."""
    return _page(number)


@blueprint.post("/<number>/complainant")
@requires(MANAGE)
def show_complainant(number: str) -> str:
    """Show who complained; the look is recorded."""
    return _page(number, person=complaints.find_complainant(number, by=current_actor()))


@blueprint.post("/<number>/<action>")
@requires(FILE, MANAGE)
def take_step(number: str, action: str) -> AnyResponse | tuple[str, int]:
    """Take one step: assign, ask the facility, answer, close, reopen."""
    if action not in STEPS:
        raise NoSuchPage
    step, schema = STEPS[action]
    body, errors = load_form(schema(), request.form)
    if not errors:
        try:
            step(number, by=current_actor(), **body)
        except (Conflict, Invalid) as problem:
            errors = errors_of(problem)
    if errors:
        return _page(number, errors=errors, wrong=action, form=request.form), 422
    flash(_("Done."), "success")
    return go("complaints.show_complaint", number=number)


def _page(number: str, **given: Any) -> str:
    """Render the page that fits who asks: all of it, the facility's part, or a receipt."""
    actor = current_actor()
    found = complaints.find_complaint(number, by=actor)
    context = {"complaint": found, "errors": {}, "wrong": None, "form": {}, "person": None, **given}
    if complaints.manages(actor):
        handlers = [(one, one.partition(":")[2]) for one in complaints.list_handlers(by=actor)]
        edges = {edge.action: edge for edge in actions_for(found["state"], actor)}
        context |= {"edges": edges, "handlers": handlers}
        return render(
            "complaints/complaint.html", facility=facility_name(found["facility"]), **context
        )
    if "asked" in found:
        return render("complaints/asked.html", **context)
    may_reopen = bool(actions_for(found["state"], actor))
    return render("complaints/receipt.html", may_reopen=may_reopen, **context)
