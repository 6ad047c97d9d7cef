"""The shapes of the waiting line at the JSON door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from config.api import CardNumber, PageArgs, Schema, Text
from config.cursors import foreign_cursor, read_cursor
from gateway.visits.queries import LineKey, Placed
from gateway.visits.rules import IdentitySeen, Payer, Priority, VisitType
from gateway.visits.service import CheckIn
from gateway.visits.states import VisitState, actions_for

WARD = 40
LABEL = 80
NUMBER = 20


class IdentityBody(Schema):
    """Which paper showed who the patient is."""

    seen = fields.Enum(IdentitySeen, by_value=True, required=True)
    name_differs = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class CheckInBody(Schema):
    """An arrival."""

    card_number = CardNumber(load_default=None, allow_none=True)
    eligibility_check = Text(
        max_length=NUMBER, load_default=None, allow_none=True, validate=validate.Length(min=1)
    )
    visit_type = fields.Enum(VisitType, by_value=True, required=True)
    ward = Text(max_length=WARD, load_default=None, allow_none=True)
    payer = fields.Enum(Payer, by_value=True, required=True)
    priority = fields.Enum(Priority, by_value=True, load_default=Priority.NONE)
    identity = fields.Nested(IdentityBody, load_default=None, allow_none=True)
    label = Text(max_length=LABEL, load_default=None, allow_none=True)

    @ma.post_load
    def to_check_in(self, data: dict[str, Any], **_: Any) -> CheckIn:
        """Return the arrival as the service takes it."""
        identity = data.pop("identity") or {}
        return CheckIn(
            card_number=data["card_number"],
            eligibility_check=data["eligibility_check"],
            visit_type=data["visit_type"],
            ward=data["ward"] or "",
            payer=data["payer"],
            priority=data["priority"],
            identity_seen=identity.get("seen", IdentitySeen.NONE),
            name_differs=identity.get("name_differs", False),
            label=data["label"] or None,
        )


class NoBody(Schema):
    """A step that needs no more words."""


class TransferBody(Schema):
    """Where the patient is sent."""

    ward = Text(max_length=WARD, required=True, validate=validate.Length(min=1))


class VisitFilter(PageArgs):
    """Which visits of the line to list."""

    state = fields.Enum(VisitState, by_value=True, load_default=None)
    ward = Text(max_length=WARD, load_default=None)
    day = fields.Date(load_default=None)


class IdentityAnswer(ma.Schema):
    """Which paper was seen."""

    seen = fields.String()
    name_differs = fields.Boolean()


class VisitAnswer(ma.Schema):
    """A visit and its place in the line."""

    number = fields.String()
    ticket = fields.Integer()
    waiting_ahead = fields.Integer(allow_none=True)
    state = fields.String()
    actions = fields.List(fields.String())
    facility = fields.String()
    day = fields.String()
    ward = fields.String(allow_none=True)
    visit_type = fields.String()
    payer = fields.String()
    priority = fields.String()
    card_number = fields.String(allow_none=True)
    eligibility_check = fields.String(allow_none=True)
    identity = fields.Nested(IdentityAnswer)
    label = fields.String(allow_none=True)
    arrived_at = fields.String()
    called_at = fields.String(allow_none=True)
    started_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
    version = fields.Integer()


class VisitList(ma.Schema):
    """A page of the line."""

    items = fields.List(fields.Nested(VisitAnswer))
    next_cursor = fields.String(allow_none=True)


def to_visit(placed: Placed) -> dict[str, Any]:
    """Return a visit as the API shows it."""
    visit = placed.visit
    return {
        "number": visit.number,
        "ticket": visit.ticket,
        "waiting_ahead": placed.waiting_ahead,
        "state": str(visit.state),
        "actions": [step.action for step in actions_for(visit.state)],
        "facility": visit.facility,
        "day": visit.day.isoformat(),
        "ward": visit.ward or None,
        "visit_type": str(visit.visit_type),
        "payer": str(visit.payer),
        "priority": str(visit.priority),
        "card_number": visit.card_number,
        "eligibility_check": visit.eligibility_check,
        "identity": {"seen": str(visit.identity_seen), "name_differs": visit.name_differs},
        "label": visit.label,
        "arrived_at": visit.arrived_at,
        "called_at": visit.called_at,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "version": visit.version,
    }


def to_cursor(placed: Placed) -> list[Any]:
    """Return the place in the line to go on after."""
    rank, queued_at, row = placed.key
    return [rank, queued_at.isoformat(), row]


def from_cursor(cursor: str | None) -> LineKey | None:
    """Read a cursor of the line; one that nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        rank, queued_at, row = key
        moment = datetime.fromisoformat(queued_at)
    except (TypeError, ValueError):
        moment = None
    if (
        moment is None
        or moment.tzinfo is None
        or not isinstance(rank, int)
        or not isinstance(row, int)
    ):
        raise foreign_cursor()
    return rank, moment, row
