"""Shapes of the policy list."""

from __future__ import annotations

from marshmallow import fields, validate

from config.api import Schema, Text
from gateway.coverage.policy_file import MAX_BYTES


class PolicyQuery(Schema):
    """Which day's policies are asked for."""

    on = fields.Date(load_default=None, metadata={"description": "Service day, default today"})


class PolicyList(Schema):
    """The policies in force on a day."""

    version = fields.String(metadata={"description": "Names the whole set of files in force"})
    on = fields.Date()
    items = fields.List(fields.Dict())


class PolicyFileBody(Schema):
    """A policy file: `text` is YAML, and faults in it are named with `name`, line and key."""

    name = Text(load_default="policy.yaml", max_length=200, validate=validate.Length(min=1))
    text = fields.String(
        required=True,
        validate=validate.Length(min=1, max=MAX_BYTES),
        metadata={"description": "The file as it is: its digest names it"},
    )


class LoadedPolicy(Schema):
    """What was put in force."""

    scheme = fields.String()
    effective_from = fields.Date()
    title = fields.String()
    sha256 = fields.String()
    version = fields.String(metadata={"description": "Names the whole set of files now in force"})
