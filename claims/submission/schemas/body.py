"""The shape of a claim at every door; field checks only, all faults at once with their pointers."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from functools import cached_property
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from config.api import CardNumber, Riel, Schema, Text, Whole
from config.quick import NotPlain, Reader, quick
from config.words import N_

TYPES = ("treatment", "maternity")
VISIT_TYPES = ("outpatient", "inpatient", "emergency")
ADMISSIONS = ("walk_in", "appointment", "referred")
CAUSES = ("illness", "maternity", "work", "commuting")
DISCHARGES = ("authorised", "unauthorised", "referred_out", "absconded", "deceased")
EVENTS = ("antenatal", "delivery", "postnatal", "miscarriage")
MODES = ("normal", "assisted", "caesarean")
MAX_PRICE, MAX_QUANTITY, MAX_LINES, MAX_DIAGNOSES = 10**9, 10_000, 200, 50
FIRST_DAY, LAST_DAY, FIRST_BIRTHDAY = date(2000, 1, 1), date(2099, 12, 31), date(1890, 1, 1)
NOT_EMPTY = validate.Length(min=1)


class Flag(fields.Boolean):
    """A truth value, never a text or a number that looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> Any:
        if not isinstance(value, bool):
            raise ma.ValidationError(N_("Send true or false."))
        return super()._deserialize(value, attr, data, **kw)


class Day(fields.Date):
    """An ISO day within reason."""

    def __init__(self, *, first: date = FIRST_DAY, **kw: Any) -> None:
        super().__init__(validate=validate.Range(min=first, max=LAST_DAY), **kw)


def one_of(choices: tuple[str, ...], **kw: Any) -> fields.String:
    """Make a field that takes one of some words."""
    return fields.String(validate=validate.OneOf(choices), **kw)


def optional(**kw: Any) -> dict[str, Any]:
    """Return what makes a field one that may be left out or null."""
    return {"load_default": None, "allow_none": True, **kw}


class PatientBody(Schema):
    """A newborn under the mother's card."""

    newborn = Flag(required=True, validate=validate.Equal(True))
    sex = one_of(("F", "M"), required=True)
    date_of_birth = Day(required=True)
    birth_order = Whole(load_default=1, validate=validate.Range(min=1, max=9))


class DiagnosisBody(Schema):
    """One ICD-10 code."""

    code = Text(max_length=10, required=True, validate=validate.Regexp(r"^[A-Za-z0-9.]{3,8}$"))
    role = one_of(("primary", "secondary"), load_default="secondary")


class BirthBody(Schema):
    """One child of a delivery."""

    outcome = one_of(("live", "stillbirth"), required=True)
    sex = one_of(("F", "M"), **optional())
    weight_g = Whole(**optional(validate=validate.Range(min=100, max=9999)))


class MaternityBody(Schema):
    """What a maternity claim says of the pregnancy."""

    event = one_of(EVENTS, required=True)
    delivery_mode = one_of(MODES, **optional())
    gestation_weeks = Whole(**optional(validate=validate.Range(min=1, max=45)))
    births = fields.List(
        fields.Nested(BirthBody), load_default=list, validate=validate.Length(max=9)
    )


class AccidentBody(Schema):
    """When and where a work or commuting accident happened."""

    date = Day(required=True)
    place = Text(max_length=200, **optional())
    employer = Text(max_length=200, **optional())


class ReferralBody(Schema):
    """Who sent the patient."""

    from_facility = Text(max_length=40, required=True, validate=NOT_EMPTY)
    number = Text(max_length=80, **optional())
    date = Day(required=True)
    reason = Text(max_length=500, multiline=True, **optional())


class LineBody(Schema):
    """One service on one day; without a day, the first day of the claim."""

    service = Text(max_length=60, required=True, validate=NOT_EMPTY)
    quantity = Whole(required=True, validate=validate.Range(min=1, max=MAX_QUANTITY))
    unit_price_riel = Riel(required=True, maximum=MAX_PRICE)
    service_date = Day(**optional())


class ClaimBody(Schema):
    """A claim as a facility sends it."""

    facility_reference = Text(max_length=80, required=True, validate=NOT_EMPTY)
    type = one_of(TYPES, required=True)
    card_number = CardNumber(required=True)
    patient = fields.Nested(PatientBody, **optional())
    eligibility_check = Text(max_length=20, **optional())
    visit = Text(max_length=20, **optional())
    visit_type = one_of(VISIT_TYPES, required=True)
    admission = one_of(ADMISSIONS, **optional())
    cause = one_of(CAUSES, **optional())
    emergency = Flag(load_default=False)
    service_from = Day(required=True)
    service_to = Day(required=True)
    discharge = one_of(DISCHARGES, **optional())
    diagnoses = fields.List(
        fields.Nested(DiagnosisBody), required=True,
        validate=validate.Length(min=1, max=MAX_DIAGNOSES),
    )  # fmt: skip
    maternity = fields.Nested(MaternityBody, **optional())
    accident = fields.Nested(AccidentBody, **optional())
    referral = fields.Nested(ReferralBody, **optional())
    patient_paid_riel = Riel(load_default=0)
    facility_patient_number = Text(max_length=60, **optional())
    practitioner = Text(max_length=120, **optional())
    replaces = Text(max_length=20, **optional())
    lines = fields.List(
        fields.Nested(LineBody), required=True, validate=validate.Length(min=1, max=MAX_LINES)
    )
    submit = Flag(load_default=True)

    def load(self, data: Any, **kw: Any) -> Any:
        """Load a claim; nearly every one has nothing wrong with it."""
        if not kw.get("many") and not kw.get("partial"):
            with suppress(NotPlain, ma.ValidationError):
                loaded = self._quick(data)
                self.check_together(loaded, data)
                return loaded
        return super().load(data, **kw)

    @cached_property
    def _quick(self) -> Reader:
        return quick(self)

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_together(self, _data: dict[str, Any], original: Any, **_kw: Any) -> None:
        """Look at what no field can see alone: one primary diagnosis, maternity with its event."""
        faults: dict[str, list[str]] = {}
        if isinstance(original, dict):
            diagnoses = original.get("diagnoses")
            if isinstance(diagnoses, list) and diagnoses and _primaries(diagnoses) != 1:
                faults["diagnoses"] = [N_("Exactly one diagnosis is the primary one.")]
            if original.get("type") == "maternity" and original.get("maternity") is None:
                faults["maternity"] = [N_("A maternity claim says what happened.")]
        if faults:
            raise ma.ValidationError(faults)


def _primaries(diagnoses: list[Any]) -> int:
    return sum(isinstance(one, dict) and one.get("role") == "primary" for one in diagnoses)


class ReplacementBody(ClaimBody):
    """A claim's new content; it is queued at once only when `submit` says so."""

    submit = Flag(load_default=False)
