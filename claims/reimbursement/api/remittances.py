"""Everybody's JSON door to remittances: what a facility was paid, claim by claim."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import page
from claims.reimbursement.schemas import (
    CSV,
    JSON,
    PDF,
    AcknowledgeBody,
    FormatQuery,
    RemittanceAnswer,
    RemittancePage,
    RemittanceQuery,
)
from config.answers import download, private
from config.api import ApiBlueprint
from config.errors import NotAcceptable
from config.words import N_

blp = ApiBlueprint("remittances", __name__, url_prefix="/api/v1/remittances")


@blp.route("", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(RemittanceQuery, location="query")
@blp.response(200, RemittancePage)
def list_remittances(query: dict[str, Any]) -> Response:
    """List what was paid, newest first; a facility sees its own."""
    return page(reimbursement.list_remittances, query)


@blp.route("/<number>", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(FormatQuery, location="query")
@blp.response(200, RemittanceAnswer)
def show_remittance(query: dict[str, str | None], number: str) -> Response:
    """Show what was paid to a facility, claim by claim, as JSON, CSV or PDF."""
    actor = current_actor()
    form = query["format"] or _accepted()
    if form == JSON:
        return private(reimbursement.find_remittance(number, by=actor))
    if form == PDF:
        paper = reimbursement.remittance_pdf(number, by=actor)
        return download(paper, "application/pdf", f"{number}.pdf")
    content = reimbursement.remittance_csv(number, by=actor)
    return download(content, "text/csv; charset=utf-8", f"{number}.csv")


@blp.route("/<number>/acknowledge", methods=["POST"])
@requires(Permission.CLAIM_READ)
@blp.arguments(AcknowledgeBody)
@blp.response(200, RemittanceAnswer)
def acknowledge(body: dict[str, Any], number: str) -> Response:
    """Record what the facility says it received."""
    return private(reimbursement.acknowledge(number, by=current_actor(), **body))


def _accepted() -> str:
    kinds = {"application/json": JSON, "text/csv": CSV, "application/pdf": PDF}
    best = request.accept_mimetypes.best_match(list(kinds))
    if best is None and request.accept_mimetypes:
        raise NotAcceptable(
            detail=N_("A remittance is offered as application/json, text/csv and application/pdf."),
            offered=list(kinds),
        )
    return kinds[best or "application/json"]
