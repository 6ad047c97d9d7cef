"""Makes many rows of what a test has made one of, in every table at once, by SQL.

A copy's numbers, ids and other unique values differ in the same way in every table, so that copies
belong to copies: the third copy of a claim has the third copies of its lines.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg

TABLES = """
SELECT c.oid::regclass::text,
       (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod))
                         ORDER BY a.attnum)
          FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
       (SELECT jsonb_agg((SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                           WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey)))
          FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'
   AND c.relname !~ '^(procrastinate_|alembic_|generation|registry_state|seals|policies|tariffs'
   '|public_holidays|allowance_rules)'
 ORDER BY 1
"""
NUMBER = "^[A-Z][0-9]{2}[A-L][0-9A-Z]{9}$"
APART = 1_000_000
PLACES = {"facility", "scanner"}
PEOPLE = {"card_key", "card_number"}


def multiply(
    owner: psycopg.Connection[Any], times: int, *, country: bool = False
) -> dict[str, int]:
    """Add so many copies of every row of every table; return how many rows each table gained.

    As a country, `times` is how many rows a table then has: the copies belong to 1,500 facilities
    and 300,000 cards, and were written over a year.
    """
    gained = {}
    owner.execute("SET session_replication_role = replica")
    try:
        for table, columns, unique in owner.execute(TABLES).fetchall():
            changed = _told_apart(dict(columns), unique or [])
            given = ", ".join(f'"{name}"' for name, _ in columns)
            made = ", ".join(
                _spread(name, kind, _copied(name, kind, name in changed))
                if country
                else _copied(name, kind, name in changed)
                for name, kind in columns
            )
            rows = f"greatest((SELECT count(*) FROM {table})::integer, 1)"
            copies = f"{times} / {rows}" if country else times
            statement = (
                f"INSERT INTO {table} ({given}) OVERRIDING SYSTEM VALUE SELECT {made}"
                f" FROM {table} t, generate_series(1, {copies}) n ON CONFLICT DO NOTHING"
            )
            # A few tables hold one row by their nature, or tell states apart: they stay as they are.
            with contextlib.suppress(psycopg.errors.IntegrityError):
                gained[table] = owner.execute(statement).rowcount  # type: ignore[arg-type]
    finally:
        owner.execute("SET session_replication_role = DEFAULT")
    return gained


def _told_apart(kinds: dict[str, str], unique: list[list[str]]) -> set[str]:
    """Choose a column of each unique key that no id tells apart: its last of a kind that can."""
    chosen: set[str] = set()
    for key in unique:
        if any(_is_id(name, kinds[name]) for name in key) or chosen & set(key):
            continue
        able = [name for name in key if kinds[name] in ("text", "date", "integer", "bytea")]
        chosen.update(able[-1:])
    return chosen


def _is_id(name: str, kind: str) -> bool:
    return kind == "bigint" and (name == "id" or name.endswith("_id"))


def _copied(name: str, kind: str, apart: bool) -> str:
    column = f't."{name}"'
    if _is_id(name, kind):
        return f"{column} + n::bigint * {APART}"
    if kind == "text":
        other = f"{column} || n" if apart else column
        copy = f"overlay({column} PLACING upper(lpad(to_hex(n), 5, '0')) FROM 9)"
        return f"CASE WHEN {column} ~ '{NUMBER}' THEN {copy} ELSE {other} END"
    if kind in ("date", "integer") and apart:
        return f"{column} + n"
    return f"{column} || int4send(n)" if kind == "bytea" and apart else column


def _spread(name: str, kind: str, copy: str) -> str:
    """Put a copy at another place, with another person, at another time of the last year."""
    if name in PLACES:
        return f"{copy} || CASE WHEN n % 1500 = 0 THEN '' ELSE (n % 1500)::text END"
    if name in PEOPLE:
        return f"{copy} || (n % 300000)::text"
    if name == "checked_at":
        # A check's number names its month.
        local = f"{copy} AT TIME ZONE 'Asia/Phnom_Penh'"
        first = f"date_trunc('month', {local}) AT TIME ZONE 'Asia/Phnom_Penh'"
        return f"greatest({copy} - n % 5000 * interval '5 minutes', {first})"
    if name == "day":
        return f"{copy} - (n % 360)::integer"
    if kind == "timestamp with time zone":
        return f"{copy} - (n % 360) * interval '1 day'"
    return copy
