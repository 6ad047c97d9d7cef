"""The shapes of complaints at the JSON door, and of the desk's forms."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from claims.complaints.rules import Channel, Complainant, Filing, Kind, Outcome
from claims.complaints.states import ComplaintState
from config.api import PageArgs, Riel, Schema, Text
from config.cursors import foreign_cursor, read_cursor
from config.words import N_

NUMBER, NAME, WORDS = 20, 120, 4000
NOT_EMPTY = validate.Length(min=1)
PHONE = validate.Regexp(r"\+?[0-9][0-9 ]{5,18}\Z", error=N_("Write a phone number in digits."))
FORMATS = ("json", "csv", "xlsx")
FIRST_DAY = date(2000, 1, 1)
OPTIONAL: dict[str, Any] = {"load_default": None, "allow_none": True}


class ComplainantBody(Schema):
    """Who complains, as far as they say."""

    name = Text(max_length=NAME, validate=NOT_EMPTY, **OPTIONAL)
    phone = Text(max_length=NUMBER, validate=PHONE, **OPTIONAL)

    @ma.post_load
    def to_complainant(self, data: dict[str, Any], **_: Any) -> Complainant:
        """Return who complains as the service takes it."""
        return Complainant(**data)


class ComplaintBody(Schema):
    """A complaint, about a facility as a whole or about one number of it."""

    facility = Text(
        max_length=40, validate=NOT_EMPTY,
        metadata={"description": "Whoever acts for a facility may leave it out"}, **OPTIONAL,
    )  # fmt: skip
    subject = Text(
        max_length=NUMBER, validate=NOT_EMPTY,
        metadata={"description": "A visit V…, claim C…, batch B…, remittance R… or allowance A… of it"}, **OPTIONAL,
    )  # fmt: skip
    kind = fields.Enum(Kind, by_value=True, required=True)
    channel = fields.Enum(Channel, by_value=True, load_default=Channel.DESK)
    text = Text(max_length=WORDS, multiline=True, required=True, validate=NOT_EMPTY)
    amount_riel = Riel(
        minimum=1, metadata={"description": "What was asked for, of informal payments"}, **OPTIONAL
    )
    happened_on = fields.Date(validate=validate.Range(min=FIRST_DAY), **OPTIONAL)
    complainant = fields.Nested(
        ComplainantBody, metadata={"description": "Left out: without a name"}, **OPTIONAL
    )

    @ma.post_load
    def to_filing(self, data: dict[str, Any], **_: Any) -> Filing:
        """Return the complaint as the service takes it."""
        return Filing(**data | {"complainant": data["complainant"] or Complainant()})


class AssignBody(Schema):
    """Who shall handle the complaint; left out: the caller."""

    to = Text(max_length=80, validate=NOT_EMPTY, **OPTIONAL)


class WordsBody(Schema):
    """What is asked or answered."""

    text = Text(max_length=WORDS, multiline=True, required=True, validate=NOT_EMPTY)


class CloseBody(Schema):
    """What was found."""

    outcome = fields.Enum(Outcome, by_value=True, **OPTIONAL)
    text = Text(max_length=WORDS, multiline=True, **OPTIONAL)


class ReopenBody(Schema):
    """Why the complaint is taken up anew."""

    text = Text(max_length=WORDS, multiline=True, **OPTIONAL)


class ComplaintQuery(PageArgs):
    """What a list of complaints may be narrowed by."""

    filed = fields.Boolean(
        load_default=False, metadata={"description": "Receipts of what the caller took down"}
    )
    order = fields.String(
        load_default="newest", validate=validate.OneOf(("newest", "deadline")),
        metadata={"description": "`deadline`: what is unanswered, the most urgent first"},
    )  # fmt: skip
    state = fields.Enum(ComplaintState, by_value=True, load_default=None)
    kind = fields.Enum(Kind, by_value=True, load_default=None)
    channel = fields.Enum(Channel, by_value=True, load_default=None)
    facility = Text(max_length=40, load_default=None)
    assigned_to = Text(max_length=80, load_default=None)
    overdue = fields.Boolean(load_default=None)


# `from` is a word of the language: such a field is named in a dictionary.
_Period = Schema.from_dict(
    {
        name: fields.Date(load_default=None, validate=validate.Range(min=FIRST_DAY))
        for name in ("from", "to")
    }
)


class StatisticsQuery(_Period):  # type: ignore[valid-type,misc]
    """Which days to count, and as what to answer."""

    format = fields.String(load_default="json", validate=validate.OneOf(FORMATS))


class AskedItem(ma.Schema):
    """What NSSF asked the facility, and what it answered."""

    text = fields.String()
    forwarded_at = fields.AwareDateTime()
    answer_by = fields.Date()
    answer = fields.String(allow_none=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    by = fields.String(metadata={"description": "For NSSF"})
    answered_by = fields.String(allow_none=True, metadata={"description": "For NSSF"})


class SaidItem(ma.Schema):
    """What NSSF wrote."""

    at = fields.AwareDateTime()
    by = fields.String()
    kind = fields.String()
    text = fields.String()


class StepItem(ma.Schema):
    """One step of a complaint."""

    at = fields.AwareDateTime()
    action = fields.String()
    state = fields.String()
    by = fields.String()


class ComplaintItem(ma.Schema):
    """A complaint: of what follows the number and state, as much as the caller may see."""

    number = fields.String(required=True)
    state = fields.String(required=True)
    filed_at = fields.AwareDateTime()
    answer_by = fields.Date()
    facility = fields.String()
    text = fields.String(metadata={"description": "To a facility: NSSF's words"})
    forwarded_at = fields.AwareDateTime()
    answer = fields.String(allow_none=True)
    province = fields.String()
    about = fields.String()
    subject = fields.String(allow_none=True)
    kind = fields.String()
    channel = fields.String()
    amount_riel = fields.Integer(allow_none=True)
    happened_on = fields.Date(allow_none=True)
    assigned_to = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    reopened = fields.Integer()
    overdue = fields.Boolean()
    filed_by = fields.String()
    answered_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)


class ComplaintAnswer(ComplaintItem):
    """One complaint with its way."""

    anonymous = fields.Boolean()
    asked = fields.List(fields.Nested(AskedItem))
    messages = fields.List(fields.Nested(SaidItem))
    timeline = fields.List(fields.Nested(StepItem))
    actions = fields.List(fields.String())


class ComplaintPage(ma.Schema):
    """A page of complaints."""

    items = fields.List(fields.Nested(ComplaintItem))
    next_cursor = fields.String(allow_none=True)


class TimelineAnswer(ma.Schema):
    """Every step of a complaint, oldest first."""

    items = fields.List(fields.Nested(StepItem))


class ComplainantAnswer(ma.Schema):
    """Who complained."""

    number = fields.String()
    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)


class FigureItem(ma.Schema):
    """One line of the figures; a count of fewer than five is `<5`."""

    dimension = fields.String()
    key = fields.String()
    complaints = fields.Raw()
    informal_payments = fields.Raw(allow_none=True)
    visits = fields.Integer(allow_none=True)
    per_1000_visits = fields.String(allow_none=True)


class FiguresAnswer(ma.Schema):
    """The figures of complaints as of a moment."""

    as_of = fields.AwareDateTime()
    from_ = fields.Date(data_key="from", attribute="from")
    to = fields.Date()
    figures = fields.List(fields.Nested(FigureItem))


def to_cursor(key: list[Any]) -> list[Any]:
    """Return the place in a list to go on after, as a cursor may carry it."""
    return [part.isoformat() if isinstance(part, date) else part for part in key]


def from_cursor(cursor: str | None, *, by_deadline: bool = False) -> list[Any] | None:
    """Read a cursor of one of the lists; one that nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        if by_deadline:
            day, row = key
            return [date.fromisoformat(day), _whole(row)]
        (row,) = key
        return [_whole(row)]
    except (TypeError, ValueError):
        raise foreign_cursor() from None


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value
