"""Reads a kept file into the store, claim by claim, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy import func
from sqlalchemy.orm import Session

from claims.imports import queries, reading
from claims.imports.models import ClaimImport, ImportState
from claims.imports.reading import BadFile, BadRow, Document
from claims.imports.rules import REFERENCE, Row, grouped
from config.db import driver
from config.text import clean

READERS = {
    "ndjson": reading.read_documents,
    "csv": reading.read_csv,
    "xlsx": reading.read_sheet,
}
APPEND = """
UPDATE claim_import_items SET rows = rows || %s,
       content = left(content, -1) || ',' || substr(%s, 2)
 WHERE import_id = %s AND position = %s
"""
REFUSE = """
UPDATE claim_import_items SET result = 'refused', content = NULL, faults = %s
 WHERE import_id = %s AND position = %s
"""
Item = tuple[int, int, list[int], str | None, str | None]


class Staging:
    """One reading of one file: what was counted, and what has to be put right behind it."""

    def __init__(self, job: ClaimImport) -> None:
        self.job = job
        self.rows = self.position = 0
        # Rows of a claim that came earlier, and rows nothing could be made of.
        self.late: list[tuple[int, list[Row]]] = []
        self.bad: list[tuple[int, BadRow]] = []
        self._places: dict[str, int] = {}

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield the file's claims as they are stored."""
        readable: list[Row] = []
        for one in READERS[self.job.format](file):  # type: ignore[operator]
            self.rows += 1
            if isinstance(one, Row):
                if readable and not _same(readable[-1], one):
                    yield from self._of(readable)
                    readable = []
                readable.append(one)
            elif isinstance(one, Document):
                yield self._next([one.number], _reference(one.body), orjson.dumps(one.body))
            else:
                item = self._next([one.number], None, None)
                self.bad.append((item[1], one))
                yield item
        yield from self._of(readable)

    def _of(self, rows: list[Row]) -> Iterator[Item]:
        for group in grouped(rows):
            name = group[0].cells.get(REFERENCE)
            if name is not None and name in self._places:
                self.late.append((self._places[name], group))
                continue
            item = self._next([row.number for row in group], _tidy(name), _as_text(group))
            if name is not None:
                self._places[name] = item[1]
            yield item

    def _next(self, rows: list[int], name: str | None, content: bytes | None) -> Item:
        self.position += 1
        if self.position > reading.MAX_CLAIMS:
            raise BadFile(reading.TOO_MANY_ROWS, row=rows[0])
        return (self.job.id, self.position, rows, name, content.decode() if content else None)


def stage(session: Session, job: ClaimImport, file: IO[bytes]) -> None:
    """Store what a file says and set its import running; a file that cannot be read ends it."""
    staging, connection = Staging(job), driver(session)
    queries.copy_items(connection, staging.items(file))
    with connection.cursor() as cursor:
        for position, rows in staging.late:
            numbers = [row.number for row in rows]
            cursor.execute(APPEND, [numbers, _as_text(rows).decode(), job.id, position])
        for position, bad in staging.bad:
            fault = {"row": bad.number, "column": "", "message": bad.message}
            cursor.execute(REFUSE, [Jsonb([fault]), job.id, position])
    job.rows_total, job.claims_total = staging.rows, staging.position
    job.refused = len(staging.bad)
    job.state, job.started_at = ImportState.RUNNING, func.clock_timestamp()


def rows_of(content: str) -> list[Row]:
    """Return the rows a claim was stored with."""
    return [Row(number, cells) for number, cells in orjson.loads(content)]


def _same(before: Row, row: Row) -> bool:
    return before.cells.get(REFERENCE) == row.cells.get(REFERENCE)


def _as_text(rows: list[Row]) -> bytes:
    return orjson.dumps([[row.number, row.cells] for row in rows])


def _reference(body: dict[str, Any]) -> str | None:
    name = body.get(REFERENCE)
    return _tidy(name) if isinstance(name, str) else None


def _tidy(name: str | None) -> str | None:
    """Return a reference as results may show it; one no claim could have is left to its fault."""
    try:
        return clean(name, max_length=80) or None
    except ValueError:
        return None
