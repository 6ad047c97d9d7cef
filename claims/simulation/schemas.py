"""The shapes of simulations: what is changed in, how far it is and what came out."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, fields, post_load, validate

from claims.simulation.service import ChangedFile
from config.api import Schema, Text
from gateway.coverage.policy_file import MAX_BYTES

MOST_FILES = 10
# A price list of every service, level and payer is larger than any policy.
MOST_CHARACTERS = 10 * MAX_BYTES


class ChangedFileBody(Schema):
    """A policy file (YAML), or a price list when its name ends in `.csv`."""

    name = Text(required=True, max_length=200, validate=validate.Length(min=1))
    text = fields.String(required=True, validate=validate.Length(min=1, max=MOST_CHARACTERS))

    @post_load
    def to_file(self, data: dict[str, Any], **_: Any) -> ChangedFile:
        """Return the plain value the service takes."""
        return ChangedFile(**data)


class SimulationBody(Schema):
    """What would be changed, and on which past claims it is tried (service days, both counting)."""

    files = fields.List(
        fields.Nested(ChangedFileBody),
        required=True,
        validate=validate.Length(min=1, max=MOST_FILES),
    )
    day_from = fields.Date(load_default=None, allow_none=True, data_key="from")
    day_to = fields.Date(load_default=None, allow_none=True, data_key="to")


class PeriodForm(Schema):
    """Which past claims a file is tried on, as the desk's form sends it."""

    class Meta:
        """A form carries its token and its button as well."""

        unknown = EXCLUDE

    day_from = fields.Date(load_default=None, allow_none=True)
    day_to = fields.Date(load_default=None, allow_none=True)


class SimulationAnswer(Schema):
    """A simulation: `result` is null until it is finished."""

    number = fields.String()
    state = fields.String(validate=validate.OneOf(["queued", "running", "finished", "failed"]))
    base_version = fields.String()
    files = fields.List(fields.String())
    day_from = fields.Date(allow_none=True, data_key="from", attribute="from")
    day_to = fields.Date(allow_none=True, data_key="to", attribute="to")
    claims_done = fields.Integer()
    claims_total = fields.Integer(allow_none=True)
    failure = fields.String(allow_none=True)
    requested_by = fields.String()
    requested_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    result = fields.Dict(
        allow_none=True,
        metadata={
            "description": "Cost by scheme, category and level; the claims that change and why;"
            " `not_reproduced` and `limits` say where that day's facts are no longer known"
        },
    )
