"""The shapes of the feed."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from claims.events.queries import START, Position
from config.api import MAX_PAGE, Schema
from config.cursors import read_cursor
from config.errors import Invalid


class EventQuery(Schema):
    """Where to go on."""

    after = fields.String(
        load_default=None,
        metadata={"description": "`next_cursor` of the last answer; without it, 30 days back"},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MAX_PAGE))


class EventItem(ma.Schema):
    """One event, with nothing personal in it."""

    type = fields.String()
    number = fields.String()
    state = fields.String(allow_none=True)
    at = fields.AwareDateTime()


class EventPage(ma.Schema):
    """A page of the feed; `next_cursor` is always there: ask again with it later."""

    items = fields.List(fields.Nested(EventItem))
    next_cursor = fields.String()


def from_cursor(cursor: str | None) -> Position:
    """Read a cursor of the feed; one that nobody made is a bad field."""
    try:
        key = read_cursor(cursor)
    except Invalid:
        key = []
    if key is None:
        return START
    match key:
        case [str(xact), int(row)] if xact.isdecimal() and row >= 0:
            return xact, row
    raise Invalid(errors=[{"pointer": "/after", "message": "not a cursor of this feed"}])
