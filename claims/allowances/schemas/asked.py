"""What callers send: an allowance, a payee, a decision, a registration, filters. Field checks only."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from claims.allowances.models import METHODS
from claims.allowances.rules.facts import BIRTH, BIRTH_EVENTS, EVENTS, KINDS, REFUND, SICKNESS
from claims.allowances.states import AllowanceState
from claims.submission.schemas.body import (
    MAX_DIAGNOSES,
    MAX_LINES,
    MAX_PRICE,
    MAX_QUANTITY,
    NOT_EMPTY,
    Day,
    Flag,
    one_of,
    optional,
)
from config.api import CardNumber, PageArgs, Riel, Schema, Text, Whole
from config.words import N_
from gateway.coverage.policy import LEVELS

NUMBER, REASON, NOTE = 20, 60, 2000
MOST_CHILDREN = 9
CODE = validate.Regexp(r"^[A-Za-z0-9.]{3,8}$")
ACCOUNT = validate.Regexp(r"^[0-9A-Za-z][0-9A-Za-z -]{3,33}$")
STATES = tuple(AllowanceState)
JSON, CSV = "json", "csv"


class PayeeBody(Schema):
    """Who is paid, and how; an account unless it is cash."""

    method = one_of(METHODS, required=True)
    account = Text(max_length=34, **optional(validate=ACCOUNT))
    name = Text(max_length=140, required=True, validate=NOT_EMPTY)

    @ma.validates_schema(skip_on_field_errors=False)
    def check_account(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for an account exactly where one is paid into."""
        method = data.get("method")
        if method and (data.get("account") is None) != (method == "cash"):
            raise ma.ValidationError({"account": [N_("An account for bank and wallet only.")]})


class CareLineBody(Schema):
    """One service that was paid for."""

    service = Text(max_length=60, required=True, validate=NOT_EMPTY)
    quantity = Whole(required=True, validate=validate.Range(min=1, max=MAX_QUANTITY))
    unit_price_riel = Riel(required=True, maximum=MAX_PRICE)


class CareBody(Schema):
    """Emergency care that was paid in cash, and where; the level counts where no code is known."""

    facility = Text(max_length=40, **optional())
    facility_name = Text(max_length=140, **optional())
    facility_level = one_of(LEVELS, required=True)
    emergency = Flag(required=True)
    diagnoses = fields.List(
        Text(max_length=10, validate=CODE),
        required=True,
        validate=validate.Length(min=1, max=MAX_DIAGNOSES),
    )
    lines = fields.List(
        fields.Nested(CareLineBody), required=True, validate=validate.Length(min=1, max=MAX_LINES)
    )
    paid_riel = Riel(required=True)

    @ma.validates_schema
    def check_place(self, data: dict[str, Any], **_: Any) -> None:
        """Ask where it was: a code, or a name."""
        if data["facility"] is None and data["facility_name"] is None:
            raise ma.ValidationError({"facility_name": [N_("Say which facility it was.")]})


class AllowanceBody(Schema):
    """What is asked for; which fields count depends on the kind."""

    kind = one_of(KINDS, required=True)
    card_number = CardNumber(required=True)
    event = one_of(BIRTH_EVENTS, **optional())
    event_on = Day(required=True)
    until = Day(**optional())
    delivery_on = Day(**optional())
    birth_order = Whole(**optional(validate=validate.Range(min=1, max=MOST_CHILDREN)))
    children = Whole(**optional(validate=validate.Range(min=1, max=MOST_CHILDREN)))
    outcome = one_of(("live", "stillbirth"), **optional())
    gestation_weeks = Whole(**optional(validate=validate.Range(min=1, max=45)))
    born_in_contracted_facility = Flag(**optional())
    leave_permitted = Flag(**optional())
    claim = Text(max_length=NUMBER, **optional())
    care = fields.Nested(CareBody, **optional())
    payee = fields.Nested(PayeeBody, required=True)

    @ma.validates_schema(skip_on_field_errors=False)
    def check_together(self, data: dict[str, Any], **_: Any) -> None:
        """Look at what no field can see alone: each kind names its own fields and no others."""
        kind = data.get("kind")
        if kind is None:
            return
        faults = {
            name: [needed if kind == owner else N_("Not a field of this kind.")]
            for name, owner, needed in (
                ("event", BIRTH, N_("A birth allowance names the event.")),
                ("until", SICKNESS, N_("Say the last day of the sickness.")),
                ("care", REFUND, N_("A refund says what was paid for.")),
            )
            if (kind == owner) != (data.get(name) is not None)
        }
        first, last = data.get("event_on"), data.get("until")
        if first and last and last < first:
            faults["until"] = [N_("The last day lies before the first.")]
        if (data.get("birth_order") or 1) > (data.get("children") or MOST_CHILDREN):
            faults["birth_order"] = [N_("There were fewer children.")]
        if faults:
            raise ma.ValidationError(faults)


class AllowanceSubmit(Schema):
    """Who is to be paid a proposed allowance, or the answer to why one was returned."""

    payee = fields.Nested(PayeeBody, **optional())
    note = Text(max_length=NOTE, multiline=True, **optional())


class AllowanceStepBody(Schema):
    """A step that takes no body."""


class AllowanceDecision(Schema):
    """A decision: `note` goes to who filed, `internal_note` stays at NSSF."""

    approved_riel = Riel(**optional())
    reason = Text(max_length=REASON, **optional())
    note = Text(max_length=NOTE, multiline=True, **optional())
    internal_note = Text(max_length=NOTE, multiline=True, **optional())


class AllowanceRefusal(AllowanceDecision):
    """Why an allowance is rejected or returned."""

    class Meta(AllowanceDecision.Meta):
        """The same words, without an amount."""

        exclude = ("approved_riel",)


class AllowanceReopen(Schema):
    """Why an approved allowance is taken back to review."""

    reason = Text(required=True, max_length=500, validate=NOT_EMPTY)


class AllowanceFilter(PageArgs):
    """What a list may be narrowed by."""

    kind = one_of(KINDS, load_default=None)
    event = one_of(EVENTS, load_default=None)
    state = one_of(STATES, load_default=None)
    claim = Text(max_length=NUMBER, load_default=None)


class AllowanceSearch(AllowanceFilter):
    """The same filters in a body, with the card number kept out of addresses and logs."""

    card_number = CardNumber(**optional())


class WaitingFilter(PageArgs):
    """A page of what waits for NSSF."""


class PregnancyBody(Schema):
    """A pregnancy to register."""

    card_number = CardNumber(required=True)
    due_date = Day(required=True)


class MissingQuery(PageArgs):
    """Which part of the list, and as what."""

    format = one_of((JSON, CSV), load_default=JSON)


class AllowanceRulesQuery(Schema):
    """On which day."""

    on = Day(load_default=None)
