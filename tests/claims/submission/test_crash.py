"""A web worker that dies in the middle of a submit leaves the claim whole or absent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from config.settings import settings
from tests.claims.submission.filing import file

ROOT = Path(__file__).parents[3]
SCRIPT = """
from tests.claims.submission.filing import file
from wsgi import create_app
with create_app().app_context():
    print("ready", flush=True)
    file("INV-CRASH")
    print("filed", flush=True)
"""
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
WAITING = OTHERS + "wait_event_type = 'Lock'"
AT_WORK = OTHERS + "pid <> pg_backend_pid() AND state <> 'idle'"
NOTHING, WHOLE = [0, 0, 0], [1, 1, 2]


def start_worker(tmp_path: Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "DATABASE_URL": settings().database_url, "DATA_DIR": str(tmp_path), "DEMO": "0",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def stored(owner: psycopg.Connection[Any]) -> list[int]:
    tables = ("claims", "claim_lines", "claim_events")
    return [owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


def wait_until_it_waits(owner: psycopg.Connection[Any]) -> None:
    for _ in range(300):
        if owner.execute(WAITING).fetchone()[0]:
            return
        time.sleep(0.1)
    raise AssertionError("the worker never reached the lock")


def test_a_killed_worker_leaves_no_half_claim_and_the_retry_files_it(
    world: Flask, owner: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with psycopg.connect(settings().database_url) as gate:
        # The claim's rows are written before its audit record: the server stops between the two.
        gate.execute("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE")
        worker = start_worker(tmp_path)
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline().strip() == "ready"
            wait_until_it_waits(owner)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            said_after, _ = worker.communicate(timeout=20)
        gate.rollback()
    # The statement and its commit were sent together: the server may still carry both out.
    for _ in range(100):
        if not owner.execute(AT_WORK).fetchone()[0]:
            break
        time.sleep(0.1)

    assert said_after == ""
    assert stored(owner) in (NOTHING, WHOLE)

    retried = file("INV-CRASH")

    assert retried["state"] == "submitted"
    assert stored(owner) == WHOLE
