"""The shapes at this package's API door."""

from __future__ import annotations

from datetime import date

from marshmallow import fields, validate

from config.api import PageArgs, Schema, Text

# Days far outside the product's life cannot be turned into moments everywhere.
WITHIN = validate.Range(min=date(2000, 1, 1), max=date(2200, 1, 1))


class AuditQuery(PageArgs):
    """What to look for in the audit trail."""

    subject = Text(max_length=100, load_default=None)
    actor = Text(max_length=100, load_default=None)
    facility = Text(max_length=40, load_default=None)
    from_day = fields.Date(data_key="from", load_default=None, validate=WITHIN)
    to_day = fields.Date(data_key="to", load_default=None, validate=WITHIN)


class AuditEntry(Schema):
    """One recorded act."""

    at = fields.AwareDateTime(format="%Y-%m-%dT%H:%M:%SZ", metadata={"format": "date-time"})
    actor = fields.String(metadata={"example": "user:dara"})
    action = fields.String(metadata={"example": "claim.submitted"})
    subject = fields.String()
    facility = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    details = fields.Dict(metadata={"description": "Numbers and codes only"})


class AuditPage(Schema):
    """A page of the audit trail, the newest first."""

    items = fields.List(fields.Nested(AuditEntry))
    next_cursor = fields.String(allow_none=True)
