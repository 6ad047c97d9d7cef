"""Finance's JSON door to batches: open, authorise, export, settle, fail, cancel."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import page
from claims.reimbursement.api.steps import AUTHORISE, MANAGE, add_payment
from claims.reimbursement.schemas import (
    BatchAnswer,
    BatchList,
    BatchPage,
    BatchQuery,
    OpenBatchesBody,
)
from config.answers import private
from config.api import ApiBlueprint

blp = ApiBlueprint("batches", __name__, url_prefix="/api/v1/batches")


@blp.route("", methods=["POST"])
@requires(MANAGE)
@blp.arguments(OpenBatchesBody)
@blp.response(201, BatchList)
def open_batches(body: dict[str, Any]) -> Response:
    """Open a batch for each facility and scheme over what was decided up to a day."""
    items = reimbursement.open_batches(body.pop("period_to"), by=current_actor(), **body)
    return private({"items": items}, status=201)


@blp.route("", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.arguments(BatchQuery, location="query")
@blp.response(200, BatchPage)
def list_batches(query: dict[str, Any]) -> Response:
    """List batches, newest first."""
    return page(reimbursement.list_batches, query)


add_payment(blp, reimbursement.find_batch, BatchAnswer, batch=True)
