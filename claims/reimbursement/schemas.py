"""The shapes of paying: batches, payment runs, files and remittances."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from claims.reimbursement.service import FORMATS
from claims.reimbursement.states import BatchState
from claims.submission.schemas.body import FIRST_DAY, Day
from config.api import PageArgs, Riel, Schema, Text, read_cursor
from config.errors import Invalid
from config.words import N_

NUMBER = 20
MAX_BATCHES = 2000
NOT_EMPTY = validate.Length(min=1)
JSON, CSV = "json", "csv"


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


class SettleBody(Schema):
    """What the bank reported."""

    bank_reference = Text(required=True, max_length=80, validate=NOT_EMPTY)
    paid_on = fields.Date(required=True, validate=validate.Range(min=FIRST_DAY))


class FailBody(Schema):
    """Why the bank did not pay."""

    reason = Text(required=True, max_length=500, validate=NOT_EMPTY)


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

    format = fields.String(load_default=None, validate=validate.OneOf([JSON, CSV]))


class AcknowledgeBody(Schema):
    """What the facility received."""

    received_riel = Riel(required=True)
    note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)


class _Steps(Schema):
    """Where a payment stands and who took which step."""

    state = fields.String(validate=validate.OneOf(list(BatchState)))
    period_to = fields.Date(allow_none=True)
    total_riel = fields.Integer()
    opened_by = fields.String()
    opened_at = fields.AwareDateTime()
    authorised_by = fields.String(allow_none=True)
    authorised_at = fields.AwareDateTime(allow_none=True)
    exported_by = fields.String(allow_none=True)
    exported_at = fields.AwareDateTime(allow_none=True)
    bank_reference = fields.String(allow_none=True)
    paid_on = fields.Date(allow_none=True)
    failure = fields.String(allow_none=True)
    closed_by = fields.String(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)


class BatchAnswer(_Steps):
    """One batch: one facility, one scheme."""

    number = fields.String()
    facility = fields.String()
    scheme = fields.String()
    claims = fields.Integer()
    run = fields.String(allow_none=True)
    remittance = fields.String(allow_none=True)


class BatchList(Schema):
    """The batches that were opened."""

    items = fields.List(fields.Nested(BatchAnswer))


class BatchPage(BatchList):
    """A page of batches, newest first."""

    next_cursor = fields.String(allow_none=True)


class SchemeTotal(Schema):
    """What a run pays for one scheme."""

    scheme = fields.String()
    batches = fields.Integer()
    claims = fields.Integer()
    total_riel = fields.Integer()


class RunAnswer(_Steps):
    """One payment run with its batches."""

    number = fields.String()
    claims = fields.Integer()
    totals = fields.List(fields.Nested(SchemeTotal))
    batches = fields.List(fields.Nested(BatchAnswer))


class RunPage(Schema):
    """A page of runs, newest first."""

    items = fields.List(fields.Nested(RunAnswer))
    next_cursor = fields.String(allow_none=True)


class ReductionItem(Schema):
    """What was taken off a claim, and why."""

    code = fields.String()
    carc = fields.String()
    riel = fields.Integer()


class RemittedClaim(Schema):
    """One claim of a remittance."""

    number = fields.String()
    facility_reference = fields.String()
    facility_patient_number = fields.String(allow_none=True)
    claimed_riel = fields.Integer()
    approved_riel = fields.Integer()
    reductions = fields.List(fields.Nested(ReductionItem))


class AdjustmentItem(Schema):
    """What was added or recovered beside the claims."""

    kind = fields.String()
    claim = fields.String()
    riel = fields.Integer()


class RemittanceItem(Schema):
    """A remittance as lists show it."""

    number = fields.String()
    batch = fields.String()
    facility = fields.String()
    scheme = fields.String()
    paid_on = fields.Date()
    bank_reference = fields.String()
    total_riel = fields.Integer()
    carried_forward_riel = fields.Integer()
    received_riel = fields.Integer(allow_none=True)
    acknowledged_at = fields.AwareDateTime(allow_none=True)
    acknowledged_note = fields.String(allow_none=True)


class RemittanceAnswer(RemittanceItem):
    """A remittance claim by claim."""

    claims = fields.List(fields.Nested(RemittedClaim))
    adjustments = fields.List(fields.Nested(AdjustmentItem))


class RemittancePage(Schema):
    """A page of remittances, newest first."""

    items = fields.List(fields.Nested(RemittanceItem))
    next_cursor = fields.String(allow_none=True)


def from_cursor(cursor: str | None) -> int | None:
    """Read the key of a list ordered by row; a cursor nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    if len(key) != 1 or type(key[0]) is not int:
        raise Invalid(errors=[{"pointer": "/cursor", "message": "not a cursor of this list"}])
    return key[0]
