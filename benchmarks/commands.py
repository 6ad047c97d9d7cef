"""The product's commands against a durable throwaway database, each timed whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.servers import ROOT
from config.postgres import ensure_running, stop
from gateway.registry.feed import FEEDS


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its wall time and its process's greatest memory."""

    seconds: float = 0.0
    megabytes: float = 0.0


def run(environ: dict[str, str], *words: object) -> Run:
    """Run one of the product's commands and measure it."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *map(str, words)]
    begun = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ, stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return Run(time.monotonic() - begun, usage.ru_maxrss / 1024)


@contextmanager
def server() -> Iterator[tuple[dict[str, str], Path, str, str]]:
    """Give an empty, migrated, durable database: environment, folder, the two addresses."""
    folder = Path(tempfile.mkdtemp(prefix="nssf-bench-"))
    environ = {"DATA_DIR": str(folder), "DEMO": "0"}
    found = ensure_running(folder)
    try:
        run(environ, "db", "upgrade")
        yield environ, folder, found.owner_url, found.app_url
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def empty(owner: str) -> None:
    """Take everything imported out again, so that the next full load meets what the first met."""
    tables = ", ".join(f"registry.{table}" for feed in FEEDS.values() for table in feed.tables)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables}, registry_files")  # type: ignore[arg-type]
