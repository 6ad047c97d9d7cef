"""The shapes of the import door."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields, validate

from config.api import Schema, Text
from gateway.registry.feed import KINDS


class ImportForm(Schema):
    """How a file is to be taken."""

    kind = fields.String(
        load_default=None,
        validate=validate.OneOf(KINDS),
        metadata={"description": "Default: what the file's name says"},
    )
    delta = fields.Boolean(load_default=False)
    skip_bad_rows = fields.Boolean(load_default=False)
    accept_change = fields.Boolean(load_default=False)
    complete_through = Text(
        max_length=7,
        load_default=None,
        metadata={"description": "Contributions only: the last month known, YYYY-MM"},
    )


class ImportFiles(Schema):
    """A feed file, and its manifest if it has one."""

    file = Upload(required=True)
    manifest = Upload(load_default=None)


class FaultItem(Schema):
    """One bad value; `row` counts from the top of the file, its header included."""

    row = fields.Integer()
    column = fields.String()
    value = fields.String(allow_none=True)
    reason = fields.String()


class ImportAnswer(Schema):
    """An import as it stands; `faults` holds the first ones, `/errors` all of them."""

    number = fields.String()
    kind = fields.String()
    file_name = fields.String()
    sha256 = fields.String(allow_none=True)
    bytes = fields.Integer(allow_none=True)
    delta = fields.Boolean()
    skip_bad_rows = fields.Boolean()
    accept_change = fields.Boolean()
    complete_through = fields.String(allow_none=True)
    state = fields.String()
    requested_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)
    rows = fields.Integer()
    bad_rows = fields.Integer()
    errors = fields.Integer()
    detail = fields.String(allow_none=True)
    report = fields.Dict()
    faults = fields.List(fields.Nested(FaultItem))


class HeldAccountItem(Schema):
    """A changed bank account that waits for a second person."""

    facility = fields.String()
    account = fields.String()
    confirmed_account = fields.String(allow_none=True)
    introduced_by = fields.String()
    introduced_at = fields.DateTime()
    import_number = fields.String(allow_none=True)


class HeldAccountList(Schema):
    """Every held account."""

    items = fields.List(fields.Nested(HeldAccountItem))
    next_cursor = fields.String(allow_none=True)
