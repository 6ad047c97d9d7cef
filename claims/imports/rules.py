"""From the rows of a sheet to the body of a claim, and from a fault back to its row and column. Pure.

A row is one line of a claim; what belongs to the whole claim stands in any of its rows, and is the
same in all that say it. Cells are texts; the schema every claim passes judges what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config.words import N_

TEXT, WHOLE, FLAG, DAY = "text", "whole", "flag", "day"
CLAIM_COLUMNS: dict[str, str] = {
    "facility_reference": TEXT, "type": TEXT, "card_number": TEXT, "eligibility_check": TEXT,
    "visit": TEXT, "visit_type": TEXT, "admission": TEXT, "cause": TEXT, "emergency": FLAG,
    "service_from": DAY, "service_to": DAY, "discharge": TEXT, "diagnoses": TEXT,
    "patient.sex": TEXT, "patient.date_of_birth": DAY, "patient.birth_order": WHOLE,
    "maternity.event": TEXT, "maternity.delivery_mode": TEXT, "maternity.gestation_weeks": WHOLE,
    "maternity.births": TEXT, "accident.date": DAY, "accident.place": TEXT,
    "accident.employer": TEXT, "referral.from_facility": TEXT, "referral.number": TEXT,
    "referral.date": DAY, "referral.reason": TEXT, "patient_paid_riel": WHOLE,
    "facility_patient_number": TEXT, "practitioner": TEXT, "replaces": TEXT, "submit": FLAG,
}  # fmt: skip
LINE_COLUMNS: dict[str, str] = {
    "service": TEXT, "quantity": WHOLE, "unit_price_riel": WHOLE, "service_date": DAY,
}  # fmt: skip
COLUMNS = {**CLAIM_COLUMNS, **LINE_COLUMNS}
REFERENCE = "facility_reference"
REQUIRED = (
    REFERENCE, "type", "card_number", "visit_type", "service_from", "service_to", "diagnoses",
    *("service", "quantity", "unit_price_riel"),
)  # fmt: skip

DIFFERS = N_("This differs from another row of the same claim.")
BIRTHS_FORM = N_("Write births as live:F:3100;stillbirth:M:2900.")
# How a spreadsheet counts days, for years a claim may name.
_DAY_ZERO, _FIRST_SERIAL, _LAST_SERIAL = date(1899, 12, 30), 36_526, 73_050
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(:00(\.0+)?)?")
_WHOLE = re.compile(r"-?\d{1,3}([,\u00a0\u202f ]\d{3}){0,5}|-?\d{1,18}")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_FORMULA_MARKS = "=+-@"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: its number in the file and its cells that say something."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: `column` is empty when it is the row or the whole claim."""

    row: int
    column: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return it as stored and shown; a foreign key's NUL no column of ours could hold."""
        column = self.column.replace("\0", "")
        return {"row": self.row, "column": column, "message": self.message}


def unknown_columns(header: Sequence[str]) -> list[str]:
    """Return the titles no claim has a place for."""
    return [title for title in header if title not in COLUMNS]


def missing_columns(header: Sequence[str]) -> list[str]:
    """Return the titles every file must have."""
    return [title for title in REQUIRED if title not in header]


def to_body(rows: Sequence[Row]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the JSON of the claim these rows write, and what they contradict themselves in."""
    said, faults = _said_of_all(rows)
    body: dict[str, Any] = {}
    for column, text in said.items():
        outer, _, inner = column.partition(".")
        value = _value(CLAIM_COLUMNS[column], text)
        if inner:
            body.setdefault(outer, {})[inner] = value
        elif column != "diagnoses":
            body[column] = value
    if "diagnoses" in said:
        body["diagnoses"] = list(_diagnoses(said["diagnoses"]))
    if "patient" in body:
        body["patient"]["newborn"] = True
    if "maternity.births" in said:
        births = _births(said["maternity.births"])
        body["maternity"]["births"] = births or []
        if births is None:
            faults.append(Fault(rows[0].number, "maternity.births", BIRTHS_FORM))
    body["lines"] = [_line(row) for row in rows]
    return body, faults


def fault_at(pointer: str, message: str, rows: Sequence[int]) -> Fault:
    """Return a fault of the body at the row and column a person finds it at."""
    parts = [part for part in pointer.split("/") if part]
    if not parts:
        return Fault(rows[0], "", message)
    if parts[0] == "lines":
        index = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
        column = parts[2] if len(parts) > 2 else "service"
        return Fault(rows[min(index, len(rows) - 1)], column, message)
    if parts[0] == "diagnoses" or parts[:2] == ["maternity", "births"]:
        return Fault(
            rows[0], "diagnoses" if parts[0] == "diagnoses" else "maternity.births", message
        )
    return Fault(rows[0], ".".join(parts[:2]), message)


def grouped(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows that follow each other and name the same claim; a nameless row stays alone."""
    group: list[Row] = []
    for row in rows:
        name = row.cells.get(REFERENCE)
        if group and (name is None or group[0].cells.get(REFERENCE) != name):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _said_of_all(rows: Sequence[Row]) -> tuple[dict[str, str], list[Fault]]:
    said: dict[str, str] = {}
    faults = []
    for row in rows:
        for column, text in row.cells.items():
            if column in CLAIM_COLUMNS and said.setdefault(column, text) != text:
                faults.append(Fault(row.number, column, DIFFERS))
    return said, faults


def _line(row: Row) -> dict[str, Any]:
    given = {column: row.cells[column] for column in LINE_COLUMNS if column in row.cells}
    return {column: _value(LINE_COLUMNS[column], text) for column, text in given.items()}


def _value(kind: str, text: str) -> Any:
    """Return a cell as the JSON would have it; what does not fit stays a text and is refused."""
    if kind == WHOLE:
        return int(re.sub(r"\D(?<!-)", "", text)) if _WHOLE.fullmatch(text) else text
    if kind == FLAG:
        return _FLAGS.get(text.lower(), text)
    if kind == DAY:
        return _day(text)
    # Our own exports put an apostrophe before what a spreadsheet would calculate.
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA_MARKS else text


def _day(text: str) -> str:
    midnight = _MIDNIGHT.fullmatch(text)
    if midnight:
        return midnight[1]
    if text.isascii() and text.isdecimal() and _FIRST_SERIAL <= int(text[:9]) <= _LAST_SERIAL:
        return (_DAY_ZERO + timedelta(days=int(text))).isoformat()
    return text


def _diagnoses(text: str) -> Iterator[dict[str, str]]:
    """Yield `J18.9;R50` as codes, the first of them the primary one."""
    codes = [code.strip() for code in text.split(";") if code.strip()]
    for place, code in enumerate(codes):
        yield {"code": code, "role": "secondary" if place else "primary"}


def _births(text: str) -> list[dict[str, Any]] | None:
    """Return `live:F:3100;stillbirth` as births; None when it is written otherwise."""
    births = []
    for told in filter(None, (part.strip() for part in text.split(";"))):
        outcome, *rest = (part.strip() for part in told.split(":"))
        if len(rest) > 2:
            return None
        birth: dict[str, Any] = {"outcome": outcome}
        if rest and rest[0]:
            birth["sex"] = rest[0]
        if len(rest) > 1 and rest[1]:
            birth["weight_g"] = _value(WHOLE, rest[1])
        births.append(birth)
    return births
