"""Jobs: queued with the fact, run by a real worker, tried again, revived, and silent about persons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from config import jobs
from config.audit import record
from config.db import transaction
from config.jobs import defer, procrastinate_app, run_now

ROOT = Path(__file__).parents[2]
PERSON = "SOK TARA 2990101-0000001"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Register a task that fails the first two times, with a person in its message."""
    runs: list[int] = []

    def work(number: int) -> None:
        runs.append(number)
        if len(runs) < 3:
            raise ValueError(PERSON)

    monkeypatch.setitem(jobs._tasks, "tests.failing", work)
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0)
    return runs


def states(owner: psycopg.Connection, name: str) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = %s", (name,)
    ).fetchall()


def work_off(app: Flask) -> None:
    procrastinate_app(app).run_worker(
        wait=False, delete_jobs="successful", install_signal_handlers=False, listen_notify=False
    )


def test_a_job_exists_exactly_if_its_transaction_commits(
    app: Flask, owner: psycopg.Connection, failing: list[int]
) -> None:
    with pytest.raises(RuntimeError), transaction():
        defer("tests.failing", number=1)
        raise RuntimeError
    assert states(owner, "tests.failing") == []

    with transaction():
        defer("tests.failing", number=2)
        assert states(owner, "tests.failing") == []
    assert states(owner, "tests.failing") == [("todo", 0)]


def test_a_job_nobody_registered_is_refused_where_it_is_queued(app: Flask) -> None:
    with pytest.raises(LookupError):
        defer("tests.unknown")


def test_a_failing_job_is_tried_again_and_its_log_names_no_person(
    app: Flask, owner: psycopg.Connection, failing: list[int],
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    defer("tests.failing", number=7)

    work_off(app)
    while states(owner, "tests.failing"):
        work_off(app)

    assert failing == [7, 7, 7]
    written = capfd.readouterr().err
    assert PERSON not in written + caplog.text
    lines = [json.loads(line) for line in written.splitlines()]
    assert [one["error"] for one in lines if one["event"] == "job.failed"] == ["ValueError"] * 2


def test_what_a_library_warns_of_is_one_line_without_values(
    app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    import logging

    try:
        raise ValueError(PERSON)
    except ValueError:
        logging.getLogger("some.library").exception("cannot take %s\nfrom here", PERSON)

    [line] = capfd.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["said"], said["error"]) == ("cannot take %s", "ValueError")
    assert PERSON not in line


def test_a_job_of_a_killed_worker_runs_again_and_one_at_work_is_left_alone(
    app: Flask, owner: psycopg.Connection, failing: list[int]
) -> None:
    for number in (1, 2, 3):
        defer("tests.failing", number=number, lock=f"l{number}")
    lost, alive = (
        owner.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)"
            " RETURNING id",
            (age,),
        ).fetchone()
        for age in ("5 minutes", "5 seconds")
    )
    for number, worker in ((1, lost[0]), (2, None), (3, alive[0])):
        owner.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s"
            " WHERE args = jsonb_build_object('number', %s::int)",
            (worker, number),
        )

    run_now("config.revive_jobs")

    assert [status for status, _ in sorted(states(owner, "tests.failing"))] == [
        "doing",
        "todo",
        "todo",
    ]


def test_a_job_that_kills_its_worker_every_time_is_given_up(
    app: Flask, owner: psycopg.Connection, failing: list[int]
) -> None:
    defer("tests.failing", number=1)
    owner.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = 5")

    run_now("config.revive_jobs")

    assert [status for status, _ in states(owner, "tests.failing")] == ["failed"]


@pytest.fixture
def worker(app: Flask) -> Iterator[subprocess.Popen[str]]:
    """Run the product's own worker on this test's database, as an operator would."""
    current = app.extensions["nssf.settings"]
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {
            "DATABASE_URL": current.database_url, "DATA_DIR": str(current.data_dir),
            "KEYS_DIR": str(current.keys_dir), "DEMO": "0",
        },
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()


def eventually(owner: psycopg.Connection, question: str, seconds: int = 75) -> Any:
    """Ask until the answer is yes: a schedule comes round once a minute."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        row = owner.execute(question).fetchone()
        if row and row[0]:
            return row[0]
        time.sleep(0.25)
    raise AssertionError(question)


def test_the_worker_seals_what_was_recorded_and_stops_when_told(
    app: Flask, owner: psycopg.Connection, worker: subprocess.Popen[str]
) -> None:
    record("user:a", "thing.done", subject="T1")

    rows = eventually(owner, "SELECT sum(rows)::int FROM seals WHERE chain = 'audit'")
    eventually(
        owner,
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'",
    )
    answer = app.test_cli_runner().invoke(args=["audit", "verify"])
    worker.send_signal(signal.SIGTERM)
    code = worker.wait(15)
    errors = worker.stderr.read() if worker.stderr else ""

    assert rows == 1
    assert (answer.exit_code, code) == (0, 0), answer.output + errors
    assert "1 sealed rows intact" in answer.output
    assert all(json.loads(line)["event"] for line in errors.splitlines()), errors
