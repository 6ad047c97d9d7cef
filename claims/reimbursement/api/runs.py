"""Finance's JSON door to payment runs: many batches, one authorisation, one file."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import page
from claims.reimbursement.api.steps import AUTHORISE, MANAGE, add_payment
from claims.reimbursement.schemas import OpenRunBody, RunAnswer, RunPage, RunQuery
from config.answers import private
from config.api import ApiBlueprint

blp = ApiBlueprint("payment_runs", __name__, url_prefix="/api/v1/payment-runs")


@blp.route("", methods=["POST"])
@requires(MANAGE)
@blp.arguments(OpenRunBody)
@blp.response(201, RunAnswer)
def open_run(body: dict[str, Any]) -> Response:
    """Open a payment run over several batches, or over everything due."""
    run = reimbursement.open_run(by=current_actor(), **body)
    response = private(run, status=201)
    response.headers["Location"] = f"{blp.url_prefix}/{run['number']}"
    return response


@blp.route("", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.arguments(RunQuery, location="query")
@blp.response(200, RunPage)
def list_runs(query: dict[str, Any]) -> Response:
    """List payment runs, newest first."""
    return page(reimbursement.list_runs, query)


add_payment(blp, reimbursement.find_run, RunAnswer, batch=False)
