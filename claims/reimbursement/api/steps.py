"""The steps and files of a payment, registered alike for batches and for payment runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.answers import payment_file
from claims.reimbursement.schemas import BankFileAnswer, BankFileBody, ExportQuery
from claims.reimbursement.verbs import VERBS, Verb
from config.answers import download, private
from config.api import ApiBlueprint

MANAGE, AUTHORISE = Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE
Find = Callable[..., dict[str, Any]]


def add_payment(blp: ApiBlueprint, find: Find, shape: type[ma.Schema], *, batch: bool) -> None:
    """Register showing one payment, its steps and its files; `find` refuses foreign numbers."""

    @blp.route("/<number>", methods=["GET"])
    @requires(MANAGE, AUTHORISE)
    @blp.response(200, shape)
    def show(number: str) -> Response:
        """Show one payment."""
        return private(find(number, by=current_actor()))

    for verb in VERBS.values():
        if batch or not verb.batch_only:
            _add_step(blp, find, shape, verb)
    _add_file(blp, find)
    _add_bank_file(blp, find)


def _add_step(blp: ApiBlueprint, find: Find, shape: type[ma.Schema], verb: Verb) -> None:
    def step(body: dict[str, Any], number: str) -> Response:
        # The number of something else is refused before anything is done.
        find(number, by=current_actor())
        verb.command(number, by=current_actor(), **body)
        return private(find(number, by=current_actor()))

    step.__name__, step.__doc__ = verb.action, verb.words
    view = blp.arguments(verb.body, required=verb.with_form)(blp.response(200, shape)(step))
    blp.route(f"/<number>/{verb.action}", methods=["POST"])(requires(verb.permission)(view))


def _add_file(blp: ApiBlueprint, find: Find) -> None:
    @blp.route("/<number>/export", methods=["POST"])
    @requires(MANAGE)
    @blp.arguments(ExportQuery, location="query")
    @blp.response(200, content_type="application/xml")
    def export(query: dict[str, str], number: str) -> Response:
        """Write the bank's file; asked again, the same bytes."""
        find(number, by=current_actor())
        return payment_file(reimbursement.export(number, query["format"], by=current_actor()))

    @blp.route("/<number>/export", methods=["GET"])
    @requires(MANAGE)
    @blp.arguments(ExportQuery, location="query")
    @blp.response(200, content_type="application/xml")
    def show_file(query: dict[str, str], number: str) -> Response:
        """Answer the bank's file of a payment that was exported before."""
        find(number, by=current_actor())
        return payment_file(reimbursement.find_file(number, query["format"], by=current_actor()))


def _add_bank_file(blp: ApiBlueprint, find: Find) -> None:
    @blp.route("/<number>/bank-file", methods=["POST"])
    @requires(MANAGE)
    @blp.arguments(BankFileBody, location="files")
    @blp.response(200, BankFileAnswer)
    def read_bank_file(files: dict[str, Any], number: str) -> Response:
        """Settle, fail or report as returned what the bank's CSV says, row by row."""
        find(number, by=current_actor())
        sent = files["file"]
        return private(
            reimbursement.read_answers(number, sent.read(), sent.filename or "", by=current_actor())
        )

    @blp.route("/<number>/bank-file", methods=["GET"])
    @requires(MANAGE)
    @blp.response(200, content_type="text/csv")
    def bank_file_form(number: str) -> Response:
        """Answer the transfers that still wait as a file for the bank's list to be filled in."""
        find(number, by=current_actor())
        content = reimbursement.answer_form(number, by=current_actor())
        return download(content, "text/csv; charset=utf-8", f"{number}-bank.csv")
