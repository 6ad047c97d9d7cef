"""What finance's doors are asked: bodies, filters, files."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import fields, validate

from claims.reimbursement.service import FORMATS
from claims.reimbursement.states import BatchState
from claims.submission.schemas.body import FIRST_DAY, Day
from config.api import PageArgs, Riel, Schema, Text
from config.words import N_

NUMBER = 20
MAX_BATCHES, MAX_UNPAID = 2000, 5000
NOT_EMPTY = validate.Length(min=1)
JSON, CSV, PDF = "json", "csv", "pdf"


class OpenBatchesBody(Schema):
    """Which approved claims to batch: all that were decided up to a day."""

    period_to = Day(required=True)
    facility = Text(max_length=NUMBER, load_default=None, allow_none=True)
    scheme = Text(max_length=40, load_default=None, allow_none=True)


class OpenRunBody(Schema):
    """Which batches to pay together: everything due up to a day, or batches by number."""

    period_to = Day()
    batches = fields.List(Text(max_length=NUMBER), validate=validate.Length(1, MAX_BATCHES))

    @ma.validates_schema
    def check_one_of_two(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse both, and neither."""
        if ("period_to" in data) == ("batches" in data):
            raise ma.ValidationError(N_("Send either period_to or batches."))
        numbers = data.get("batches", [])
        if len(set(numbers)) != len(numbers):
            raise ma.ValidationError({"batches": [N_("A batch is named twice.")]})


class PaymentStepBody(Schema):
    """A step that takes no fields."""


class ReturnStepBody(PaymentStepBody):
    """Which return is meant: an allowance's of a batch paid to members, else the batch's own."""

    allowance = Text(max_length=NUMBER, load_default=None, allow_none=True)


class SettleBody(Schema):
    """What the bank reported; `unpaid` names the claims or allowances it left out."""

    bank_reference = Text(required=True, max_length=80, validate=NOT_EMPTY)
    paid_on = fields.Date(required=True, validate=validate.Range(min=FIRST_DAY))
    unpaid = fields.List(Text(max_length=NUMBER), validate=validate.Length(max=MAX_UNPAID))
    paid_riel = Riel(allow_none=True, maximum=10**18)


class FailBody(Schema):
    """Why the bank did not pay."""

    reason = Text(required=True, max_length=500, validate=NOT_EMPTY)


class ReturnBody(Schema):
    """Why and when the bank took a payment back."""

    reason = Text(required=True, max_length=500, validate=NOT_EMPTY)
    returned_on = fields.Date(required=True, validate=validate.Range(min=FIRST_DAY))
    allowance = Text(max_length=NUMBER, load_default=None, allow_none=True)


class BankFileBody(Schema):
    """The bank's answer to a payment, as CSV."""

    file = Upload(required=True)


class ExportQuery(Schema):
    """Which file to write."""

    format = fields.String(load_default=FORMATS[0], validate=validate.OneOf(FORMATS))


class BatchQuery(PageArgs):
    """What a list of batches may be narrowed by."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(BatchState)))
    facility = Text(max_length=NUMBER, load_default=None)
    scheme = Text(max_length=40, load_default=None)


class RunQuery(PageArgs):
    """What a list of runs may be narrowed by."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(BatchState)))


class RemittanceQuery(PageArgs):
    """What a list of remittances may be narrowed by."""

    facility = Text(max_length=NUMBER, load_default=None)
    scheme = Text(max_length=40, load_default=None)


class FormatQuery(Schema):
    """Which form of the remittance to answer; without it, `Accept` decides."""

    format = fields.String(load_default=None, validate=validate.OneOf([JSON, CSV, PDF]))


class AcknowledgeBody(Schema):
    """What the facility received."""

    received_riel = Riel(required=True)
    note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)


class AdjustmentQuery(PageArgs):
    """What a list of adjustments may be narrowed by."""

    facility = Text(max_length=NUMBER, load_default=None)
    waiting = fields.Boolean(load_default=False)
