"""From rows to the body of a claim, and from its faults back to rows and columns."""

from __future__ import annotations

from typing import Any

import pytest

from claims.imports.rules import COLUMNS, Row, fault_at, grouped, missing_columns, to_body
from claims.imports.rules import unknown_columns as unknown


def body_of(*cells: dict[str, str]) -> dict[str, Any]:
    body, faults = to_body([Row(n, c) for n, c in enumerate(cells, start=2)])
    assert faults == []
    return body


@pytest.mark.parametrize(
    ("column", "text", "place", "value"),
    [
        ("facility_reference", "INV-1", ["facility_reference"], "INV-1"),
        ("facility_reference", "'-001", ["facility_reference"], "-001"),
        ("facility_reference", "'=A1", ["facility_reference"], "=A1"),
        ("facility_reference", "'quoted", ["facility_reference"], "'quoted"),
        ("service_from", "2026-11-20", ["service_from"], "2026-11-20"),
        ("service_from", "2026-11-20T00:00:00", ["service_from"], "2026-11-20"),
        ("service_from", "2026-11-20 00:00", ["service_from"], "2026-11-20"),
        ("service_from", "46346", ["service_from"], "2026-11-20"),
        ("service_from", "20/11/2026", ["service_from"], "20/11/2026"),
        ("service_from", "99", ["service_from"], "99"),
        ("emergency", "TRUE", ["emergency"], True),
        ("emergency", "0", ["emergency"], False),
        ("emergency", "perhaps", ["emergency"], "perhaps"),
        ("submit", "no", ["submit"], False),
        ("patient_paid_riel", "4,000", ["patient_paid_riel"], 4000),
        ("patient_paid_riel", "-5", ["patient_paid_riel"], -5),
        ("patient_paid_riel", "4.5", ["patient_paid_riel"], "4.5"),
        ("patient_paid_riel", "1e9", ["patient_paid_riel"], "1e9"),
        ("unit_price_riel", "22 500", ["lines", 0, "unit_price_riel"], 22500),
        ("quantity", "១២", ["lines", 0, "quantity"], 12),
        ("quantity", "many", ["lines", 0, "quantity"], "many"),
        ("quantity", "9" * 30, ["lines", 0, "quantity"], "9" * 30),
        ("service_date", "46346", ["lines", 0, "service_date"], "2026-11-20"),
        ("patient.birth_order", "2", ["patient"], {"newborn": True, "birth_order": 2}),
        ("accident.place", "Road 4", ["accident"], {"place": "Road 4"}),
        ("referral.from_facility", "120101", ["referral"], {"from_facility": "120101"}),
        ("maternity.event", "delivery", ["maternity"], {"event": "delivery"}),
        ("maternity.births", "live:F:3100; stillbirth", ["maternity", "births"],
         [{"outcome": "live", "sex": "F", "weight_g": 3100}, {"outcome": "stillbirth"}]),
        ("diagnoses", "J18.9; R50;", ["diagnoses"],
         [{"code": "J18.9", "role": "primary"}, {"code": "R50", "role": "secondary"}]),
    ],
)  # fmt: skip
def test_a_cell_becomes_what_the_json_would_have(
    column: str, text: str, place: list[Any], value: Any
) -> None:
    found: Any = body_of({column: text})
    for part in place:
        found = found[part]

    assert (found, type(found)) == (value, type(value))


def test_rows_of_one_claim_are_its_lines_and_say_the_rest_once() -> None:
    body = body_of(
        {"facility_reference": "A", "type": "treatment", "service": "X", "quantity": "1"},
        {"facility_reference": "A", "type": "treatment", "service": "Y"},
        {"facility_reference": "A", "practitioner": "Dr. Chan"},
    )

    assert body == {
        "facility_reference": "A", "type": "treatment", "practitioner": "Dr. Chan",
        "lines": [{"service": "X", "quantity": 1}, {"service": "Y"}, {}],
    }  # fmt: skip


def test_rows_that_contradict_each_other_are_told_at_the_later_row() -> None:
    rows = [
        Row(5, {"type": "treatment", "visit_type": "outpatient"}),
        Row(9, {"type": "maternity"}),
    ]

    _, faults = to_body(rows)

    assert [(fault.row, fault.column) for fault in faults] == [(9, "type")]


def test_births_written_otherwise_are_a_fault_of_their_column() -> None:
    _, faults = to_body([Row(2, {"maternity.births": "live:F:3100:boy"})])

    assert [(fault.row, fault.column) for fault in faults] == [(2, "maternity.births")]


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/facility_reference", (4, "facility_reference")),
        ("/lines/1/quantity", (7, "quantity")),
        ("/lines/1", (7, "service")),
        ("/lines/99/service", (7, "service")),
        ("/lines", (4, "service")),
        ("/diagnoses/2/code", (4, "diagnoses")),
        ("/diagnoses", (4, "diagnoses")),
        ("/patient/sex", (4, "patient.sex")),
        ("/maternity", (4, "maternity")),
        ("/maternity/births/0/sex", (4, "maternity.births")),
        ("/visit", (4, "visit")),
        ("", (4, "")),
    ],
)
def test_a_fault_is_told_at_the_row_and_column_it_stands_in(
    pointer: str, place: tuple[int, str]
) -> None:
    fault = fault_at(pointer, "wrong", [4, 7])

    assert (fault.row, fault.column) == place


def test_rows_are_grouped_by_reference_and_nameless_ones_stay_alone() -> None:
    names = ["A", "A", "B", None, None, "A"]
    rows = [Row(n, {"facility_reference": name} if name else {}) for n, name in enumerate(names)]

    assert [[row.number for row in group] for group in grouped(rows)] == [
        [0, 1], [2], [3], [4], [5],
    ]  # fmt: skip


def test_titles_are_known_by_name_and_the_needed_ones_asked_for() -> None:
    assert unknown(["type", "price", "lines"]) == ["price", "lines"]
    assert missing_columns([c for c in COLUMNS if c not in ("type", "visit")]) == ["type"]
