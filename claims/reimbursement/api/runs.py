"""Finance's JSON door to payment runs: many batches, one authorisation, one file."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import answer, page, payment_file
from claims.reimbursement.schemas import (
    ExportQuery,
    FailBody,
    OpenRunBody,
    PaymentStepBody,
    RunAnswer,
    RunPage,
    RunQuery,
    SettleBody,
    from_cursor,
)
from config.api import ApiBlueprint

blp = ApiBlueprint("payment_runs", __name__, url_prefix="/api/v1/payment-runs")

MANAGE, AUTHORISE = Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE


@blp.route("", methods=["POST"])
@requires(MANAGE)
@blp.arguments(OpenRunBody)
@blp.response(201, RunAnswer)
def open_run(body: dict[str, Any]) -> Response:
    """Open a payment run over several batches, or over everything due."""
    run = reimbursement.open_run(by=current_actor(), **body)
    response = answer(run, status=201)
    response.headers["Location"] = f"{blp.url_prefix}/{run['number']}"
    return response


@blp.route("", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.arguments(RunQuery, location="query")
@blp.response(200, RunPage)
def list_runs(query: dict[str, Any]) -> Response:
    """List payment runs, newest first."""
    limit, after = query.pop("limit"), from_cursor(query.pop("cursor"))
    return page(
        reimbursement.list_runs(by=current_actor(), limit=limit, after=after, **query), limit
    )


@blp.route("/<number>", methods=["GET"])
@requires(MANAGE, AUTHORISE)
@blp.response(200, RunAnswer)
def show(number: str) -> Response:
    """Show one payment run."""
    return _shown(number)


@blp.route("/<number>/authorise", methods=["POST"])
@requires(AUTHORISE)
@blp.arguments(PaymentStepBody, required=False)
@blp.response(200, RunAnswer)
def authorise(_body: dict[str, Any], number: str) -> Response:
    """Authorise a payment run; never by who opened it."""
    _check(number)
    reimbursement.authorise(number, by=current_actor())
    return _shown(number)


@blp.route("/<number>/cancel", methods=["POST"])
@requires(MANAGE)
@blp.arguments(PaymentStepBody, required=False)
@blp.response(200, RunAnswer)
def cancel(_body: dict[str, Any], number: str) -> Response:
    """Cancel a payment run that nobody authorised."""
    _check(number)
    reimbursement.cancel(number, by=current_actor())
    return _shown(number)


@blp.route("/<number>/settle", methods=["POST"])
@requires(MANAGE)
@blp.arguments(SettleBody)
@blp.response(200, RunAnswer)
def settle(body: dict[str, Any], number: str) -> Response:
    """Record that the bank paid: claims are paid, facilities get remittances."""
    _check(number)
    reimbursement.settle(number, by=current_actor(), **body)
    return _shown(number)


@blp.route("/<number>/fail", methods=["POST"])
@requires(MANAGE)
@blp.arguments(FailBody)
@blp.response(200, RunAnswer)
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
    """Answer the bank's file of a payment run that was exported before."""
    _check(number)
    return payment_file(reimbursement.find_file(number, query["format"], by=current_actor()))


def _shown(number: str) -> Response:
    return answer(reimbursement.find_run(number, by=current_actor()))


def _check(number: str) -> None:
    """Refuse the number of something else before anything is done."""
    reimbursement.find_run(number, by=current_actor())
