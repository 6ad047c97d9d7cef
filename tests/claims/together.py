"""Let several people act at the same moment, and say what each was answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
from flask import Flask

from config.db import db
from config.errors import Problem

DONE = "done"
WAITS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Run every act in a thread of its own, all at once; return `done` or the problem's code."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        start.wait(20)
        return outcome(app, act)

    with ThreadPoolExecutor(len(acts)) as pool:
        outcomes = [future.result(60) for future in [pool.submit(run, act) for act in acts]]
    db.session.rollback()
    db.session.expire_all()
    return outcomes


def outcome(app: Flask, act: Callable[[], Any]) -> str:
    """Act in a context of one's own; return `done` or the problem's code."""
    with app.app_context():
        try:
            act()
        except Problem as problem:
            return problem.code
        finally:
            db.session.remove()
        return DONE


def in_between(
    app: Flask,
    other: psycopg.Connection[Any],
    *,
    locking: str,
    act: Callable[[], Any],
    then: str,
) -> str:
    """Let an act run into a lock, change the world under it, let it go on; return its answer."""
    with ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute(locking)
            running = pool.submit(outcome, app, act)
            _await_waiting(other)
            other.execute(then)
        answer = running.result(60)
    db.session.expire_all()
    return answer


def _await_waiting(other: psycopg.Connection[Any]) -> None:
    give_up = time.monotonic() + 20
    while other.execute(WAITS).fetchone() == (0,):
        assert time.monotonic() < give_up, "nobody waits for the lock"
        time.sleep(0.02)
        # Within a transaction PostgreSQL shows who waits as it was first asked.
        other.execute("SELECT pg_stat_clear_snapshot()")
