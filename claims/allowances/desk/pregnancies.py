"""Registered pregnancies at the desk, and for NSSF the families that missed a registration."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.allowances import service as allowances
from claims.allowances.answers import to_csv
from claims.allowances.desk.asking import PAGE_ROWS
from claims.allowances.desk.blueprint import FILE, READ, blueprint
from claims.allowances.schemas import (
    MissingQuery,
    PregnancyBody,
    WaitingFilter,
    missing_key,
    missing_page,
)
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Invalid
from config.forms import errors_of, load_form
from config.web import go, render


@blueprint.get("/pregnancies")
@requires(*READ)
def list_pregnancies() -> str:
    """List registered pregnancies, newest first, with the form to register one."""
    return _page()


@blueprint.post("/pregnancies")
@requires(FILE)
def register_pregnancy() -> AnyResponse | tuple[str, int]:
    """Register a pregnancy."""
    body, errors = load_form(PregnancyBody(), request.form)
    if not errors:
        try:
            found, new = allowances.register_pregnancy(by=current_actor(), **body)
        except (Invalid, Conflict) as problem:
            errors = errors_of(problem)
    if errors:
        return _page(errors=errors), 422
    said = _("Pregnancy %(number)s is registered.", number=found["number"])
    flash(said if new else _("This pregnancy was registered already."), "success")
    return go("allowances.list_pregnancies")


@blueprint.get("/missing")
@requires(Permission.CLAIM_REVIEW)
def list_missing() -> str:
    """List deliveries nobody had registered and registrations without a delivery."""
    query, errors = load_form(MissingQuery(), request.args)
    after = None if errors else missing_key(query["cursor"])
    rows = allowances.list_missing(by=current_actor(), limit=PAGE_ROWS + 1, after=after)
    page = missing_page(rows, PAGE_ROWS)
    return render("allowances/missing.html", rows=page["items"], following=page["next_cursor"])


@blueprint.get("/missing.csv")
@requires(Permission.CLAIM_REVIEW)
def download_missing() -> AnyResponse:
    """Download that list whole."""
    return to_csv(allowances.missing_csv(by=current_actor()))


def _page(*, errors: dict[str, str] | None = None) -> str:
    query, bad = load_form(WaitingFilter(), request.args)
    after = None if bad else row_key(query["cursor"])
    rows = allowances.list_pregnancies(by=current_actor(), limit=PAGE_ROWS + 1, after=after)
    shown = rows[:PAGE_ROWS]
    return render(
        "allowances/pregnancies.html",
        rows=[item for _key, item in shown],
        cursor=make_cursor([shown[-1][0]]) if len(rows) > PAGE_ROWS else None,
        form=request.form,
        errors=errors or {},
    )
