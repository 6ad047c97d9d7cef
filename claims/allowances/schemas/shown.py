"""What doors answer: allowances with their computation and history, registrations, lists."""

from __future__ import annotations

from marshmallow import fields, validate

from claims.allowances.schemas.asked import STATES, CareBody
from claims.allowances.states import SECOND_APPROVAL
from config.api import Schema


class PayeeShown(Schema):
    """Who is paid; the account is masked for who need not know it."""

    method = fields.String()
    account = fields.String(allow_none=True)
    name = fields.String()


class ComputationStep(Schema):
    """One line of a computation."""

    code = fields.String()
    severity = fields.String(metadata={"description": "info, warn, review, unknown or deny"})
    text_en = fields.String()
    text_km = fields.String()
    riel = fields.Integer(allow_none=True)
    source = fields.String()
    status = fields.String(metadata={"description": "law, reported or assumption"})
    confidence = fields.String()
    private = fields.Boolean()


class ComputationShown(Schema):
    """How an amount came about; `assumed` when it rests on an assumption."""

    verdict = fields.String(metadata={"description": "payable, not_payable or not_known"})
    computed_riel = fields.Integer(allow_none=True)
    assumed = fields.Boolean()
    rule = fields.String(allow_none=True)
    rules_version = fields.String()
    days = fields.Integer()
    steps = fields.List(fields.Nested(ComputationStep))
    outcome = fields.Dict(metadata={"description": "Of a refund: what claims would allow"})


class AllowanceHistory(Schema):
    """One step of an allowance; names and inner words for NSSF only."""

    at = fields.AwareDateTime()
    action = fields.String()
    state = fields.String()
    by = fields.String()
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    internal_note = fields.String(allow_none=True)
    riel = fields.Integer(allow_none=True)


class AllowanceItem(Schema):
    """An allowance as lists show it."""

    number = fields.String()
    kind = fields.String()
    event = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    version = fields.Integer()
    facility = fields.String(allow_none=True)
    card_number = fields.String()
    event_on = fields.Date()
    until = fields.Date(allow_none=True)
    delivery_on = fields.Date(allow_none=True)
    birth_order = fields.Integer()
    instalment = fields.Integer()
    claim = fields.String(allow_none=True)
    proposed = fields.Boolean()
    verdict = fields.String()
    assumed = fields.Boolean()
    computed_riel = fields.Integer(allow_none=True)
    approved_riel = fields.Integer(allow_none=True)
    awaiting = fields.String(allow_none=True, validate=validate.OneOf([SECOND_APPROVAL]))
    first_approver = fields.String(allow_none=True)
    batch = fields.String(allow_none=True)
    paid_on = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime()
    submitted_at = fields.AwareDateTime(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    updated_at = fields.AwareDateTime()


class AllowanceAnswer(AllowanceItem):
    """An allowance whole: who is paid, how the amount came about, what happened."""

    claim_state = fields.String(allow_none=True, metadata={"description": "Of its claim, now"})
    stopped = fields.Boolean(
        metadata={"description": "Approved on a claim that no longer stands: see `state`"}
    )
    payee = fields.Nested(PayeeShown, allow_none=True)
    computation = fields.Nested(ComputationShown)
    history = fields.List(fields.Nested(AllowanceHistory))
    children = fields.Integer(allow_none=True)
    outcome = fields.String(allow_none=True)
    gestation_weeks = fields.Integer(allow_none=True)
    born_in_contracted_facility = fields.Boolean(allow_none=True)
    leave_permitted = fields.Boolean(allow_none=True)
    care = fields.Nested(CareBody, allow_none=True)
    person = fields.Dict(allow_none=True)
    proposed_riel = fields.Integer(allow_none=True)
    created_by = fields.String()
    submitted_by = fields.String(allow_none=True)


class AllowancePage(Schema):
    """A page of allowances."""

    items = fields.List(fields.Nested(AllowanceItem))
    next_cursor = fields.String(allow_none=True)


class PregnancyAnswer(Schema):
    """A registration, and the delivery that claims report for it."""

    number = fields.String()
    facility = fields.String(allow_none=True)
    card_number = fields.String()
    due_date = fields.Date()
    registered_on = fields.Date()
    weeks = fields.Integer()
    verdict = fields.String(
        allow_none=True, metadata={"description": "For who may check eligibility"}
    )
    scheme = fields.String(allow_none=True)
    delivered_on = fields.Date(allow_none=True)
    delivery_claim = fields.String(allow_none=True)


class PregnancyPage(Schema):
    """A page of registrations."""

    items = fields.List(fields.Nested(PregnancyAnswer))
    next_cursor = fields.String(allow_none=True)


class MissingEntry(Schema):
    """A family that missed the registration, or whose delivery nobody reported."""

    missing = fields.String()
    card_number = fields.String()
    day = fields.Date()
    facility = fields.String(allow_none=True)
    claim = fields.String(allow_none=True)
    registration = fields.String(allow_none=True)


class MissingList(Schema):
    """Part of that list."""

    items = fields.List(fields.Nested(MissingEntry))
    next_cursor = fields.String(allow_none=True)


class AllowanceRuleList(Schema):
    """The allowance rules of a day, with their sources."""

    version = fields.String()
    on = fields.Date()
    items = fields.List(fields.Dict())
