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

from gateway.registry.loading.staging import FAULTS, SPELLINGS, STAGING
from gateway.registry.loading.terms import LIVE, SCRATCH, Findings, Load, Refused

HELD_FROM_ROWS = 1000
# Up to here, or up to this part of the live table, a delta is looked up row by row; a larger one is
# joined with the whole table.
FEW_ROWS = 300_000
FEW_OF = 40
_JOINS = ("enable_hashjoin", "enable_mergejoin")

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
# What takes more than a quarter of the server's memory would only drive out the rest.
_WARM = """
SELECT pg_prewarm(c.oid) FROM pg_class AS c
 WHERE (c.oid = '{scratch}'::regclass
        OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = '{scratch}'::regclass))
   AND pg_relation_size(c.oid) <= pg_size_bytes(current_setting('shared_buffers')) / 4
"""


def clear_scratch(connection: Connection[Any], load: Load) -> None:
    """Drop what an earlier, interrupted load may have left."""
    made = (f"{SCRATCH}.{table}" for table in load.feed.tables)
    tables = (STAGING, FAULTS, SPELLINGS, *made)
    connection.execute(f"DROP TABLE IF EXISTS {', '.join(tables)}")


def build(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Make the new table from the staged rows."""
    made, known = keep_known(load, findings, findings.stored(load.feed))
    with without(connection, *joins_of_few(findings)):
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
    rows = f"SELECT {values} FROM {source}"
    # A delta's rows are copied on; a full file's table is the one that will be live.
    kind = "TABLE"
    if load.delta:
        kind, rows = "UNLOGGED TABLE", _compared(load, rows, [name for name, *_ in columns])
    options = connection.execute(_defined(_OPTIONS, load.feed.kind)).fetchall()[0][0]
    # CREATE TABLE AS reads in parallel and writes in bulk: a third of the time of INSERT.
    built = connection.execute(f"CREATE {kind} {load.scratch}{options} AS {rows}").rowcount
    # Few rows are looked up one by one whatever is known of them.
    if not load.delta or built >= FEW_ROWS:
        connection.execute(f"ANALYZE {load.scratch}")
    return built


def _compared(load: Load, rows: str, columns: list[str]) -> str:
    """Say of each row of a delta where its old version is, whether it ends it, whether it is news.

    Rows that say what is known already are left alone: rewriting one costs all its indexes, and even
    to find that out while holding it costs a written page.
    """
    others = (name for name in columns if name not in load.feed.key)
    differs = " OR ".join(f"new.{name} IS DISTINCT FROM old.{name}" for name in others)
    # No fence around the rows: a value made once more costs less than look-ups by one process alone.
    return (
        f"SELECT new.*, old.ctid AS _at, coalesce({load.feed.ended}, false) AS _ended,"
        f" old.ctid IS NULL OR {differs} AS _news"
        f" FROM ({rows}) AS new LEFT JOIN {load.live} AS old ON {_same_key(load)}"
    )


def key(connection: Connection[Any], load: Load) -> bool:
    """Give the new table the live one's primary key; return False if a key occurs twice."""
    definitions = _defined(_DEFINITIONS, load.feed.kind)
    [(statement,), *_] = connection.execute(definitions).fetchall()
    try:
        connection.execute(statement)
    except UniqueViolation:
        return False
    return True


def are_few(connection: Connection[Any], load: Load, staged: int) -> bool:
    """Tell whether a delta's rows are too few to read the live table from end to end for them."""
    if not load.delta:
        return False
    size = f"SELECT reltuples::bigint FROM pg_class WHERE oid = '{load.live}'::regclass"
    [(live,)] = connection.execute(size).fetchall()
    return staged < max(FEW_ROWS, int(live) // FEW_OF)


def joins_of_few(findings: Findings) -> tuple[str, ...]:
    """Return the joins that would read live tables from end to end for a delta's few rows."""
    return _JOINS if findings.few else ()


@contextmanager
def without(connection: Connection[Any], *joins: str) -> Iterator[None]:
    """Keep the planner from these joins for a while."""
    for join in joins:
        connection.execute(f"SET {join} = off")
    try:
        yield
    finally:
        # In a failed transaction the rollback puts them back.
        if connection.info.transaction_status != TransactionStatus.INERROR:
            for join in joins:
                connection.execute(f"RESET {join}")


def hold_large_change(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Hold a file that would end or remove more than the allowed share of what it covers."""
    statement = (
        f"SELECT count(_at), 0, count(*) FILTER (WHERE _ended AND _at IS NOT NULL),"
        f" count(*) FILTER (WHERE _news) FROM {load.scratch}"
        if load.delta
        else f"SELECT count(*), count(*) FILTER (WHERE new.{load.feed.key[0]} IS NULL),"
        f" count(*) FILTER (WHERE {load.feed.ended}), 0"
        f" FROM {load.live} AS old LEFT JOIN {load.scratch} AS new ON {_same_key(load)}"
    )
    (covered, removed, ended, findings.news) = connection.execute(statement).fetchall()[0]
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


def warm(connection: Connection[Any], load: Load) -> None:
    """Read the new table into the server's memory: after the swap nobody waits for what is read first.

    Where the server lacks pg_prewarm or keeps it from us, the first checks read it page by page.
    """
    function = "to_regprocedure('pg_prewarm(regclass, text, text, bigint, bigint)')"
    allowed = f"SELECT has_function_privilege({function}, 'EXECUTE')"
    if connection.execute(allowed).fetchone() == (True,):
        connection.execute(_defined(_WARM, load.feed.kind))


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


def bring_in(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Bring what a delta changes into the live table, each known row where it was found.

    Imports alone write these tables, one at a time, so a row stays where it is; should it have been
    moved all the same, nothing is brought in.
    """
    columns = connection.execute(_defined(_COLUMNS, load.feed.kind)).fetchall()
    names = [name for name, *_ in columns]
    changes = ", ".join(f"{name} = new.{name}" for name in names if name not in load.feed.key)
    changed = connection.execute(
        f"UPDATE {load.live} AS old SET {changes} FROM {load.scratch} AS new"
        f" WHERE new._news AND old.ctid = new._at AND {_same_key(load)}"
    ).rowcount
    listed = ", ".join(names)
    added = connection.execute(
        f"INSERT INTO {load.live} ({listed}) SELECT {listed} FROM {load.scratch} WHERE _at IS NULL"
    ).rowcount
    if changed + added != findings.news:
        raise Refused("registry_moved", f"{load.live} was rewritten meanwhile: run it again.")
    if load.feed.look_up:
        _bring_in_looked_up(connection, load, *load.feed.look_up)


def _bring_in_looked_up(connection: Connection[Any], load: Load, table: str, column: str) -> None:
    """Add new values to their own table; what is no longer so stays until the next full file."""
    names = (column, *load.feed.key)
    listed = ", ".join(names)
    same = " AND ".join(f"known.{name} = new.{name}" for name in names)
    # In the index's order, and no ON CONFLICT: nobody else writes here, and it would write twice.
    connection.execute(
        f"INSERT INTO {LIVE}.{table} ({listed}) SELECT {listed} FROM {load.scratch} AS new"
        f" WHERE _news AND {column} IS NOT NULL AND NOT EXISTS"
        f" (SELECT FROM {LIVE}.{table} AS known WHERE {same}) ORDER BY {listed}"
    )
