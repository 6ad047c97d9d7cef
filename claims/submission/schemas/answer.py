"""The shapes of answers, filters and small bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from claims.submission.schemas.body import (
    NOT_EMPTY,
    TYPES,
    ClaimBody,
    Day,
    Flag,
    one_of,
)
from claims.submission.states import ClaimState
from config.api import CardNumber, PageArgs, Schema, Text, Whole


class ClaimFilter(PageArgs):
    """What a list of claims may be narrowed by."""

    state = one_of(tuple(ClaimState), load_default=None)
    type = one_of(TYPES, load_default=None)
    facility = Text(max_length=40, load_default=None)
    facility_reference = Text(max_length=80, load_default=None)
    service_from = Day(load_default=None)
    service_to = Day(load_default=None)
    updated_after = fields.AwareDateTime(load_default=None)
    batch = Text(max_length=20, load_default=None)
    remittance = Text(max_length=20, load_default=None)


class DeskFilter(ClaimFilter):
    """The same filters at the desk, and what waits for the facility itself."""

    todo = fields.Boolean(load_default=None)


class ClaimSearch(ClaimFilter):
    """The same filters in a body, with the card number kept out of addresses and logs."""

    card_number = CardNumber(load_default=None, allow_none=True)


class ClaimStepBody(Schema):
    """A step that takes no body."""


class MessageBody(Schema):
    """A question, an answer or a note about a claim."""

    text = Text(max_length=2000, multiline=True, required=True, validate=NOT_EMPTY)
    kind = one_of(("question", "answer", "note"), load_default=None)
    internal = Flag(load_default=False)
    answers = Whole(
        load_default=None, allow_none=True, data_key="answers", attribute="answering",
        validate=validate.Range(min=1),
        metadata={"description": "The number of the question this answers"},
    )  # fmt: skip


class MessageItem(Schema):
    """One message as it is shown."""

    number = fields.Integer(metadata={"description": "Its place in the talk"})
    answers = fields.Integer(
        allow_none=True, metadata={"description": "The question this message answers"}
    )
    at = fields.AwareDateTime()
    side = fields.String(metadata={"description": "nssf or facility"})
    kind = fields.String()
    text = fields.String()
    internal = fields.Boolean()
    open = fields.Boolean(metadata={"description": "A question nobody has answered yet"})


class MessageList(Schema):
    """Every message of a claim the caller may see, oldest first."""

    items = fields.List(fields.Nested(MessageItem))


class FindingItem(Schema):
    """A finding, or a line's reason."""

    code = fields.String()
    severity = one_of(("info", "warn", "review", "deny"))
    carc = fields.String()
    fhir = fields.String()
    text_en = fields.String()
    text_km = fields.String()
    source = fields.String()
    line = fields.Integer(allow_none=True)


class LineOutcomeItem(Schema):
    """What one line is worth."""

    line = fields.Integer()
    decision = one_of(("payable", "reduced", "denied", "review"))
    claimed_riel = fields.Integer()
    payable_riel = fields.Integer()
    approved_riel = fields.Integer(allow_none=True)
    tariff_riel = fields.Integer(allow_none=True)
    allowed_quantity = fields.Integer()
    benefit = fields.String(allow_none=True)
    reasons = fields.List(fields.Nested(FindingItem))


class ClaimTotals(Schema):
    """What a claim is worth in all."""

    claimed_riel = fields.Integer()
    payable_riel = fields.Integer(allow_none=True)
    approved_riel = fields.Integer(allow_none=True)
    paid_riel = fields.Integer(allow_none=True)


class OutcomeItem(ClaimTotals):
    """What a claim is worth and why."""

    lines = fields.List(fields.Nested(LineOutcomeItem))
    findings = fields.List(fields.Nested(FindingItem))


class Deadlines(Schema):
    """The days by which something has to happen; null where nothing is due."""

    submit_by = fields.Date()
    answer_by = fields.Date(allow_none=True)
    review_by = fields.Date(allow_none=True)
    appeal_by = fields.Date(allow_none=True)
    pay_by = fields.Date(allow_none=True)


class Step(Schema):
    """One step of the timeline."""

    state = fields.String()
    at = fields.AwareDateTime()


class AppealState(Schema):
    """A facility's appeal against what was decided."""

    state = one_of(("open", "won", "lost"))
    filed_at = fields.AwareDateTime()
    decide_by = fields.Date()
    decided_at = fields.AwareDateTime(allow_none=True)
    answer = fields.String(allow_none=True)
    earlier_riel = fields.Integer(metadata={"description": "Approved before"})
    granted_riel = fields.Integer(allow_none=True, metadata={"description": "Approved in all"})
    supplement_riel = fields.Integer(
        metadata={"description": "Paid on top of a claim that was in payment or paid"}
    )


class ClaimAnswer(ClaimBody):
    """A claim as it is answered: what was sent, and what became of it."""

    number = fields.String()
    facility = fields.String()
    state = one_of(tuple(ClaimState))
    version = fields.Integer()
    scheme = fields.String(allow_none=True)
    submitted_at = fields.AwareDateTime(allow_none=True)
    updated_at = fields.AwareDateTime()
    batch = fields.String(allow_none=True)
    remittance = fields.String(allow_none=True)
    held = fields.Boolean()
    awaiting = one_of(("second_approval",), allow_none=True)
    deadlines = fields.Nested(Deadlines)
    appeal = fields.Nested(AppealState, allow_none=True)
    timeline = fields.List(fields.Nested(Step))
    outcome = fields.Nested(OutcomeItem)


class ClaimItem(Schema):
    """A claim as lists show it."""

    number = fields.String()
    facility = fields.String()
    facility_reference = fields.String()
    type = fields.String()
    state = fields.String()
    version = fields.Integer()
    card_number = fields.String()
    visit_type = fields.String()
    service_from = fields.Date()
    service_to = fields.Date()
    scheme = fields.String(allow_none=True)
    submitted_at = fields.AwareDateTime(allow_none=True)
    updated_at = fields.AwareDateTime()
    batch = fields.String(allow_none=True)
    remittance = fields.String(allow_none=True)
    held = fields.Boolean()
    outcome = fields.Nested(ClaimTotals)


class ClaimPage(Schema):
    """A page of claims."""

    items = fields.List(fields.Nested(ClaimItem))
    next_cursor = fields.String(allow_none=True)


class HistoryItem(Schema):
    """One event of a claim's life."""

    at = fields.AwareDateTime()
    action = fields.String()
    state = fields.String()
    by = fields.String()
    reason = fields.String(
        allow_none=True, metadata={"description": "Why it was rejected or returned: a reason code"}
    )


class HistoryList(Schema):
    """Every event of a claim, oldest first."""

    items = fields.List(fields.Nested(HistoryItem))


class Preview(Schema):
    """What a claim would be worth; nothing was stored."""

    scheme = fields.String(allow_none=True)
    outcome = fields.Nested(OutcomeItem)
