"""Shapes of the policy list."""

from __future__ import annotations

from marshmallow import fields

from config.api import Schema


class PolicyQuery(Schema):
    """Which day's policies are asked for."""

    on = fields.Date(load_default=None, metadata={"description": "Service day, default today"})


class PolicyList(Schema):
    """The policies in force on a day."""

    version = fields.String(metadata={"description": "Names the whole set of files in force"})
    on = fields.Date()
    items = fields.List(fields.Dict())
