"""The shapes of the price list and the code lists of claims."""

from __future__ import annotations

from marshmallow import fields, validate

from claims.adjudication.rules.tariffs import PAYERS
from config.api import PageArgs, Schema
from gateway.coverage.policy import LEVELS


class TariffQuery(PageArgs):
    """What a caller may narrow the price list by; without `on`, today's prices."""

    on = fields.Date(load_default=None)
    level = fields.String(load_default=None, validate=validate.OneOf(LEVELS))
    payer = fields.String(load_default=None, validate=validate.OneOf(PAYERS))


class TariffItem(Schema):
    """One price; `valid_to` is the last day that counts, `demo` prices are not official."""

    service = fields.String()
    name_km = fields.String()
    name_en = fields.String()
    benefit = fields.String()
    level = fields.String()
    payer = fields.String()
    price_riel = fields.Integer()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    status = fields.String()
    source = fields.String()


class TariffPage(Schema):
    """A page of prices."""

    items = fields.List(fields.Nested(TariffItem))
    next_cursor = fields.String(allow_none=True)


class CodeItem(Schema):
    """One code with its names; ICD-10 is published here in English only."""

    code = fields.String()
    name_en = fields.String()
    name_km = fields.String(allow_none=True)
    benefit = fields.String()


class CodePage(Schema):
    """A page of codes."""

    items = fields.List(fields.Nested(CodeItem))
    next_cursor = fields.String(allow_none=True)
