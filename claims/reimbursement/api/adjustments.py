"""The JSON door to adjustments: what is owed more or less for claims already paid."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import page
from claims.reimbursement.schemas import AdjustmentPage, AdjustmentQuery
from config.api import ApiBlueprint

blp = ApiBlueprint("adjustments", __name__, url_prefix="/api/v1/adjustments")


@blp.route("", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(AdjustmentQuery, location="query")
@blp.response(200, AdjustmentPage)
def list_adjustments(query: dict[str, Any]) -> Response:
    """List supplements and recoveries, newest first; a facility sees its own."""
    return page(reimbursement.list_adjustments, query)
