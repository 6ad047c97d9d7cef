"""A worker killed half-way leaves each claim filed and counted or waiting; the next one goes on."""

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

from claims.imports import service as imports
from claims.imports.running import TASK, TOGETHER
from config.jobs import run_now
from config.settings import settings
from tests.claims.imports.files import bodies, results, send, to_ndjson
from tests.claims.submission.filing import biller
from tests.claims.together import WAITS

ROOT = Path(__file__).parents[3]
CLAIMS = TOGETHER + 12
SCRIPT = """
import sys
from config.jobs import run_now
from wsgi import create_app
with create_app().app_context():
    run_now("claims.import", number=sys.argv[1])
"""


def start_worker(number: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DATABASE_URL": settings().database_url, "DATA_DIR": str(settings().data_dir),
        "DEMO": "0", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, number], cwd=ROOT, env=environment
    )


def filed(owner: psycopg.Connection[Any]) -> int:
    return int(owner.execute("SELECT count(*) FROM claims").fetchone()[0])  # type: ignore[index]


def counted(owner: psycopg.Connection[Any]) -> tuple[Any, ...]:
    row = owner.execute("SELECT accepted, unchanged, refused FROM claim_imports").fetchone()
    assert row is not None
    return row


def test_a_worker_killed_in_the_middle_files_nothing_twice_and_loses_nothing(
    world: Flask, owner: psycopg.Connection[Any]
) -> None:
    number = send(to_ndjson(*bodies(CLAIMS)))["number"]
    # A claim of the second lot waits for its reference: the kill comes with others half written.
    with psycopg.connect(settings().database_url) as gate:
        gate.execute(
            "INSERT INTO claims (number, facility, facility_reference, type, state, card_key,"
            " card_number, visit_type, service_from, service_to, body, body_hash, created_by)"
            " VALUES ('C26K000000000', %s, %s, 'treatment', 'draft', 'x', 'x', 'outpatient',"
            " now(), now(), '{}', 'x', 'x')", [biller().facility, f"INV-{TOGETHER + 10}"],
        )  # fmt: skip
        worker = start_worker(number)
        give_up = time.monotonic() + 60
        while (
            owner.execute(WAITS).fetchone() == (0,)
            and worker.poll() is None
            and time.monotonic() < give_up
        ):
            time.sleep(0.05)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(20)
        gate.rollback()

    assert (filed(owner), counted(owner)) == (TOGETHER, (TOGETHER, 0, 0))

    run_now(TASK, number=number)

    job = imports.find_import(number, by=biller())
    assert (job["state"], job["accepted"], job["unchanged"], job["refused"]) == (
        "done", CLAIMS, 0, 0,
    )  # fmt: skip
    assert filed(owner) == CLAIMS
    assert len({one["claim"] for one in results(number)}) == CLAIMS
