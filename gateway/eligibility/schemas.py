"""The shapes of the eligibility door: what may be asked, what is answered."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from config.api import MAX_CARD, CardNumber, PageArgs, Schema, Text, Whole
from config.text import clean, fold_card
from config.words import N_
from gateway.coverage.policy import BENEFITS, CAUSES
from gateway.eligibility.answers import moment
from gateway.eligibility.rules.facts import VERDICTS, Newborn
from gateway.eligibility.service.identify import CheckRequest
from gateway.eligibility.service.watching import Watched

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
WAYS = ("card_number", "national_id", "phone", "name", "scan", "candidate")
WITH_REASON = ("national_id", "phone", "name")
DISPUTES = ("paid_recently", "wrong_name", "wrong_birth_date", "other")

_in_range = validate.Range(min=EARLIEST, max=LATEST)
_not_empty = validate.Length(min=1)


class NewbornBody(Schema):
    """A child without a card, under the mother's."""

    newborn = fields.Boolean(
        required=True, truthy={True}, falsy={False}, validate=validate.Equal(True)
    )
    sex = fields.String(required=True, validate=validate.OneOf(("F", "M")))
    date_of_birth = fields.Date(required=True, validate=_in_range)
    birth_order = Whole(load_default=1, validate=validate.Range(min=1, max=9))

    @ma.post_load
    def to_newborn(self, data: dict[str, Any], **_: Any) -> Newborn:
        """Return the child as the rules take it."""
        return Newborn(data["sex"], data["date_of_birth"], data["birth_order"])


class CheckBody(Schema):
    """Whose cover is asked, in exactly one way, for which day and care."""

    card_number = CardNumber(load_default=None, allow_none=True)
    national_id = Text(max_length=40, load_default=None, allow_none=True, validate=_not_empty)
    phone = Text(max_length=24, load_default=None, allow_none=True, validate=_not_empty)
    name = Text(max_length=120, load_default=None, allow_none=True, validate=_not_empty)
    date_of_birth = fields.Date(load_default=None, allow_none=True, validate=_in_range)
    scan = Text(
        max_length=4000, multiline=True, load_default=None, allow_none=True, validate=_not_empty
    )
    candidate = Text(max_length=1000, load_default=None, allow_none=True, validate=_not_empty)
    reason = Text(max_length=200, load_default=None, allow_none=True, validate=_not_empty)
    service_date = fields.Date(load_default=None, allow_none=True, validate=_in_range)
    benefits = fields.List(
        fields.String(validate=validate.OneOf(BENEFITS)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=len(BENEFITS)),
    )
    cause = fields.String(load_default="illness", validate=validate.OneOf(CAUSES))
    emergency = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    patient = fields.Nested(NewbornBody, load_default=None, allow_none=True)
    slip = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    def load(self, data: Any, **kw: Any) -> Any:
        """Read a question; nearly every one is a good card number and nothing else."""
        card = data.get("card_number") if type(data) is dict and len(data) == 1 else None
        if isinstance(card, str):
            # Anything the fields would object to is left to them, so that the errors are theirs.
            with suppress(ValueError):
                text = clean(card, max_length=MAX_CARD)
                if fold_card(text):
                    return CheckRequest(card_number=text)
        return super().load(data, **kw)

    @ma.validates_schema(skip_on_field_errors=False, pass_original=True)
    def one_way(self, _: dict[str, Any], original: Any, **__: Any) -> None:
        """Ask for exactly one way of saying who, with all it needs."""
        if not isinstance(original, dict):
            return
        given = [way for way in WAYS if original.get(way) is not None]
        bad: dict[str, list[str]] = {}
        if len(given) != 1:
            bad["_schema"] = [N_("Send exactly one of: {}").format(", ".join(WAYS))]
        if "name" in given and original.get("date_of_birth") is None:
            bad["date_of_birth"] = [N_("A name needs the date of birth.")]
        if "name" not in given and original.get("date_of_birth") is not None:
            bad["date_of_birth"] = [N_("A date of birth goes with a name.")]
        if set(given) & set(WITH_REASON) and not original.get("reason"):
            bad["reason"] = [N_("Say why the person is looked up without the card.")]
        if bad:
            raise ma.ValidationError(bad)

    @ma.post_load
    def to_request(self, data: dict[str, Any], **_: Any) -> CheckRequest:
        """Return the question as the service takes it."""
        data["benefits"] = tuple(dict.fromkeys(data["benefits"] or ()))
        return CheckRequest(**data)


class DisputeBody(Schema):
    """What is wrong with a check."""

    kind = fields.String(required=True, validate=validate.OneOf(DISPUTES))
    note = Text(max_length=500, multiline=True, load_default=None, allow_none=True)


class CloseDisputeBody(Schema):
    """What NSSF says to a report."""

    answer = Text(max_length=500, required=True, validate=_not_empty)


class MemberReason(Schema):
    """Why a person is looked up; who NSSF has marked protected is shown to nobody without it."""

    reason = Text(max_length=200, load_default=None, allow_none=True, validate=_not_empty)


class MemberSearch(MemberReason):
    """A card number in the body, for callers who keep it out of logs."""

    card_number = CardNumber(required=True)


class ReasonAnswer(ma.Schema):
    """Why, in both languages, and what to do."""

    code = fields.String()
    text_en = fields.String()
    text_km = fields.String()
    next_step_en = fields.String()
    next_step_km = fields.String()
    source = fields.String()
    status = fields.String(metadata={"enum": ["law", "reported", "assumption"]})


class RemainingAnswer(ma.Schema):
    """What is left of a limit."""

    unit = fields.String(metadata={"enum": ["day", "count"]})
    value = fields.Integer()


class BenefitAnswer(ma.Schema):
    """One benefit at this facility on this day."""

    benefit = fields.String(metadata={"enum": list(BENEFITS)})
    covered = fields.Boolean()
    remaining = fields.Nested(RemainingAnswer, allow_none=True)
    patient_pays_riel = fields.Integer(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonAnswer))


class CoverageAnswer(ma.Schema):
    """One scheme of the person on this day."""

    scheme = fields.String()
    status = fields.String(metadata={"enum": ["active", "ended", "not_begun"]})
    months_paid_last_12 = fields.Integer(allow_none=True)
    last_paid_month = fields.String(allow_none=True)


class DependentAnswer(ma.Schema):
    """A dependent with their own verdict."""

    card_number = fields.String()
    name_km = fields.String(allow_none=True)
    name_latin = fields.String(allow_none=True)
    relationship = fields.String(metadata={"enum": ["spouse", "child"]})
    date_of_birth = fields.Date(allow_none=True)
    verdict = fields.String(metadata={"enum": list(VERDICTS)})
    reasons = fields.List(fields.Nested(ReasonAnswer))


class MemberAnswer(ma.Schema):
    """The minimal identity."""

    card_number = fields.String()
    name_km = fields.String(allow_none=True)
    name_latin = fields.String(allow_none=True)
    sex = fields.String(allow_none=True)
    date_of_birth = fields.Date(allow_none=True)
    category = fields.String(allow_none=True)
    relationship = fields.String(metadata={"enum": ["self", "spouse", "child"]})
    principal_card_number = fields.String(allow_none=True)


class PersonAnswer(MemberAnswer):
    """A person with cover and dependents today."""

    service_date = fields.Date()
    registry_as_of = fields.String(allow_none=True)
    verdict = fields.String(metadata={"enum": list(VERDICTS)})
    reasons = fields.List(fields.Nested(ReasonAnswer))
    coverages = fields.List(fields.Nested(CoverageAnswer))
    dependents = fields.List(fields.Nested(DependentAnswer))


class DependentList(ma.Schema):
    """The dependents of a member."""

    items = fields.List(fields.Nested(DependentAnswer))
    next_cursor = fields.String(allow_none=True)


class CandidateAnswer(ma.Schema):
    """One of several people who match; `ref` is good for ten minutes and this caller."""

    ref = fields.String()
    name = fields.String(allow_none=True)
    name_km = fields.String(allow_none=True)
    birth_year = fields.Integer(allow_none=True)
    sex = fields.String(allow_none=True)
    card_masked = fields.String()


class DecisionAnswer(ma.Schema):
    """A recorded decision."""

    number = fields.String()
    checked_at = fields.String()
    service_date = fields.Date()
    valid_until = fields.String()
    facility = fields.String(allow_none=True)
    verdict = fields.String(metadata={"enum": list(VERDICTS)})
    scheme = fields.String(allow_none=True)
    promise = fields.Boolean()
    policy_version = fields.String()
    registry_as_of = fields.String(allow_none=True)
    member = fields.Nested(MemberAnswer, allow_none=True)
    coverages = fields.List(fields.Nested(CoverageAnswer))
    benefits = fields.List(fields.Nested(BenefitAnswer))
    reasons = fields.List(fields.Nested(ReasonAnswer))
    dependents = fields.List(fields.Nested(DependentAnswer))
    candidates = fields.List(fields.Nested(CandidateAnswer))
    slip = fields.String(metadata={"description": "Compact JWS, when asked for"})


class DisputeAnswer(ma.Schema):
    """A correction task."""

    eligibility_check = fields.String()
    kind = fields.String()
    state = fields.String()
    raised_at = fields.String()


class WatchedQuery(PageArgs):
    """Which day's list is asked for."""

    on = fields.Date(required=True, validate=_in_range)


class WatchedAnswer(ma.Schema):
    """One look-up on the auditor's list."""

    eligibility_check = fields.String()
    checked_at = fields.String()
    actor = fields.String(metadata={"example": "user:dara"})
    facility = fields.String(allow_none=True)
    why = fields.String(metadata={"enum": ["protected", "unused"]})
    by = fields.String(metadata={"description": "The way the person was looked for"})
    reason = fields.String(allow_none=True, metadata={"description": "As the caller gave it"})


class WatchedList(ma.Schema):
    """The watched look-ups of a day; complete two days after it."""

    items = fields.List(fields.Nested(WatchedAnswer))
    next_cursor = fields.String(allow_none=True)
    complete = fields.Boolean()


class ReasonList(ma.Schema):
    """Reason codes of every part of the product."""

    items = fields.List(fields.Dict())
    next_cursor = fields.String(allow_none=True)


def to_watched(entry: Watched) -> dict[str, Any]:
    """Show one entry of the auditor's list."""
    return {
        "eligibility_check": entry.number,
        "checked_at": moment(entry.checked_at),
        "actor": entry.actor,
        "facility": entry.facility,
        "why": entry.why,
        "by": entry.way,
        "reason": entry.reason,
    }
