"""Figures of paired runs, and the report they are written to.

A pair is one run of the floor and one of a subject, one after the other, so that a machine that
grows busy or idle favours neither; a figure is the median over the pairs with the least and most.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.load import Result
from benchmarks.servers import ROOT
from config import clock

REPORT = ROOT / "docs" / "performance.md"
LIBRARIES = ("flask", "gunicorn", "psycopg", "orjson", "marshmallow")


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of the floor and one of a subject: what came back and what it cost."""

    floor: Result
    floor_cpu: float
    subject: Result
    web_cpu: float
    postgres_cpu: float

    @property
    def ratio(self) -> float:
        """Return the subject's rate as a share of the floor's."""
        return self.subject.rate / self.floor.rate

    @property
    def floor_ms(self) -> float:
        """Return the floor's CPU a request, in ms."""
        return self.floor_cpu / self.floor.answers * 1000

    @property
    def web_ms(self) -> float:
        """Return the web processes' CPU a request, in ms."""
        return self.web_cpu / self.subject.answers * 1000

    @property
    def postgres_ms(self) -> float:
        """Return the database server's CPU a request, in ms."""
        return self.postgres_cpu / self.subject.answers * 1000


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return the median with the least and the most."""
    found = list(values)
    median = f"{statistics.median(found):,.{digits}f}"
    return f"{median} ({min(found):,.{digits}f}–{max(found):,.{digits}f})"


def layers(found: dict[str, list[Pair]]) -> list[str]:
    """Return the table of what each subject costs beside the bare route."""
    bare = [pair for pairs in found.values() for pair in pairs]
    rows = [
        "| what | share of bare requests/s | requests/s | CPU ms web | × bare | CPU ms PostgreSQL"
        " | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|---|---|",
        f"| bare Flask route | 1 | {spread((p.floor.rate for p in bare), 0)}"
        f" | {spread((p.floor_ms for p in bare), 3)} | 1 | –"
        f" | {spread((p.floor.percentile(0.5) for p in bare), 1)}"
        f" | {spread((p.floor.percentile(0.99) for p in bare), 1)} |",
    ]
    rows += [_row(name, pairs) for name, pairs in found.items()]
    return rows


def _row(name: str, pairs: list[Pair]) -> str:
    cells = (
        spread((p.ratio for p in pairs), 3),
        spread((p.subject.rate for p in pairs), 0),
        spread((p.web_ms for p in pairs), 3),
        spread((p.web_ms / p.floor_ms for p in pairs), 1),
        spread((p.postgres_ms for p in pairs), 3),
        spread((p.subject.percentile(0.5) for p in pairs), 1),
        spread((p.subject.percentile(0.99) for p in pairs), 1),
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def refusals(found: dict[str, list[Pair]]) -> dict[int, int]:
    """Count every answer that was not 2xx, by status."""
    bad: dict[int, int] = {}
    for pairs in found.values():
        for pair in pairs:
            for result in (pair.floor, pair.subject):
                for status, number in result.bad.items():
                    bad[status] = bad.get(status, 0) + number
    return bad


def machine(postgres: str) -> str:
    """Say on what machine, with which versions, and how busy it was."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    ).stdout.strip()  # fmt: skip
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{clock.today().isoformat()}, revision {revision or 'unknown'}, {os.cpu_count()} cores"
        f" ({model}), load average {os.getloadavg()[0]:.1f} at the end; Python"
        f" {platform.python_version()}, {libraries}, PostgreSQL {postgres}."
    )


def write_section(name: str, text: str) -> None:
    """Replace one section of the report."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, tail = REPORT.read_text(encoding="utf-8").partition(begin)
    _, _, after = tail.partition(end)
    REPORT.write_text(f"{head}{begin}\n{text}\n{end}{after}", encoding="utf-8")
