"""Finance's JSON door to batches: open, authorise, export, settle, fail, cancel."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import answer, page, payment_file
from claims.reimbursement.schemas import (
    BatchAnswer,
    BatchList,
    BatchPage,
    BatchQuery,
    ExportQuery,
    FailBody,
    OpenBatchesBody,
    PaymentStepBody,
    SettleBody,
    from_cursor,
)
from config.api import ApiBlueprint

blp = ApiBlueprint("batches", __name__, url_prefix="/api/v1/batches")

MANAGE, AUTHORISE = Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE


@blp.route("", methods=["POST"])
@requires(MANAGE)
@blp.arguments(OpenBatchesBody)
@blp.response(201, BatchList)
def open_batches(body: dict[str, Any]) -> Response:
    """Open a batch for each facility and scheme over what was decided up to a day."""
    items = reimbursement.open_batches(body.pop("period_to"), by=current_actor(), **body)
    return answer({"items": items}, status=201)


@blp.route("", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.arguments(BatchQuery, location="query")
@blp.response(200, BatchPage)
def list_batches(query: dict[str, Any]) -> Response:
    """List batches, newest first."""
    limit, after = query.pop("limit"), from_cursor(query.pop("cursor"))
    return page(
        reimbursement.list_batches(by=current_actor(), limit=limit, after=after, **query), limit
    )


@blp.route("/<number>", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.response(200, BatchAnswer)
def show(number: str) -> Response:
    """Show one batch."""
    return _shown(number)


@blp.route("/<number>/authorise", methods=["POST"])
@requires(AUTHORISE)
@blp.arguments(PaymentStepBody, required=False)
@blp.response(200, BatchAnswer)
def authorise(_body: dict[str, Any], number: str) -> Response:
    """Authorise a batch; never by who opened it."""
    _check(number)
    reimbursement.authorise(number, by=current_actor())
    return _shown(number)


@blp.route("/<number>/cancel", methods=["POST"])
@requires(MANAGE)
@blp.arguments(PaymentStepBody, required=False)
@blp.response(200, BatchAnswer)
def cancel(_body: dict[str, Any], number: str) -> Response:
    """Cancel a batch that nobody authorised."""
    _check(number)
    reimbursement.cancel(number, by=current_actor())
    return _shown(number)


@blp.route("/<number>/settle", methods=["POST"])
@requires(MANAGE)
@blp.arguments(SettleBody)
@blp.response(200, BatchAnswer)
def settle(body: dict[str, Any], number: str) -> Response:
    """Record that the bank paid: claims are paid, facilities get remittances."""
    _check(number)
    reimbursement.settle(number, by=current_actor(), **body)
    return _shown(number)


@blp.route("/<number>/fail", methods=["POST"])
@requires(MANAGE)
@blp.arguments(FailBody)
@blp.response(200, BatchAnswer)
def fail(body: dict[str, Any], number: str) -> Response:
    """Record that the bank did not pay: the claims are approved again."""
    _check(number)
    reimbursement.fail(number, by=current_actor(), reason=body["reason"])
    return _shown(number)


@blp.route("/<number>/export", methods=["POST"])
@requires(MANAGE)
@blp.arguments(ExportQuery, location="query")
@blp.response(200, content_type="application/xml")
def export(query: dict[str, str], number: str) -> Response:
    """Write the bank's file; asked again, the same bytes."""
    _check(number)
    return payment_file(reimbursement.export(number, query["format"], by=current_actor()))


@blp.route("/<number>/export", methods=["GET"])
@requires(MANAGE)
@blp.arguments(ExportQuery, location="query")
@blp.response(200, content_type="application/xml")
def show_file(query: dict[str, str], number: str) -> Response:
    """Answer the bank's file of a batch that was exported before."""
    _check(number)
    return payment_file(reimbursement.find_file(number, query["format"], by=current_actor()))


def _shown(number: str) -> Response:
    return answer(reimbursement.find_batch(number, by=current_actor()))


def _check(number: str) -> None:
    """Refuse the number of something else before anything is done."""
    reimbursement.find_batch(number, by=current_actor())
