"""How both doors of complaints answer the figures as files."""

from __future__ import annotations

from typing import Any

from flask import Response

from claims.complaints import service as complaints
from config.answers import download
from config.sheets import csv_bytes, xlsx_bytes

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEETS = (CSV, XLSX)


def sheet(found: dict[str, Any], wanted: str) -> Response:
    """Answer the figures as a file for a spreadsheet, CSV or XLSX."""
    header, rows = complaints.figures_table(found)
    name = f"complaints-{found['from']}-{found['to']}.{wanted}"
    if wanted == "csv":
        return download(csv_bytes(header, rows), f"{CSV}; charset=utf-8", name)
    return download(xlsx_bytes(header, rows, sheet="complaints"), XLSX, name)
