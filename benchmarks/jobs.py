"""Job throughput: how many trivial tasks one worker process finishes in a second.

The worker runs as production runs it, concurrency 10; the tasks lie in the queue before it starts,
and the clock runs from the first finished to the last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psycopg

from benchmarks.servers import ROOT, end
from benchmarks.store import Store

WORKER = (
    sys.executable, "-m", "flask", "--app", "benchmarks.nothing:app", "worker", "--concurrency",
    "10",
)  # fmt: skip
QUEUE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args, priority)
SELECT 'default', 'bench.nothing', jsonb_build_object('n', n), 0 FROM generate_series(1, %s) n
"""
LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'bench.nothing'"
MOST_SECONDS = 60.0


def jobs_a_second(store: Store, number: int) -> float:
    """Queue so many tasks, let one worker finish them, and return its rate."""
    with psycopg.connect(store.owner_url, autocommit=True) as connection:
        connection.execute(QUEUE, [number])
        # What the server does by itself within a minute: the runs before left thousands of dead rows.
        connection.execute("VACUUM ANALYZE procrastinate_jobs")
        with subprocess.Popen(
            WORKER, cwd=ROOT, env=os.environ | store.environ, stderr=subprocess.DEVNULL
        ) as worker:
            try:
                return _watched(connection, number)
            finally:
                end(worker)


def _watched(connection: psycopg.Connection[tuple[object, ...]], number: int) -> float:
    first: tuple[float, int] | None = None
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        [(counted,)] = connection.execute(LEFT).fetchall()
        left = int(str(counted))
        now = time.monotonic()
        if first is None and left < number:
            first = now, left
        if left == 0 and first is not None:
            return first[1] / (now - first[0])
        time.sleep(0.01)
    raise SystemExit("the worker did not finish its jobs")
