"""The shapes of the facility and province code lists."""

from __future__ import annotations

from marshmallow import fields

from config.api import Schema


class ProvinceItem(Schema):
    """One province."""

    code = fields.String()
    name_en = fields.String()
    name_km = fields.String()


class ProvincePage(Schema):
    """All provinces that match."""

    items = fields.List(fields.Nested(ProvinceItem))
    next_cursor = fields.String(allow_none=True)


class FacilityItem(Schema):
    """One facility, without its bank account; `contract_to` is the last day that counts."""

    code = fields.String()
    name_km = fields.String()
    name_en = fields.String()
    kind = fields.String()
    level = fields.String()
    province = fields.String()
    contract_from = fields.Date()
    contract_to = fields.Date(allow_none=True)


class FacilityPage(Schema):
    """A page of facilities."""

    items = fields.List(fields.Nested(FacilityItem))
    next_cursor = fields.String(allow_none=True)
