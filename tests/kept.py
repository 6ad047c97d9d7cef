"""Rows that were costly to arrange: kept in memory by this process, written again by COPY.

The first test that asks for an arrangement makes it through the services; for the others its rows
come back as they were. What the registry holds is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg

Owner = psycopg.Connection[Any]
Taken = tuple[str, bytes]
TABLES = """
SELECT c.oid::regclass::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
       coalesce(pg_get_serial_sequence(c.oid::regclass::text, min(a.attname)
                FILTER (WHERE a.attname = 'id' AND a.atttypid IN (20, 23))), '')
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
   AND c.relname NOT IN ('alembic_version', 'generation', 'registry_state')
   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 GROUP BY c.oid
"""
_arranged: dict[str, tuple[Any, list[Taken], str, str]] = {}


def again(owner: Owner, name: str, arrange: Callable[[], Any]) -> Any:
    """Arrange, or bring every table to how it was after; return what the arrangement returned."""
    if name not in _arranged:
        returned, taken, cleared, counted = arrange(), [], [], []
        for table, columns, counter in owner.execute(TABLES).fetchall():
            rows = take(owner, table, columns)
            if not rows[1]:
                continue
            taken.append(rows)
            cleared.append(f"DELETE FROM {table};")
            if counter:
                # A database copied anew counts from one: its next id shall not be one of these.
                counted.append(
                    f"SELECT setval('{counter}', greatest(nextval('{counter}'),"
                    f" (SELECT max(id) FROM {table})));"
                )
        _arranged[name] = returned, taken, "".join(cleared), "".join(counted)
        return returned
    returned, taken, clearing, counting = _arranged[name]
    owner.execute("SET session_replication_role = replica;" + clearing)
    put(owner, taken)
    owner.execute("SET session_replication_role = DEFAULT;" + counting)
    return returned


def take(owner: Owner, table: str, columns: str, those: str = "true") -> Taken:
    """Return how to write a table's rows again, and the rows."""
    chosen = f"COPY (SELECT {columns} FROM {table} WHERE {those}) TO STDOUT"
    with owner.cursor().copy(chosen) as copy:
        return f"COPY {table} ({columns}) FROM STDIN", b"".join(copy)


def put(owner: Owner, taken: Iterable[Taken]) -> None:
    """Write rows again."""
    for statement, rows in taken:
        with owner.cursor().copy(statement) as copy:
            copy.write(rows)
