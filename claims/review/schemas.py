"""The shapes of review: decisions in, the queue and whole claims out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import fields, post_load, validate

from claims.review.queries import QueueItem
from claims.review.rules import LineWish
from claims.submission.schemas import ClaimAnswer
from claims.submission.states import SECOND_APPROVAL
from config.api import PageArgs, Riel, Schema, Text, Whole, read_cursor
from config.errors import Invalid

MAX_LINES = 200
REASON = 60


class LineDecisionBody(Schema):
    """What the reviewer decides on one line; what is left out follows the rules."""

    line = Whole(required=True, validate=validate.Range(min=1, max=MAX_LINES))
    approved_quantity = Whole(
        load_default=None, allow_none=True, validate=validate.Range(min=0, max=10**6)
    )
    approved_unit_price_riel = Riel(load_default=None, allow_none=True)
    reason = Text(max_length=REASON, load_default=None, allow_none=True)

    @post_load
    def to_wish(self, data: dict[str, Any], **_: Any) -> LineWish:
        """Return the plain value the rules take."""
        return LineWish(**data)


class DecisionBody(Schema):
    """A decision on a claim: `note` goes to the facility, `internal_note` stays at NSSF."""

    lines = fields.List(
        fields.Nested(LineDecisionBody), load_default=list, validate=validate.Length(max=MAX_LINES)
    )
    reason = Text(max_length=REASON, load_default=None, allow_none=True)
    note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)
    internal_note = Text(max_length=2000, multiline=True, load_default=None, allow_none=True)


class ReasonBody(Schema):
    """Why a claim is held, released or reopened."""

    reason = Text(required=True, max_length=500, validate=validate.Length(min=1))


class QueueQuery(PageArgs):
    """What a reviewer may narrow the queue by."""

    awaiting = fields.String(load_default=None, validate=validate.OneOf([SECOND_APPROVAL]))


class QueueEntry(Schema):
    """One claim that waits."""

    number = fields.String()
    facility = fields.String()
    type = fields.String()
    state = fields.String()
    scheme = fields.String(allow_none=True)
    submitted_at = fields.AwareDateTime()
    review_by = fields.Date()
    claimed_riel = fields.Integer()
    payable_riel = fields.Integer(allow_none=True)
    held = fields.Boolean()
    risk = fields.Boolean(metadata={"description": "The rules ask a person to look"})
    awaiting = fields.String(allow_none=True)
    first_approver = fields.String(allow_none=True)
    lease_by = fields.String(allow_none=True)
    lease_until = fields.AwareDateTime(allow_none=True)


class QueuePage(Schema):
    """A page of the queue, oldest first."""

    items = fields.List(fields.Nested(QueueEntry))
    next_cursor = fields.String(allow_none=True)


class ReviewedClaim(ClaimAnswer):
    """A whole claim with what review adds to it."""

    awaiting = fields.String(allow_none=True)
    lease_until = fields.AwareDateTime(allow_none=True)


class DecisionEntry(Schema):
    """One person's word on a claim."""

    decided_at = fields.AwareDateTime()
    decided_by = fields.String()
    step = fields.Integer()
    decision = fields.String()
    final = fields.Boolean()
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    internal_note = fields.String(allow_none=True)
    causes = fields.List(fields.String())
    lines = fields.List(fields.Dict())
    claimed_riel = fields.Integer()
    payable_riel = fields.Integer(allow_none=True)
    approved_riel = fields.Integer(allow_none=True)


class DecisionList(Schema):
    """Everything decided on a claim, oldest first."""

    items = fields.List(fields.Nested(DecisionEntry))


def to_cursor(item: QueueItem) -> list[Any]:
    """Return the key the next page starts after."""
    return [item.submitted_at.isoformat(), item.id]


def from_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    """Read a key back; a cursor nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        moment, row = key
        return datetime.fromisoformat(moment), int(row)
    except (TypeError, ValueError):
        pointer = {"pointer": "/cursor", "message": "not a cursor of this list"}
        raise Invalid(errors=[pointer]) from None
