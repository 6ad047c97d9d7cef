"""The asking side: lists, the form of each kind, one allowance with its account, files, the payee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from claims.adjudication import service as adjudication
from claims.allowances import service as allowances
from claims.allowances.desk.blueprint import FILE, READ, blueprint
from claims.allowances.desk.texts import reason_text, reason_texts
from claims.allowances.reasons import DECISIONS
from claims.allowances.rules.facts import KINDS, REFUND
from claims.allowances.schemas import (
    AllowanceBody,
    AllowanceFilter,
    AllowanceSearch,
    AllowanceSubmit,
)
from claims.allowances.states import actions_for
from claims.attachments.doors import takes_attachment, to_download
from claims.attachments.rules import KINDS as FILE_KINDS
from config import clock
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Forbidden, Invalid, Problem
from config.forms import errors_of, load_form, sentence, write_form
from config.web import go, render

PAGE_ROWS, CARE_ROWS = 50, 5
DECISIVE = frozenset({"approve", "reject", "return"})
BODY = AllowanceBody()


@blueprint.get("")
@requires(*READ)
def list_allowances() -> str | tuple[str, int]:
    """List allowances, newest first, narrowed by state and kind."""
    wanted, errors = load_form(AllowanceFilter(), request.args)
    return _listed(wanted, errors)


@blueprint.post("/search")
@requires(*READ)
def search_allowances() -> str | tuple[str, int]:
    """List the allowances of a card; its number stays out of the address."""
    wanted, errors = load_form(AllowanceSearch(), request.form)
    return _listed(wanted, errors)


@blueprint.get("/new")
@requires(FILE)
def new_allowance() -> str:
    """Show the empty form of a kind."""
    asked = request.args.get("kind", "")
    kind = asked if asked in KINDS else KINDS[0]
    return _form({"kind": kind, "event_on": clock.today().isoformat()})


@blueprint.post("")
@requires(FILE)
def file_allowance() -> AnyResponse | tuple[str, int]:
    """File an allowance; faults are shown at their fields."""
    body, errors = load_form(BODY, request.form)
    if errors:
        return _form(request.form, errors=errors), 422
    try:
        filed = allowances.file_allowance(body, by=current_actor())
    except (Invalid, Conflict, Forbidden) as problem:
        return _form(request.form, errors=errors_of(problem)), problem.status
    flash(_("The allowance is queued for NSSF."), "success")
    return go("allowances.show_allowance", number=filed["number"])


@blueprint.get("/<number>")
@requires(*READ)
def show_allowance(number: str) -> str:
    """Show one allowance: what was asked, how it is computed, and what may be done now."""
    return allowance_page(number)


@blueprint.get("/<number>/explanation")
@requires(*READ)
def explain(number: str) -> str:
    """Show the computation for the member, in both languages, to be printed."""
    found = allowances.find_allowance(number, by=current_actor())
    return render("allowances/explanation.html", allowance=found)


@blueprint.get("/<number>/edit")
@requires(FILE)
def edit_allowance(number: str) -> str:
    """Show a returned or proposed allowance as a form; the account is asked for again."""
    found = allowances.find_allowance(number, by=current_actor())
    told = {name: found[name] for name in BODY.load_fields if found.get(name) is not None}
    payee = (found["payee"] or {}) | {"account": None}
    return _form(write_form(told | {"payee": payee}), allowance=found)


@blueprint.post("/<number>/edit")
@requires(FILE)
def correct_allowance(number: str) -> AnyResponse | tuple[str, int]:
    """Correct a returned allowance and submit it again."""
    actor = current_actor()
    found = allowances.find_allowance(number, by=actor)
    body, errors = load_form(BODY, request.form)
    if errors:
        return _form(request.form, errors=errors, allowance=found), 422
    try:
        allowances.correct_allowance(number, body, by=actor)
    except (Invalid, Conflict) as problem:
        return _form(request.form, errors=errors_of(problem), allowance=found), problem.status
    flash(_("The allowance is queued for NSSF."), "success")
    return go("allowances.show_allowance", number=number)


@blueprint.post("/<number>/submit")
@requires(FILE)
def submit_allowance(number: str) -> AnyResponse | tuple[str, int]:
    """Submit a proposed allowance with its payee, or a returned one with an answer."""
    body, errors = load_form(AllowanceSubmit(), request.form)
    if not errors:
        try:
            allowances.submit_allowance(number, by=current_actor(), **body)
        except (Invalid, Conflict) as problem:
            errors = errors_of(problem)
    if errors:
        return allowance_page(number, errors=errors), 422
    flash(_("The allowance is queued for NSSF."), "success")
    return go("allowances.show_allowance", number=number)


@blueprint.post("/<number>/withdraw")
@requires(FILE)
def withdraw_allowance(number: str) -> AnyResponse:
    """Take an allowance back."""
    try:
        allowances.withdraw_allowance(number, by=current_actor())
    except Conflict as problem:
        flash(sentence(problem), "error")
    return go("allowances.show_allowance", number=number)


@blueprint.post("/<number>/files")
@requires(FILE)
@takes_attachment
def attach_file(number: str) -> AnyResponse | tuple[str, int]:
    """Add a receipt or a certificate."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if not file or not file.filename or kind not in FILE_KINDS:
        return allowance_page(number, errors={"file": _("Choose a file and what it is.")}), 422
    try:
        allowances.attach_file(number, kind, file.stream, file.filename, by=current_actor())
    except Problem as problem:
        return allowance_page(number, errors={"file": sentence(problem)}), problem.status
    return go("allowances.show_allowance", number=number)


@blueprint.get("/<number>/files/<attachment>")
@requires(*READ)
def download_file(number: str, attachment: str) -> AnyResponse:
    """Download one file of an allowance; the reading is recorded."""
    return to_download(*allowances.open_file(number, attachment, by=current_actor()))


def allowance_page(number: str, *, errors: dict[str, str] | None = None) -> str:
    """Show an allowance with exactly the steps that who is asking may take now."""
    actor = current_actor()
    found = allowances.find_allowance(number, by=actor)
    edges = actions_for(
        found["state"], actor,
        awaiting=found["awaiting"], first_approver=found.get("first_approver"),
    )  # fmt: skip
    return render(
        "allowances/allowance.html",
        allowance=found,
        files=allowances.list_files(number, by=actor),
        file_kinds=FILE_KINDS,
        decisive=[edge for edge in edges if edge.action in DECISIVE],
        steps={edge.action: edge for edge in edges if edge.action not in DECISIVE},
        reasons=_reasons(found),
        reason_of=reason_text,
        form=request.form,
        errors=errors or {},
    )


def _reasons(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the reasons to choose from: the steps of the computation, then the usual ones."""
    own = [step["code"] for step in found["computation"]["steps"] if step["severity"] != "info"]
    return reason_texts(dict.fromkeys([*own, *DECISIONS, "other"]))


def _listed(wanted: dict[str, Any] | None, errors: dict[str, str]) -> str | tuple[str, int]:
    if wanted is None:
        return _list_page([], None, errors), 422
    after = row_key(wanted.pop("cursor"))
    del wanted["limit"]
    rows = allowances.list_allowances(
        by=current_actor(), limit=PAGE_ROWS + 1, after=after, **wanted
    )
    more = make_cursor([rows[PAGE_ROWS - 1][0]]) if len(rows) > PAGE_ROWS else None
    return _list_page([item for _key, item in rows[:PAGE_ROWS]], more, errors)


def _list_page(rows: list[dict[str, Any]], cursor: str | None, errors: dict[str, str]) -> str:
    kept = {name: value for name, value in request.args.items() if name != "cursor" and value}
    return render(
        "allowances/list.html", "allowances/_list.html",
        rows=rows, cursor=cursor, kept=kept, form=request.values, errors=errors,
    )  # fmt: skip


def _form(form: Mapping[str, str], **given: Any) -> str:
    kind = form.get("kind", "")
    return render(
        "allowances/form.html",
        form=form,
        kind=kind if kind in KINDS else KINDS[0],
        kinds=KINDS,
        care_rows=CARE_ROWS,
        services=sorted(adjudication.price_list().services) if kind == REFUND else (),
        **{"errors": {}, "allowance": None, **given},
    )
