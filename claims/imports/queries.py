"""Reads imports: by number, a facility's list, the claims still to be filed, the rows' results.

Also holds the two statements of the worker's inner loop, beside what they are read by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import select, text

from claims.imports.models import OPEN, ClaimImport
from config.db import db, driver
from config.json import dumps

PAGE = 500
FRESH = {"populate_existing": True}

# Who works on an import holds its row: a second worker waits, and then sees what is left.
HOLD = text("SELECT 1 FROM claim_imports WHERE id = :id FOR NO KEY UPDATE")
WAITING = text("""
SELECT position, rows, facility_reference, content, stumbles FROM claim_import_items
 WHERE import_id = :id AND result IS NULL ORDER BY position LIMIT :limit
""")
# An item is settled once: who comes second changes nothing and counts nothing.
SETTLE = """
WITH settled AS (
    UPDATE claim_import_items i SET result = g.result, claim_number = g.claim,
           claim_state = g.state, payable_riel = g.riel, faults = g.faults, content = NULL
      FROM jsonb_to_recordset(%(results)s) AS
           g(position int, result text, claim text, state text, riel bigint, faults jsonb)
     WHERE i.import_id = %(id)s AND i.position = g.position AND i.result IS NULL
    RETURNING i.result
)
UPDATE claim_imports i
   SET accepted = i.accepted + s.accepted, unchanged = i.unchanged + s.unchanged,
       refused = i.refused + s.refused
  FROM (SELECT count(*) FILTER (WHERE result = 'accepted') AS accepted,
               count(*) FILTER (WHERE result = 'unchanged') AS unchanged,
               count(*) FILTER (WHERE result = 'refused') AS refused FROM settled) s
 WHERE i.id = %(id)s
"""
COPY = """
COPY claim_import_items (import_id, position, rows, facility_reference, content) FROM STDIN
"""
RESULTS = """
SELECT position, rows, facility_reference, result, claim_number, claim_state, payable_riel, faults
  FROM claim_import_items WHERE import_id = %s AND position > %s ORDER BY position LIMIT %s
"""
STRANDED = text("""
SELECT i.number, i.facility FROM claim_imports i
 WHERE i.state = ANY(:open) AND i.requested_at < now() - interval '1 minute'
   AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.task_name = :task
                    AND j.status IN ('todo', 'doing') AND j.args ->> 'number' = i.number)
 ORDER BY i.id
""")


def find_row(number: str, *, facility: str | None) -> ClaimImport | None:
    """Return an import; with a facility, only that one's."""
    query = select(ClaimImport).where(ClaimImport.number == number)
    if facility is not None:
        query = query.where(ClaimImport.facility == facility)
    return db.session.scalar(query.execution_options(**FRESH))


def find_same(facility: str, sha256: str) -> ClaimImport | None:
    """Return the import a facility already made of these very bytes."""
    return db.session.scalar(
        select(ClaimImport)
        .where(ClaimImport.facility == facility, ClaimImport.sha256 == sha256)
        .execution_options(**FRESH)
    )


def list_rows(facility: str | None, *, after: int | None, limit: int) -> Sequence[ClaimImport]:
    """List imports, newest first."""
    query = select(ClaimImport).order_by(ClaimImport.id.desc()).limit(limit)
    if facility is not None:
        query = query.where(ClaimImport.facility == facility)
    if after is not None:
        query = query.where(ClaimImport.id < after)
    return db.session.scalars(query.execution_options(**FRESH)).all()


def count_open(facility: str) -> int:
    """Return how many of a facility's imports still run or wait."""
    query = select(ClaimImport.id).where(
        ClaimImport.facility == facility, ClaimImport.state.in_(OPEN)
    )
    return len(db.session.scalars(query).all())


def waiting_items(import_id: int, *, limit: int) -> Sequence[Any]:
    """Return the next claims of a file that are not filed yet, for this transaction alone."""
    db.session.execute(HOLD, {"id": import_id})
    return db.session.execute(WAITING, {"id": import_id, "limit": limit}).all()


def stranded(task: str) -> Sequence[Any]:
    """Return open imports no job works on any more."""
    return db.session.execute(STRANDED, {"open": list(OPEN), "task": task}).all()


def copy_items(connection: Connection[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    """Store a file's claims as they are read."""
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            copy.write_row(row)


def settle(connection: Connection[Any], import_id: int, results: list[dict[str, Any]]) -> None:
    """Note what became of some claims, and count it."""
    connection.execute(SETTLE, {"id": import_id, "results": Jsonb(results, dumps)})


def results(import_id: int) -> Iterator[dict[str, Any]]:
    """Yield every claim of a file with what became of it, a page at a time."""
    after = 0
    while True:
        with driver(db.session()).cursor(row_factory=dict_row) as cursor:
            page = cursor.execute(RESULTS, [import_id, after, PAGE]).fetchall()
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]["position"]
