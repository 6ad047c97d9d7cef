"""The new table beside the old: rows, hold, indexes; then the swap, or a delta into the live one.

Indexes, constraints and grants are copied from the live table, so the migration stays the only
place that defines them. The swap holds its lock for milliseconds and gives up rather than queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.pq import TransactionStatus

from gateway.registry.loading.staging import CHANGES, FAULTS, SPELLINGS, STAGING
from gateway.registry.loading.terms import LIVE, SCRATCH, Findings, Load, Refused

HELD_FROM_ROWS = 1000
# Up to here a delta is looked up row by row; a larger one is joined with the whole table.
FEW_ROWS = 300_000
# Few rows, each looked up by key.
_LOOKED_UP = {"enable_hashjoin": "off", "enable_mergejoin": "off"}

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute AS a
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = '{live}'::regclass AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
"""
_OPTIONS = """
SELECT coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '')
  FROM pg_class WHERE oid = '{live}'::regclass
"""
_DEFINITIONS = """
SELECT coalesce(
         'ALTER TABLE {scratch} ADD CONSTRAINT ' || quote_ident(c.conname) || ' '
             || pg_get_constraintdef(c.oid),
         replace(pg_get_indexdef(i.indexrelid), ' ON {live} ', ' ON {scratch} '))
  FROM pg_index AS i
  JOIN pg_class AS x ON x.oid = i.indexrelid
  LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
 WHERE i.indrelid = '{live}'::regclass
   AND to_regclass('{schema}.' || quote_ident(x.relname)) IS NULL
 ORDER BY i.indisprimary DESC, x.relname
"""
_GRANTS = """
SELECT format('GRANT %s ON {scratch} TO %s', a.privilege_type,
              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
  FROM pg_class AS t, aclexplode(t.relacl) AS a
 WHERE t.oid = '{live}'::regclass AND a.grantee <> t.relowner
"""


def clear_scratch(connection: Connection[Any], load: Load) -> None:
    """Drop what an earlier, interrupted load may have left."""
    made = (f"{SCRATCH}.{table}" for table in load.feed.tables)
    tables = (STAGING, FAULTS, SPELLINGS, CHANGES, *made)
    connection.execute(f"DROP TABLE IF EXISTS {', '.join(tables)}")


def build(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Make the new table from the staged rows."""
    made, known = keep_known(load, findings, findings.stored(load.feed))
    create(connection, load, made, f"{STAGING} AS s{known}")


def keep_known(load: Load, findings: Findings, made: dict[str, str]) -> tuple[dict[str, str], str]:
    """Let the columns this file may lack keep what is known: expressions, and the join they need."""
    absent = [
        target
        for column in load.feed.columns
        if column.name not in findings.header
        for target in column.targets
    ]
    if not absent:
        return made, ""
    match = " AND ".join(f"old.{name} = {made[name]}" for name in load.feed.key)
    kept = {name: f"coalesce(old.{name}, {made[name]})" for name in absent}
    return made | kept, f" LEFT JOIN {load.live} AS old ON {match}"


def create(connection: Connection[Any], load: Load, made: dict[str, str], source: str) -> int:
    """Make the new table from these expressions over a source, and return its number of rows."""
    columns = connection.execute(_defined(_COLUMNS, load.feed.kind)).fetchall()
    values = ", ".join(f"CAST({made[name]} AS {kind}) AS {name}" for name, kind, _, _ in columns)
    # A delta's rows are copied on; a full file's table is the one that will be live.
    kind = "UNLOGGED TABLE" if load.delta else "TABLE"
    options = connection.execute(_defined(_OPTIONS, load.feed.kind)).fetchall()[0][0]
    # CREATE TABLE AS reads in parallel and writes in bulk: a third of the time of INSERT.
    rows = connection.execute(
        f"CREATE {kind} {load.scratch}{options} AS SELECT {values} FROM {source}"
    ).rowcount
    # Few rows are looked up one by one whatever is known of them.
    if not load.delta or rows >= FEW_ROWS:
        connection.execute(f"ANALYZE {load.scratch}")
    return rows


def key(connection: Connection[Any], load: Load) -> bool:
    """Give the new table the live one's primary key; return False if a key occurs twice."""
    definitions = _defined(_DEFINITIONS, load.feed.kind)
    [(statement,), *_] = connection.execute(definitions).fetchall()
    try:
        connection.execute(statement)
    except UniqueViolation:
        return False
    return True


@contextmanager
def by_index(connection: Connection[Any], load: Load, findings: Findings) -> Iterator[None]:
    """Look a delta's few rows up in the live tables instead of reading those from end to end."""
    if not (load.delta and findings.staged < FEW_ROWS):
        yield
        return
    for way, value in _LOOKED_UP.items():
        connection.execute(f"SET {way} = {value}")
    try:
        yield
    finally:
        # In a failed transaction the rollback puts them back.
        if connection.info.transaction_status != TransactionStatus.INERROR:
            for way in _LOOKED_UP:
                connection.execute(f"RESET {way}")


def find_changes(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Put aside the rows of a delta that say something new.

    Rows that say what is known already are left alone: rewriting one costs all its indexes, and even
    to find that out while holding it costs a written page.
    """
    columns = _column_names(connection, load)
    differs = " OR ".join(f"new.{name} IS DISTINCT FROM old.{name}" for name in columns)
    with by_index(connection, load, findings):
        connection.execute(
            f"CREATE UNLOGGED TABLE {CHANGES} AS SELECT new.*, old.ctid AS _at,"
            f" coalesce({load.feed.ended}, false) AS _ended"
            f" FROM {load.scratch} AS new LEFT JOIN {load.live} AS old ON {_same_key(load)} WHERE {differs}"
        )


def _column_names(connection: Connection[Any], load: Load) -> list[str]:
    return [name for name, *_ in connection.execute(_defined(_COLUMNS, load.feed.kind)).fetchall()]


def hold_large_change(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Hold a file that would end or remove more than the allowed share of what it covers."""
    statement = (
        f"SELECT (SELECT count(*) FROM {load.scratch}) - count(*) FILTER (WHERE _at IS NULL), 0,"
        f" count(*) FILTER (WHERE _ended AND _at IS NOT NULL) FROM {CHANGES}"
        if load.delta
        else f"SELECT count(*), count(*) FILTER (WHERE new.{load.feed.key[0]} IS NULL),"
        f" count(*) FILTER (WHERE {load.feed.ended})"
        f" FROM {load.live} AS old LEFT JOIN {load.scratch} AS new ON {_same_key(load)}"
    )
    (covered, removed, ended) = connection.execute(statement).fetchall()[0]
    findings.report |= {"covered": covered, "removed": removed, "ended": ended}
    too_many = (removed + ended) * 100 > load.change_percent * covered
    if covered >= HELD_FROM_ROWS and too_many and not load.accept_change:
        raise Refused(
            "large_change",
            f"{load.file_name} would remove {removed} and end {ended} of {covered} rows, more than"
            f" {load.change_percent} %: held until it is imported with --accept-change.",
            held=True,
        )


def _same_key(load: Load) -> str:
    return " AND ".join(f"new.{name} = old.{name}" for name in load.feed.key)


def index(connection: Connection[Any], load: Load) -> None:
    """Give the new table the live one's indexes, constraints and grants, under the same names."""
    if load.feed.look_up:
        table, column = load.feed.look_up
        connection.execute(
            f"CREATE TABLE {SCRATCH}.{table} AS SELECT {column}, {', '.join(load.feed.key)}"
            f" FROM {load.scratch} WHERE {column} IS NOT NULL"
        )
        connection.execute(f"ANALYZE {SCRATCH}.{table}")
    for table in load.feed.tables:
        _shape(connection, table)
        for template in (_DEFINITIONS, _GRANTS):
            for (statement,) in connection.execute(_defined(template, table)).fetchall():
                with _little_memory(connection, only=" USING gin " in statement):
                    connection.execute(statement)


def _shape(connection: Connection[Any], table: str) -> None:
    """Give a new table the live one's defaults and NOT NULLs."""
    changes = []
    for name, _, required, default in connection.execute(_defined(_COLUMNS, table)).fetchall():
        changes += [f"ALTER {name} SET NOT NULL"] if required else []
        changes += [f"ALTER {name} SET DEFAULT {default}"] if default else []
    connection.execute(f"ALTER TABLE {SCRATCH}.{table} {', '.join(changes)}")


@contextmanager
def _little_memory(connection: Connection[Any], *, only: bool) -> Iterator[None]:
    """Collect trigrams in a tree the processor's cache can hold: a tenth quicker than a large one."""
    if not only:
        yield
        return
    before = connection.execute("SHOW maintenance_work_mem").fetchall()[0][0]
    connection.execute("SET maintenance_work_mem = '64MB'")
    yield
    connection.execute(f"SET maintenance_work_mem = '{before}'")


def _defined(template: str, table: str) -> str:
    return template.format(live=f"{LIVE}.{table}", scratch=f"{SCRATCH}.{table}", schema=SCRATCH)


def swap(connection: Connection[Any], load: Load) -> None:
    """Put the new tables in the live ones' place; readers see the one or the other."""
    for table in load.feed.tables:
        connection.execute(f"DROP TABLE {LIVE}.{table}")
        connection.execute(f"ALTER TABLE {SCRATCH}.{table} SET SCHEMA {LIVE}")


def bring_in(connection: Connection[Any], load: Load) -> None:
    """Bring what a delta changes into the live table, each known row where it was found.

    Imports alone write these tables, one at a time, so a row stays where it is; should it have been
    moved all the same, nothing is brought in.
    """
    columns = _column_names(connection, load)
    changes = ", ".join(f"{name} = new.{name}" for name in columns if name not in load.feed.key)
    changed = connection.execute(
        f"UPDATE {load.live} AS old SET {changes} FROM {CHANGES} AS new"
        f" WHERE old.ctid = new._at AND {_same_key(load)}"
    ).rowcount
    names = ", ".join(columns)
    added = connection.execute(
        f"INSERT INTO {load.live} ({names}) SELECT {names} FROM {CHANGES} WHERE _at IS NULL"
    ).rowcount
    if connection.execute(f"SELECT count(*) FROM {CHANGES}").fetchone() != (changed + added,):
        raise Refused("registry_moved", f"{load.live} was rewritten meanwhile: run it again.")
    if load.feed.look_up:
        # What is no longer so stays until the next full file; the row itself is asked as well.
        table, column = load.feed.look_up
        names = ", ".join((column, *load.feed.key))
        connection.execute(
            f"INSERT INTO {LIVE}.{table} ({names}) SELECT {names} FROM {CHANGES}"
            f" WHERE {column} IS NOT NULL ON CONFLICT DO NOTHING"
        )
