"""The shapes of review: decisions in, the queue and whole claims out."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, post_load, validate

from claims.review.queries import QueueItem, QueueKey
from claims.review.rules import LineWish
from claims.submission.schemas import ClaimAnswer
from claims.submission.states import SECOND_APPROVAL
from config.api import PageArgs, Riel, Schema, Text, Whole
from config.cursors import foreign_cursor, read_cursor

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


class StepBody(Schema):
    """A step that takes no body."""


class LeaseUntil(Schema):
    """Until when a claim is leased now."""

    number = fields.String()
    lease_until = fields.AwareDateTime()


class NamedEntry(Schema):
    """A claim somebody asked for by its number, and why."""

    claim = fields.String(attribute="claim_number")
    facility = fields.String()
    taken_by = fields.String()
    taken_at = fields.AwareDateTime()
    reason = fields.String()
    put_back_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "Put back into the queue without a decision"}
    )
    put_back_by = fields.String(allow_none=True)


class NamedPage(Schema):
    """A page of claims taken by name, newest first."""

    items = fields.List(fields.Nested(NamedEntry))
    next_cursor = fields.String(allow_none=True)


class FacilityHoldBody(ReasonBody):
    """Which facility is held, and why."""

    facility = Text(required=True, max_length=40, validate=validate.Length(min=1))


class CorrectionBody(ReasonBody):
    """What a paid claim was worth in all, and why less than was paid."""

    approved_riel = Riel(required=True)


class CorrectionDecision(Schema):
    """Whether a second person confirms a correction."""

    confirm = fields.Boolean(required=True)


class CorrectionEntry(Schema):
    """A correction of an overpayment."""

    claim = fields.String(attribute="claim_number")
    facility = fields.String()
    state = fields.String(validate=validate.OneOf(["proposed", "confirmed", "refused"]))
    from_riel = fields.Integer(metadata={"description": "Paid when it was proposed"})
    to_riel = fields.Integer(metadata={"description": "What the claim was worth"})
    reason = fields.String()
    proposed_by = fields.String()
    proposed_at = fields.AwareDateTime()
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)


class CorrectionList(Schema):
    """Corrections that wait for a second person."""

    items = fields.List(fields.Nested(CorrectionEntry))


class HoldQuery(Schema):
    """Whether past holds are listed too."""

    all = fields.Boolean(load_default=False)


class FacilityHoldEntry(Schema):
    """A facility whose payments are or were held."""

    facility = fields.String()
    reason = fields.String()
    held_by = fields.String()
    held_at = fields.AwareDateTime()
    release_reason = fields.String(allow_none=True)
    released_by = fields.String(allow_none=True)
    released_at = fields.AwareDateTime(allow_none=True)


class FacilityHoldList(Schema):
    """Facilities on hold, newest first."""

    items = fields.List(fields.Nested(FacilityHoldEntry))


class BulkGroupEntry(Schema):
    """Clean claims of one scheme and level for the same services."""

    package = fields.String(metadata={"description": "The services, joined by +"})
    scheme = fields.String()
    facility_level = fields.String()
    claims = fields.Integer()
    payable_riel = fields.Integer()
    review_by = fields.Date(allow_none=True)


class BulkGroupList(Schema):
    """Groups worth approving together, largest first."""

    items = fields.List(fields.Nested(BulkGroupEntry))


class BulkBody(Schema):
    """Which group to approve in bulk."""

    package = Text(required=True, max_length=300, validate=validate.Length(min=1))
    scheme = Text(required=True, max_length=40, validate=validate.Length(min=1))
    facility_level = Text(load_default="", max_length=40)


class SampledClaim(Schema):
    """A claim of the sample as it stands."""

    number = fields.String()
    state = fields.String()
    facility = fields.String()
    payable_riel = fields.Integer(allow_none=True)
    approved_riel = fields.Integer(allow_none=True)


class BulkAnswer(Schema):
    """A bulk approval: its sample, and how many of the rest were approved or left."""

    number = fields.String()
    package = fields.String()
    scheme = fields.String()
    facility_level = fields.String()
    state = fields.String(validate=validate.OneOf(["open", "approved", "abandoned"]))
    opened_by = fields.String()
    opened_at = fields.AwareDateTime()
    claims = fields.Integer()
    payable_riel = fields.Integer()
    sample = fields.List(fields.Nested(SampledClaim))
    results = fields.Dict(
        keys=fields.String(), values=fields.Integer(),
        metadata={"description": "approved, skipped, second_person: how many"},
    )  # fmt: skip


class QueueQuery(PageArgs):
    """What a reviewer may narrow the queue by."""

    awaiting = fields.String(load_default=None, validate=validate.OneOf([SECOND_APPROVAL]))
    overdue = fields.Boolean(
        load_default=False, metadata={"description": "Only what waits beyond its deadline"}
    )


class QueueEntry(Schema):
    """One claim that waits."""

    number = fields.String()
    facility = fields.String()
    type = fields.String()
    state = fields.String()
    scheme = fields.String(allow_none=True)
    submitted_at = fields.AwareDateTime()
    review_by = fields.Date(
        allow_none=True, metadata={"description": "Empty while the clock stands still"}
    )
    escalated = fields.Boolean(metadata={"description": "Waits beyond its deadline"})
    claimed_riel = fields.Integer()
    payable_riel = fields.Integer(allow_none=True)
    held = fields.Boolean()
    asked = fields.Boolean(metadata={"description": "A question to the facility is open"})
    risk = fields.Boolean(metadata={"description": "The rules or a signal ask a person to look"})
    points = fields.Integer(metadata={"description": "How much its signals weigh"})
    awaiting = fields.String(allow_none=True)
    first_approver = fields.String(allow_none=True)
    lease_by = fields.String(allow_none=True)
    lease_until = fields.AwareDateTime(allow_none=True)


class QueuePage(Schema):
    """A page of the queue, most urgent first."""

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
    day, *rest = item.key
    return [day.isoformat() if day else None, *rest]


def from_cursor(cursor: str | None) -> QueueKey | None:
    """Read a key back; a cursor nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        day, points, riel, row = key
        return date.fromisoformat(day) if day else None, int(points), int(riel), int(row)
    except (TypeError, ValueError):
        raise foreign_cursor() from None
