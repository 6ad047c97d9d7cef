"""The steps of a payment as both doors offer them: one table for batches, runs, JSON and desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import marshmallow as ma

from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.reimbursement.schemas import (
    FailBody,
    PaymentStepBody,
    ReturnBody,
    ReturnStepBody,
    SettleBody,
)
from claims.reimbursement.states import TRANSITIONS


@dataclass(frozen=True, slots=True)
class Verb:
    """One step: who may take it, what it needs to know, and the command behind it."""

    action: str
    body: type[ma.Schema]
    command: Callable[..., None]
    words: str

    @property
    def permission(self) -> Permission:
        """Return what the step needs, as the table of states says."""
        return EDGES[self.action].permission

    @property
    def batch_only(self) -> bool:
        """Tell whether a run cannot take the step."""
        return EDGES[self.action].alone

    @property
    def with_form(self) -> bool:
        """Tell whether the step asks for something."""
        return not issubclass(self.body, PaymentStepBody)


EDGES = {edge.action: edge for edge in TRANSITIONS}
VERBS = {
    verb.action: verb
    for verb in (
        Verb(
            "authorise", PaymentStepBody, reimbursement.authorise,
            "Authorise a payment; never by who opened it.",
        ),
        Verb(
            "cancel", PaymentStepBody, reimbursement.cancel,
            "Cancel a payment that nobody authorised.",
        ),
        Verb(
            "settle", SettleBody, reimbursement.settle,
            "Record that the bank paid: claims are paid, facilities get remittances.",
        ),
        Verb(
            "fail", FailBody, reimbursement.fail,
            "Record that the bank did not pay: the claims are approved again.",
        ),
        Verb(
            "return", ReturnBody, reimbursement.report_return,
            "Report that the bank took a settled batch, or one member's part of it, back.",
        ),
        Verb(
            "confirm_return", ReturnStepBody, reimbursement.confirm_return,
            "Confirm that the money of a batch came back: its claims are approved again.",
        ),
        Verb(
            "refuse_return", ReturnStepBody, reimbursement.refuse_return,
            "Find that the money of a batch did not come back: it is settled as before.",
        ),
    )
}  # fmt: skip
