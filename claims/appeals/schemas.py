"""The shapes of appeals: what a facility files, what NSSF decides, how they are listed."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, validate

from claims.review.schemas import MAX_LINES, LineDecisionBody
from config.api import PageArgs, Schema, Text, Whole
from config.cursors import foreign_cursor, read_cursor

STATES = ("open", "won", "lost")


class AppealBody(Schema):
    """Why a facility appeals, and against which lines; without lines, against all."""

    reason = Text(required=True, max_length=500, validate=validate.Length(min=1))
    lines = fields.List(
        Whole(validate=validate.Range(min=1, max=MAX_LINES)), load_default=list,
        validate=validate.Length(max=MAX_LINES),
    )  # fmt: skip
    note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)


class AppealDecision(Schema):
    """What NSSF decides: won by line, or lost with a word to the facility."""

    outcome = fields.String(required=True, validate=validate.OneOf(["won", "lost"]))
    lines = fields.List(
        fields.Nested(LineDecisionBody), load_default=list, validate=validate.Length(max=MAX_LINES)
    )
    note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)
    internal_note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)


class AppealQuery(PageArgs):
    """What a list of appeals may be narrowed by."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AppealEntry(Schema):
    """One appeal as both sides see it."""

    claim = fields.String(attribute="claim_number")
    facility = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    reason = fields.String()
    note = fields.String(allow_none=True)
    lines = fields.List(fields.Integer())
    filed_at = fields.AwareDateTime()
    decide_by = fields.Date()
    claim_state = fields.String(metadata={"description": "Where the claim stood then"})
    earlier_riel = fields.Integer()
    decided_at = fields.AwareDateTime(allow_none=True)
    granted_riel = fields.Integer(allow_none=True)
    supplement_riel = fields.Integer()
    answer = fields.String(allow_none=True)


class AppealOfNssf(AppealEntry):
    """One appeal with what only NSSF sees."""

    filed_by = fields.String()
    proposed_by = fields.String(allow_none=True)
    proposed_at = fields.AwareDateTime(allow_none=True)
    causes = fields.List(fields.String())
    decided_by = fields.String(allow_none=True)
    internal_note = fields.String(allow_none=True)


class AppealPage(Schema):
    """A page of appeals, the first to be decided first."""

    items = fields.List(fields.Nested(AppealOfNssf))
    next_cursor = fields.String(allow_none=True)


def to_cursor(appeal: Any) -> list[Any]:
    """Return the key the next page starts after."""
    return [appeal.decide_by.isoformat(), appeal.id]


def from_cursor(cursor: str | None) -> tuple[date, int] | None:
    """Read a key back; a cursor nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        day, row = key
        return date.fromisoformat(day), int(row)
    except (TypeError, ValueError):
        raise foreign_cursor() from None
