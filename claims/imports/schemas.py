"""The shapes of an import: its form, how it stands, what became of its rows."""

from __future__ import annotations

from marshmallow import fields, validate

from claims.imports.models import ImportState
from config.api import PageArgs, Schema


class TemplateArgs(Schema):
    """Which template."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "xlsx")))


class ResultArgs(Schema):
    """In which form the result is downloaded."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "ndjson")))


class ClaimImportAnswer(Schema):
    """How an import stands."""

    number = fields.String()
    facility = fields.String()
    state = fields.String(validate=validate.OneOf(tuple(ImportState)))
    format = fields.String(validate=validate.OneOf(("csv", "ndjson", "xlsx")))
    file_name = fields.String()
    bytes = fields.Integer()
    detail = fields.String(
        allow_none=True, metadata={"description": "Why the file as a whole was refused"}
    )
    detail_row = fields.Integer(allow_none=True)
    detail_column = fields.String(allow_none=True)
    rows_total = fields.Integer()
    claims_total = fields.Integer()
    claims_done = fields.Integer()
    accepted = fields.Integer()
    unchanged = fields.Integer(metadata={"description": "Filed before with the same content"})
    refused = fields.Integer()
    claims_per_second = fields.Float(allow_none=True)
    requested_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    result = fields.String(
        allow_none=True, metadata={"description": "Where the result is, when it is there"}
    )


class ClaimImportPage(Schema):
    """A page of imports, newest first."""

    items = fields.List(fields.Nested(ClaimImportAnswer))
    next_cursor = fields.String(allow_none=True)


class ClaimImportFilter(PageArgs):
    """How many imports, from where on."""
