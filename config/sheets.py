"""The one writer of CSV and XLSX files: no cell of ours ever starts a formula.

A text that a spreadsheet would take for a formula is preceded by an apostrophe; numbers stay
numbers. Every export of the product comes through here, so that the rule is kept in one place.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from config.later import later

xlsxwriter = later("xlsxwriter")
UTF8_BOM = b"\xef\xbb\xbf"
FORMULA_STARTS = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")
MAX_XLSX_ROWS = 1_048_576
MAX_XLSX_TEXT = 32_767
MAX_XLSX_INTEGER = 10**15  # a spreadsheet keeps fifteen digits; longer numbers are written as text

_CHUNK = 64 * 1024
_INVISIBLE = "\x00\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

Row = Sequence[Any]


def neutralise(text: str) -> str:
    """Return the text so that no spreadsheet reads it as a formula."""
    start = _first_visible(text)
    if start in FORMULA_STARTS or text[:1] in {"\t", "\r", "\n"}:
        return f"'{text}"
    return text


def csv_rows(header: Sequence[str], rows: Iterable[Row], *, bom: bool = True) -> Iterator[bytes]:
    """Yield a CSV file piece by piece, for exports too large to hold.

    RFC 4180 with CRLF, in UTF-8; the byte order mark makes Excel read Khmer correctly.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([neutralise(title) for title in header])
    if bom:
        yield UTF8_BOM
    for row in rows:
        writer.writerow([_csv_cell(value) for value in _checked(row, header)])
        if buffer.tell() >= _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Row], *, bom: bool = True) -> bytes:
    """Return a whole CSV file."""
    return b"".join(csv_rows(header, rows, bom=bom))


def xlsx_bytes(header: Sequence[str], rows: Iterable[Row], *, sheet: str = "Sheet1") -> bytes:
    """Return an XLSX file of one sheet with a bold, frozen header row.

    Rows are streamed to a temporary file while writing, so memory stays flat.
    """
    output = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True})
        whole = book.add_format({"num_format": "#,##0"})
        page.freeze_panes(1, 0)
        page.set_column(0, max(len(header) - 1, 0), 18)
        for column, title in enumerate(header):
            page.write_string(0, column, neutralise(title), bold)
        for index, row in enumerate(rows, start=1):
            if index >= MAX_XLSX_ROWS:
                raise ValueError(f"an XLSX sheet holds {MAX_XLSX_ROWS} rows: export CSV instead")
            for column, value in enumerate(_checked(row, header)):
                _write_cell(page, index, column, value, whole)
    return output.getvalue()


def _write_cell(page: Any, row: int, column: int, value: Any, whole: Any) -> None:
    cell = _cell(value)
    if cell is None:
        return
    if isinstance(cell, int) and abs(cell) < MAX_XLSX_INTEGER:
        page.write_number(row, column, cell, whole)
    elif isinstance(cell, float | Decimal):
        page.write_number(row, column, cell)
    else:
        text = str(cell)
        if len(text) > MAX_XLSX_TEXT:
            raise ValueError(f"an XLSX cell holds {MAX_XLSX_TEXT} characters")
        page.write_string(row, column, text)


def _csv_cell(value: Any) -> str | int | float | Decimal:
    cell = _cell(value)
    return "" if cell is None else cell


def _cell(value: Any) -> str | int | float | Decimal | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return neutralise(str(value))


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a moment carries its time zone")
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _first_visible(text: str) -> str:
    for character in text:
        if not character.isspace() and character not in _INVISIBLE:
            return character
    return ""


def _checked(row: Row, header: Sequence[str]) -> Row:
    if len(row) != len(header):
        raise ValueError(f"a row of {len(row)} cells under {len(header)} titles")
    return row
