"""Reads a file of claims row by row: NDJSON, CSV in UTF-8, XLSX through the confined child.

A row that cannot be read is told as a fault of its own and the next one is read; `BadFile` is for
what makes the whole file unreadable.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from claims.imports.rules import Row, missing_columns, unknown_columns
from config.confined import TooCostly, Unreadable, run_confined
from config.words import N_

MAX_ROWS, MAX_CLAIMS, MAX_COLUMNS = 300_000, 100_000, 100
MAX_LINE = 1024**2
MAX_UNFOLDED = 512 * 1024**2
SHEET_SECONDS, SHEET_MEMORY_MB, SHEET_OUTPUT_MB = 120, 1024, 1024
SIZE_SECONDS, SIZE_MEMORY_MB = 5, 256
BOM = b"\xef\xbb\xbf"

NOT_UTF8 = N_("This row is not UTF-8 text.")
NOT_JSON = N_("This line is not a JSON object.")
TOO_LONG = N_("This row is too long.")
UNREADABLE_FROM_HERE = N_("The file cannot be read from this row on: look for a missing quote.")
NO_HEADER = N_("The first row names the columns.")
TWICE = N_("A column stands there twice.")
TOO_MANY_ROWS = N_("The file has too many rows or columns: split it.")
UNREADABLE_SHEET = N_("The workbook cannot be read.")
COSTLY_SHEET = N_("The workbook takes too much time or memory to read: split it.")
UNFOLDS = N_("The workbook unfolds to more than may be read.")


class BadFile(Exception):
    """The file as a whole cannot be read; `row` is where that was seen."""

    def __init__(self, message: str, *, row: int | None = None, name: str = "") -> None:
        self.message, self.row, self.name = message, row, name
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row nothing can be made of."""

    number: int
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """One line of NDJSON: a claim as its JSON."""

    number: int
    body: dict[str, Any]


def format_of(start: bytes) -> str | None:
    """Return the format the first bytes show: `xlsx`, `ndjson` or `csv`; None for anything else."""
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    text = start.removeprefix(BOM).lstrip(b" \t\r\n")
    if not text or any(byte < 32 and byte not in b"\t\r\n" for byte in text):
        return None
    if text.startswith((b"{", b"%PDF-")):
        return "ndjson" if text.startswith(b"{") else None
    return "csv"


def unfolds_too_far(file: IO[bytes]) -> bool:
    """Tell whether a workbook says of itself that it unfolds beyond the limit."""
    with tempfile.TemporaryFile() as answer:
        try:
            run_confined(
                "claims.imports.sheet", "size", given=file, answer=answer,
                seconds=SIZE_SECONDS, memory_mb=SIZE_MEMORY_MB, output_mb=1,
            )  # fmt: skip
        except Unreadable:
            raise BadFile(UNREADABLE_SHEET) from None
        except TooCostly:
            return True
        return int(answer.read()) > MAX_UNFOLDED


@contextmanager
def opened(path: Path, form: str) -> Iterator[IO[bytes]]:
    """Open a kept file for its reader; a workbook is unfolded first, where it can do no harm."""
    with path.open("rb") as file:
        if form != "xlsx":
            yield file
            return
        with tempfile.TemporaryFile() as sheet:
            _unfold(file, sheet)
            yield sheet


def read_documents(file: IO[bytes]) -> Iterator[Document | BadRow]:
    """Yield the claims of an NDJSON file; blank lines are skipped."""
    for number, line in _lines(file):
        if len(line) > MAX_LINE:
            yield BadRow(number, TOO_LONG)
            continue
        text = line.removeprefix(BOM).strip()
        if not text:
            continue
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:
            body = None
        yield Document(number, body) if isinstance(body, dict) else BadRow(number, NOT_JSON)


def read_csv(file: IO[bytes]) -> Iterator[Row | BadRow]:
    """Yield the rows of a CSV file with `,` or `;` between its columns, by the header's titles."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline(MAX_LINE)
    text.seek(0)
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(text, delimiter=delimiter)
    try:
        yield from _titled(_numbered(rows))
    finally:
        text.detach()


def read_sheet(sheet: IO[bytes]) -> Iterator[Row | BadRow]:
    """Yield the rows of a workbook's first sheet, as it was unfolded."""
    yield from _titled((number, cells) for number, cells in map(orjson.loads, sheet))


def _unfold(file: IO[bytes], sheet: IO[bytes]) -> None:
    try:
        run_confined(
            "claims.imports.sheet", "rows", str(MAX_UNFOLDED), str(MAX_ROWS), str(MAX_COLUMNS),
            given=file, answer=sheet, seconds=SHEET_SECONDS,
            memory_mb=SHEET_MEMORY_MB, output_mb=SHEET_OUTPUT_MB,
        )  # fmt: skip
        said = orjson.loads(sheet.readline())
    except (Unreadable, orjson.JSONDecodeError):
        raise BadFile(UNREADABLE_SHEET) from None
    except TooCostly:
        raise BadFile(COSTLY_SHEET) from None
    if said["code"] is not None:
        raise BadFile({"unfolds": UNFOLDS, "rows": TOO_MANY_ROWS}[said["code"]])


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield numbered lines; of one that is too long, its beginning."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if number > MAX_ROWS:
            raise BadFile(TOO_MANY_ROWS, row=number)
        yield number, line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE + 1)


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | None]]:
    """Number a CSV file's rows as a spreadsheet does; None where it can be read no further."""
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except csv.Error:
            yield number, None
            return
        if cells is None:
            return
        yield number, cells


def _titled(rows: Iterator[tuple[int, list[str] | None]]) -> Iterator[Row | BadRow]:
    """Yield rows by the titles of the first one; empty rows are skipped."""
    header: list[str] = []
    for number, cells in rows:
        if number > MAX_ROWS or (cells is not None and len(cells) > MAX_COLUMNS):
            raise BadFile(TOO_MANY_ROWS, row=number)
        if cells is None:
            if not header:
                raise BadFile(NO_HEADER, row=number)
            yield BadRow(number, UNREADABLE_FROM_HERE)
        elif not header:
            header = _header(cells, number) if any(cell.strip() for cell in cells) else []
        elif any(cell.strip() for cell in cells):
            yield _row(number, header, cells)
    if not header:
        raise BadFile(NO_HEADER, row=1)


def _header(cells: list[str], number: int) -> list[str]:
    titles = [cell.strip().lower() for cell in cells]
    while titles and not titles[-1]:
        titles.pop()
    for title in unknown_columns(titles):
        raise BadFile(N_("There is no column of this name."), row=number, name=title[:60])
    for title in missing_columns(titles):
        raise BadFile(N_("This column is missing."), row=number, name=title)
    if len(set(titles)) < len(titles):
        raise BadFile(TWICE, row=number)
    return titles


def _row(number: int, header: list[str], cells: list[str]) -> Row | BadRow:
    if any(cell.strip() for cell in cells[len(header) :]):
        return BadRow(number, N_("This row has more cells than there are columns."))
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return BadRow(number, NOT_UTF8)
    said = {title: cell.strip() for title, cell in zip(header, cells, strict=False)}
    return Row(number, {title: cell for title, cell in said.items() if cell})
