"""A claim read the quick way is what the schema makes of it, and so is every error."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.submission.schemas import ClaimBody, ReplacementBody
from config.quick import NotPlain, quick

WHOLE: dict[str, Any] = {
    "facility_reference": " INV-1 ", "type": "maternity", "card_number": "1180505-0000003-គ",
    "patient": {"newborn": True, "sex": "F", "date_of_birth": "2026-11-20"},
    "eligibility_check": "E26KAAAAAAAAA", "visit": None, "visit_type": "inpatient",
    "admission": "referred", "cause": None, "emergency": True, "service_from": "2026-11-20",
    "service_to": "2026-11-21", "discharge": "authorised",
    "diagnoses": [{"code": "o80.0", "role": "primary"}, {"code": "J18.9"}],
    "maternity": {"event": "delivery", "births": [{"outcome": "live", "weight_g": 3200}]},
    "accident": {"date": "2026-11-01", "place": "ផ្លូវ ២"},
    "referral": {"from_facility": "HC-1", "date": "2026-11-19", "reason": "two\nlines"},
    "patient_paid_riel": 0, "practitioner": "D", "lines": [
        {"service": "delivery-normal", "quantity": 1, "unit_price_riel": 400_000},
        {"service": "A", "quantity": 2, "unit_price_riel": 0, "service_date": "2026-11-21"},
    ],
}  # fmt: skip
PLACES = [
    (), *((name,) for name in WHOLE), ("lines", 0), ("lines", 1, "quantity"), ("diagnoses", 0),
    ("lines", 0, "unit_price_riel"), ("lines", 1, "service_date"), ("diagnoses", 0, "role"),
    ("diagnoses", 1, "code"), ("patient", "newborn"), ("patient", "birth_order"),
    ("maternity", "births", 0, "weight_g"), ("accident", "date"), ("referral", "reason"),
]  # fmt: skip
STRANGE = st.sampled_from([
    None, "", " ", "x", "x" * 501, "two\nlines", "\0", "ខ្មែរ\u200b", "primary", "treatment", True,
    False, 0, 1, -1, 10**10, 1.0, 1.5, "1", "2026-11-20", "20261120", "2026-W47-5", "2026-11-31",
    "1999-12-31", [], [None], {}, {"unknown": 1}, [{}], [[1]],
])  # fmt: skip


def put(body: dict[str, Any], place: tuple[Any, ...], value: Any, *, drop: bool) -> Any:
    if not place:
        return body | {"unknown": value} if drop else value
    changed: Any = deepcopy(body)
    inside = changed
    for step in place[:-1]:
        inside = inside[step]
    if drop and isinstance(inside, dict):
        inside.pop(place[-1], None)
    else:
        inside[place[-1]] = value
    return changed


def by_the_fields(schema: ma.Schema, body: Any) -> Any:
    try:
        return ma.Schema.load(schema, body)
    except ma.ValidationError as error:
        return error.messages


def as_at_the_door(schema: ma.Schema, body: Any) -> Any:
    try:
        return schema.load(body)
    except ma.ValidationError as error:
        return error.messages


CLAIM, REPLACEMENT = ClaimBody(), ReplacementBody()
READERS = {schema: quick(schema) for schema in (CLAIM, REPLACEMENT)}


@pytest.mark.parametrize("schema", READERS)
@settings(max_examples=150, deadline=None)
@given(place=st.sampled_from(PLACES), value=STRANGE, drop=st.booleans())
def test_a_claim_is_read_as_its_fields_read_it_whatever_it_says(
    schema: ma.Schema, place: tuple[Any, ...], value: Any, drop: bool
) -> None:
    body = put(WHOLE, place, value, drop=drop)

    expected = by_the_fields(schema, body)

    assert as_at_the_door(schema, body) == expected
    try:
        quickly = READERS[schema](body)
    except NotPlain:
        return
    assert quickly == expected or "diagnoses" in expected or "maternity" in expected


def test_a_claim_with_nothing_wrong_is_read_the_quick_way() -> None:
    assert READERS[CLAIM](WHOLE) == by_the_fields(CLAIM, WHOLE)
