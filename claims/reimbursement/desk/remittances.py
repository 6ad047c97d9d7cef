"""Remittances at the desk: what was paid, claim by claim, and what the facility received."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.desk.blueprint import remittance_blueprint as blueprint
from claims.reimbursement.schemas import AcknowledgeBody
from claims.submission.desk.texts import catalogue_text
from config.answers import download
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Forbidden
from config.forms import errors_of, load_form
from config.web import go, render
from gateway.facilities.desk import facility_name

PAGE_ROWS = 50


@blueprint.get("")
@requires(Permission.CLAIM_READ)
def list_remittances() -> str:
    """List what was paid, newest first; a facility sees its own."""
    rows = reimbursement.list_remittances(
        by=current_actor(), limit=PAGE_ROWS, after=row_key(request.args.get("cursor"))
    )
    shown = rows[:PAGE_ROWS]
    return render(
        "reimbursement/remittances.html",
        rows=[item for _key, item in shown],
        cursor=make_cursor([shown[-1][0]]) if len(rows) > PAGE_ROWS else None,
    )


@blueprint.get("/<number>")
@requires(Permission.CLAIM_READ)
def show_remittance(number: str) -> str:
    """Show one remittance, claim by claim."""
    return _page(number)


@blueprint.get("/<number>.csv")
@requires(Permission.CLAIM_READ)
def download_remittance(number: str) -> Response:
    """Give the remittance as a file for a spreadsheet."""
    content = reimbursement.remittance_csv(number, by=current_actor())
    return download(content, "text/csv; charset=utf-8", f"{number}.csv")


@blueprint.get("/<number>.pdf")
@requires(Permission.CLAIM_READ)
def print_remittance(number: str) -> Response:
    """Give the remittance as sheets to print."""
    paper = reimbursement.remittance_pdf(number, by=current_actor())
    return download(paper, "application/pdf", f"{number}.pdf")


@blueprint.post("/<number>/acknowledge")
@requires(Permission.CLAIM_READ)
def acknowledge(number: str) -> AnyResponse | tuple[str, int]:
    """Record what the facility says it received."""
    body, errors = load_form(AcknowledgeBody(), request.form)
    if not errors:
        try:
            reimbursement.acknowledge(number, by=current_actor(), **body)
        except (Conflict, Forbidden) as problem:
            errors = errors_of(problem)
    if errors:
        return _page(number, errors=errors), 422
    flash(_("Recorded."), "success")
    return go("remittances.show_remittance", number=number)


def _page(number: str, **given: Any) -> str:
    actor = current_actor()
    found = reimbursement.find_remittance(number, by=actor)
    return render(
        "reimbursement/remittance.html",
        remittance=found,
        facility=facility_name(found["facility"]),
        reason_of=catalogue_text,
        may_acknowledge=actor.facility == found["facility"] and found["received_riel"] is None,
        **{"errors": {}, **given},
    )
