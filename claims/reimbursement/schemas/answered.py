"""What finance's doors answer: batches, payment runs, remittances, adjustments, the bank's rows."""

from __future__ import annotations

from marshmallow import fields, validate

from claims.reimbursement.states import BatchState
from config.api import Schema


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


class AdjustmentItem(Schema):
    """What was added or recovered beside the claims."""

    kind = fields.String()
    claim = fields.String()
    riel = fields.Integer()


class MemberReturn(Schema):
    """A member's transfer that was reported as come back; confirmed by another person, or not yet."""

    number = fields.String()
    riel = fields.Integer()
    returned_on = fields.Date()
    return_reason = fields.String()
    return_by = fields.String()
    return_confirmed_by = fields.String(allow_none=True)


class BatchAnswer(_Steps):
    """One batch: one facility, one scheme."""

    number = fields.String()
    payees = fields.String(validate=validate.OneOf(["facility", "members"]))
    facility = fields.String(allow_none=True)
    scheme = fields.String()
    claims = fields.Integer()
    unpaid_riel = fields.Integer()
    carried_forward_riel = fields.Integer()
    returned_on = fields.Date(allow_none=True)
    return_reason = fields.String(allow_none=True)
    return_by = fields.String(allow_none=True)
    return_confirmed_by = fields.String(allow_none=True)
    run = fields.String(allow_none=True)
    remittance = fields.String(allow_none=True)
    adjustments = fields.List(
        fields.Nested(AdjustmentItem), metadata={"description": "When one batch is shown"}
    )
    returns = fields.List(
        fields.Nested(MemberReturn),
        metadata={"description": "Of a batch paid to members: transfers that came back"},
    )


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
    reversed_on = fields.Date(allow_none=True)
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


class AdjustmentRow(AdjustmentItem):
    """A supplement or a recovery, with what of it still waits for a batch."""

    facility = fields.String()
    scheme = fields.String()
    waiting_riel = fields.Integer()
    reason = fields.String(allow_none=True)
    made_at = fields.AwareDateTime()


class AdjustmentPage(Schema):
    """A page of adjustments, newest first."""

    items = fields.List(fields.Nested(AdjustmentRow))
    next_cursor = fields.String(allow_none=True)


class BankRowAnswer(Schema):
    """What was done with one row of the bank's file."""

    row = fields.Integer()
    end_to_end_id = fields.String()
    result = fields.String()
    fault = fields.String()
    riel = fields.Integer(allow_none=True)


class BankFileAnswer(Schema):
    """What a bank's file changed, row by row; `repeated` files change nothing."""

    payment = fields.String()
    filename = fields.String()
    sha256 = fields.String()
    read_by = fields.String()
    read_at = fields.AwareDateTime()
    repeated = fields.Boolean()
    changed = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    results = fields.List(fields.Nested(BankRowAnswer))
