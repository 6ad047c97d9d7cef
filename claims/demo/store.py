"""May the demo be in this store, is it there already, and how is it taken out again?

Works on the owner's connection: append-only tables refuse everybody else, and the owner as well
until their triggers are switched off, which happens inside the one transaction that empties them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from psycopg import Connection, sql

from claims.demo.cast import DEMO
from config.errors import Conflict
from config.settings import settings

Standing = Literal["empty", "interrupted", "loaded"]
STARTED, LOADED = "demo.started", "demo.loaded"
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('demo month', 0))"
_MARK = """
SELECT action FROM audit_events WHERE actor = %s AND action IN (%s, %s) ORDER BY id DESC LIMIT 1
"""
_FOREIGN_IMPORT = """
SELECT EXISTS (SELECT FROM registry_imports WHERE requested_by <> %s AND state = 'committed')
"""
_SOMETHING = """
SELECT EXISTS (SELECT FROM registry.members), EXISTS (SELECT FROM staff_users),
       EXISTS (SELECT FROM api_clients), EXISTS (SELECT FROM claims)
"""
# The registry's tables first: an import takes them in this order too.
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('registry', 'public')
   AND c.relname NOT LIKE 'procrastinate%%' AND NOT c.relispartition
   AND c.relname NOT IN ('alembic_version', 'generation', 'registry_state')
 ORDER BY n.nspname DESC, c.relname
"""
_TRIGGERS = """
SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE p.proname = 'refuse_change' AND NOT t.tgisinternal
"""
LOCK_WAIT_MS = 500
ATTEMPTS = 60


@contextmanager
def alone() -> Iterator[Connection[Any]]:
    """Lend the owner's connection to one demo command at a time; a killed one's lock ends with it."""
    with psycopg.connect(settings().database_url, autocommit=True) as owner:
        if owner.execute(_LOCK).fetchone() != (True,):
            raise Conflict("demo_running", detail="Another demo command is running.")
        yield owner


def standing(owner: Connection[Any]) -> Standing:
    """Say how far the demo is in this store; refuse with DEMO=0."""
    if not settings().demo:
        raise Conflict("demo_off", detail="DEMO=0: this store is not for demo data.")
    mark = owner.execute(_MARK, (DEMO.subject, STARTED, LOADED)).fetchone()
    if mark is None:
        return "empty"
    return "loaded" if mark[0] == LOADED else "interrupted"


def refuse_strangers(owner: Connection[Any], found: Standing) -> None:
    """Refuse to fill or empty a store that holds what is not the demo's.

    Where the demo is, whatever was made with it may go; only members imported since must not.
    """
    if owner.execute(_FOREIGN_IMPORT, (DEMO.subject,)).fetchone() == (True,):
        raise Conflict("not_demo", detail=_not_ours("imported members"))
    if found != "empty":
        return
    held = owner.execute(_SOMETHING).fetchone() or ()
    for there, what in zip(held, ("members", "users", "clients", "claims"), strict=True):
        if there:
            raise Conflict("not_demo", detail=_not_ours(what))


def clear(owner: Connection[Any]) -> None:
    """Empty the store whole or not at all, also while others read and write it.

    The locks are asked for together and given up quickly, so that nobody queues behind us; those
    whose transaction is in the way are waited for.
    """
    for _ in range(ATTEMPTS):
        try:
            with owner.transaction():
                _empty(owner)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(0.2)
        else:
            return
    raise Conflict("store_busy", detail="Others hold the store: try again in a moment.")


def _empty(owner: Connection[Any]) -> None:
    owner.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
    tables = [sql.Identifier(*row) for row in owner.execute(_TABLES).fetchall()]
    triggers = owner.execute(_TRIGGERS).fetchall()
    owner.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(_listed(tables)))
    for table, name in triggers:
        owner.execute(_switch("DISABLE", table, name))
    owner.execute(sql.SQL("TRUNCATE {}").format(_listed(tables)))
    for table, name in triggers:
        owner.execute(_switch("ENABLE", table, name))
    # What waits to be done speaks of rows that are gone; what is being done is its worker's.
    owner.execute(
        "UPDATE procrastinate_periodic_defers SET job_id = NULL WHERE job_id IN"
        " (SELECT id FROM procrastinate_jobs WHERE status <> 'doing')"
    )
    owner.execute("DELETE FROM procrastinate_jobs WHERE status <> 'doing'")
    owner.execute(
        "UPDATE registry_state SET as_of = NULL, contributions_loaded = false,"
        " complete_through = NULL"
    )
    # Never back to a number that a cache may hold.
    owner.execute("UPDATE generation SET n = n + 1")


def _listed(tables: list[sql.Identifier]) -> sql.Composed:
    return sql.SQL(", ").join(tables)


def _switch(how: str, table: str, name: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(how),
        sql.Identifier(name),  # type: ignore[arg-type]
    )


def _not_ours(what: str) -> str:
    return f"The store holds {what} that are not the demo's: start with DEMO=0."
