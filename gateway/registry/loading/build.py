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
_WHOLE_TABLES = ("enable_hashjoin", "enable_mergejoin")

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute AS a
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = '{live}'::regclass AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
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
    connection.execute(f"DROP TABLE IF EXISTS {STAGING}, {FAULTS}, {SPELLINGS}, {load.scratch}")


def build(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Make the new table from the staged rows; columns a file may lack keep what is known."""
    made = findings.stored(load.feed)
    absent = [
        target
        for column in load.feed.columns
        if column.name not in findings.header
        for target in column.targets
    ]
    for name in absent:
        made[name] = f"coalesce(old.{name}, {made[name]})"
    known = ""
    if absent:
        match = " AND ".join(f"old.{name} = {made[name]}" for name in load.feed.key)
        known = f" LEFT JOIN {load.live} AS old ON {match}"
    create(connection, load, made, f"{STAGING} AS s{known}")
    connection.execute(f"ANALYZE {load.scratch}")


def create(connection: Connection[Any], load: Load, made: dict[str, str], source: str) -> int:
    """Make the new table from these expressions over a source, and return its rows."""
    columns = connection.execute(_COLUMNS.format(live=load.live)).fetchall()
    values = ", ".join(f"CAST({made[name]} AS {kind}) AS {name}" for name, kind, _, _ in columns)
    # CREATE TABLE AS reads in parallel and writes in bulk: a third of the time of INSERT.
    return connection.execute(
        f"CREATE TABLE {load.scratch} AS SELECT {values} FROM {source}"
    ).rowcount


def key(connection: Connection[Any], load: Load) -> bool:
    """Give the new table the live one's primary key; return False if a key occurs twice."""
    [(statement,), *_] = connection.execute(_defined(_DEFINITIONS, load)).fetchall()
    try:
        connection.execute(statement)
    except UniqueViolation:
        return False
    return True


def shape(connection: Connection[Any], load: Load) -> None:
    """Give the new table the live one's defaults and NOT NULLs."""
    changes = []
    for name, _, required, default in connection.execute(
        _COLUMNS.format(live=load.live)
    ).fetchall():
        changes += [f"ALTER {name} SET NOT NULL"] if required else []
        changes += [f"ALTER {name} SET DEFAULT {default}"] if default else []
    connection.execute(f"ALTER TABLE {load.scratch} {', '.join(changes)}")


@contextmanager
def by_index(connection: Connection[Any], load: Load) -> Iterator[None]:
    """Look a delta's few rows up in the live tables instead of reading those from end to end."""
    if not load.delta:
        yield
        return
    for way in _WHOLE_TABLES:
        connection.execute(f"SET {way} = off")
    try:
        yield
    finally:
        # In a failed transaction the rollback puts them back.
        if connection.info.transaction_status != TransactionStatus.INERROR:
            for way in _WHOLE_TABLES:
                connection.execute(f"RESET {way}")


def hold_large_change(connection: Connection[Any], load: Load, findings: Findings) -> None:
    """Hold a file that would end or remove more than the allowed share of what it covers."""
    keys = " AND ".join(f"new.{name} = old.{name}" for name in load.feed.key)
    (covered, removed, ended) = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE new.{load.feed.key[0]} IS NULL),"
        f" count(*) FILTER (WHERE {load.feed.ended})"
        f" FROM {load.live} AS old {'' if load.delta else 'LEFT '}JOIN {load.scratch} AS new ON {keys}"
    ).fetchall()[0]
    findings.report |= {"covered": covered, "removed": removed, "ended": ended}
    too_many = (removed + ended) * 100 > load.change_percent * covered
    if covered >= HELD_FROM_ROWS and too_many and not load.accept_change:
        raise Refused(
            "large_change",
            f"{load.file_name} would remove {removed} and end {ended} of {covered} rows, more than"
            f" {load.change_percent} %: held until it is imported with --accept-change.",
            held=True,
        )


def index(connection: Connection[Any], load: Load) -> None:
    """Give the new table the live one's indexes, constraints and grants, under the same names."""
    shape(connection, load)
    for template in (_DEFINITIONS, _GRANTS):
        for (statement,) in connection.execute(_defined(template, load)).fetchall():
            connection.execute(statement)


def _defined(template: str, load: Load) -> str:
    return template.format(live=load.live, scratch=load.scratch, schema=SCRATCH)


def swap(connection: Connection[Any], load: Load) -> None:
    """Put the new table in the live one's place; readers see the one or the other."""
    connection.execute(f"DROP TABLE {load.live}")
    connection.execute(f"ALTER TABLE {load.scratch} SET SCHEMA {LIVE}")


def upsert(connection: Connection[Any], load: Load) -> None:
    """Bring a delta's rows into the live table."""
    columns = [name for name, *_ in connection.execute(_COLUMNS.format(live=load.live)).fetchall()]
    names = ", ".join(columns)
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in columns if name not in load.feed.key
    )
    # Rows that say what is known already are left alone: rewriting one costs all its indexes.
    differs = " OR ".join(f"live.{name} IS DISTINCT FROM excluded.{name}" for name in columns)
    connection.execute(
        f"INSERT INTO {load.live} AS live ({names}) SELECT {names} FROM {load.scratch}"
        f" ON CONFLICT ({', '.join(load.feed.key)}) DO UPDATE SET {changes} WHERE {differs}"
    )
