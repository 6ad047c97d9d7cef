"""Files of claims as a billing office sends them, and the worker's turns at them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
import xlsxwriter

from claims.imports import service as imports
from claims.imports.running import TASK
from config import clock
from config.jobs import run_now
from tests.claims.submission.filing import biller, make_body
from tests.factories import WOMAN


def row(reference: str = "INV-1", **given: Any) -> dict[str, Any]:
    """Return the cells of a small outpatient claim of today."""
    day = clock.today().isoformat()
    cells = {
        "facility_reference": reference, "type": "treatment", "card_number": WOMAN,
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "diagnoses": "J18.9;R50", "service": "OPD-CONSULTATION", "quantity": "1",
        "unit_price_riel": "22500",
    }  # fmt: skip
    return cells | {name.replace("__", "."): value for name, value in given.items()}


def to_csv(rows: Sequence[dict[str, Any]], *, delimiter: str = ",", bom: bool = False) -> bytes:
    """Return a CSV file of these rows."""
    out = io.StringIO()
    titles = list(dict.fromkeys(title for cells in rows for title in cells))
    writer = csv.DictWriter(out, titles, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def to_xlsx(rows: Sequence[dict[str, Any]], *, first_row: int = 0) -> bytes:
    """Return a workbook of these rows; numbers are numbers and days are days, as Excel has them."""
    out = io.BytesIO()
    titles = list(dict.fromkeys(title for cells in rows for title in cells))
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(first_row, 0, titles)
        for number, cells in enumerate(rows, start=first_row + 1):
            for column, title in enumerate(titles):
                value = cells.get(title)
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, days)  # type: ignore[arg-type]
                elif value is not None:
                    sheet.write(number, column, value)
    return out.getvalue()


def to_ndjson(*bodies: dict[str, Any] | bytes) -> bytes:
    """Return NDJSON of these bodies; bytes stand for themselves."""
    lines = [body if isinstance(body, bytes) else orjson.dumps(body) for body in bodies]
    return b"\n".join(lines) + b"\n"


def bodies(count: int, start: int = 1) -> list[dict[str, Any]]:
    """Return as many claims as NDJSON carries them."""
    return [make_body(f"INV-{number}") for number in range(start, start + count)]


def send(data: bytes, name: str = "claims.csv", **given: Any) -> dict[str, Any]:
    """Send a file; return the import as it was answered."""
    return imports.request_import(io.BytesIO(data), name, by=given.get("by") or biller())


def run(data: bytes, name: str = "claims.csv", **given: Any) -> dict[str, Any]:
    """Send a file and let the worker finish it; return how its import ended."""
    number = send(data, name, **given)["number"]
    run_now(TASK, number=number)
    return imports.find_import(number, by=given.get("by") or biller())


def results(number: str) -> list[dict[str, Any]]:
    """Return what became of each row."""
    return list(imports.list_results(number, by=biller()))


def faults(number: str) -> list[tuple[int, str]]:
    """Return the rows and columns that were refused."""
    return [(one["row"], error["column"]) for one in results(number) for error in one["errors"]]
