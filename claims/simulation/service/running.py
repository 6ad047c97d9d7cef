"""A simulation from end to end: parts of the claims in several processes, one moment, one tally.

Every process reads the same exported snapshot, in a transaction that can write nothing. Memory
holds one batch of claims a process, however many there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from multiprocessing import get_context
from typing import Any

from claims.simulation import queries
from claims.simulation.queries import Source
from claims.simulation.rules import Tally
from claims.simulation.service.changes import Change
from claims.simulation.service.judging import Pair
from config import clock
from config.settings import settings

PART = 4_000
# Below this a process of its own costs more than it saves.
ALONE_BELOW = 3 * PART
MOST_PROCESSES = 2

LIMITS = (
    ("Cover, contributions, facilities and contracts are those the registry holds today, not that"
     " day's; a promised check counts as it was recorded.",
     "សិទ្ធិ ភាគទាន មូលដ្ឋានសុខាភិបាល និងកិច្ចព្រមព្រៀង គឺតាមបញ្ជីថ្ងៃនេះ មិនមែនថ្ងៃនោះទេ"
     " ការពិនិត្យដែលបានធានារាប់តាមដែលបានកត់ត្រា។"),
    ("Earlier claims of a patient are those submitted before, with the state and quantities they"
     " have today: what was rejected, withdrawn or reduced since is not as it was.",
     "សំណើមុនៗរបស់អ្នកជំងឺគឺសំណើដែលបានដាក់មុន តាមស្ថានភាព និងបរិមាណថ្ងៃនេះ៖"
     " អ្វីដែលត្រូវបានបដិសេធ ដកវិញ ឬកាត់បន្ថយក្រោយមក មិនដូចពេលនោះទេ។"),
    ("Days of care used are those recorded before the claim was submitted; what was given back"
     " since is missing.",
     "ថ្ងៃថែទាំដែលបានប្រើគឺថ្ងៃដែលបានកត់ត្រាមុនសំណើត្រូវបានដាក់ អ្វីដែលបានប្រគល់ត្រឡប់ក្រោយមកមិនមានទេ។"),
    ("What reviewers changed is not simulated: amounts are what the rules find payable.",
     "អ្វីដែលមន្ត្រីពិនិត្យបានកែមិនត្រូវបានសាកល្បងទេ៖ ចំនួនទឹកប្រាក់គឺតាមវិធាន។"),
)  # fmt: skip

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What a process needs to judge any part."""

    source: Source
    change: Change
    day_from: date | None
    day_to: date | None


_mine: list[tuple[Work, Pair]] = []


def simulate(
    change: Change,
    *,
    day_from: date | None = None,
    day_to: date | None = None,
    processes: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> dict[str, Any]:
    """Judge every claim of a period under both rule books; return totals, reasons and limits."""
    current, began = settings(), time.monotonic()
    source = Source(current.app_database_url, current.connection_options)
    with queries.reading(source) as connection:
        parts = queries.ranges(connection, day_from=day_from, day_to=day_to, size=PART)
        total = sum(count for _, _, count in parts)
        shared = replace(source, snapshot=queries.export_snapshot(connection))
        work = Work(shared, change, day_from, day_to)
        tally, done = Tally(), 0
        progress(0, total)
        for one in _tallies(work, parts, total, processes):
            tally.merge(one)
            done += one.claims
            progress(done, total)
    return {
        **tally.as_json(),
        "base_version": change.base_version,
        "from": day_from.isoformat() if day_from else None,
        "to": day_to.isoformat() if day_to else None,
        "applied_from": change.applied_from.isoformat() if change.applied_from else None,
        "computed_at": clock.now().isoformat(timespec="seconds"),
        "milliseconds": round(1000 * (time.monotonic() - began)),
        "limits": [{"text_en": en, "text_km": km} for en, km in LIMITS],
    }


def _tallies(
    work: Work, parts: list[tuple[int, int, int]], total: int, processes: int | None
) -> Iterator[Tally]:
    wanted = processes or min(MOST_PROCESSES, os.cpu_count() or 1)
    ids = ((first, last) for first, last, _ in parts)
    if wanted == 1 or total < ALONE_BELOW:
        pair = Pair(work.change)
        yield from (judge_part(work, pair, part) for part in ids)
        return
    # Not forked: a worker has threads, and a fork would inherit their locks.
    with ProcessPoolExecutor(
        wanted, mp_context=get_context("spawn"), initializer=_prepare, initargs=(work,)
    ) as pool:
        waiting: set[Future[Tally]] = {
            pool.submit(_judge_mine, part) for part in islice(ids, 2 * wanted)
        }
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            waiting |= {pool.submit(_judge_mine, part) for part in islice(ids, len(finished))}
            for future in finished:
                yield future.result()


def judge_part(work: Work, pair: Pair, part: tuple[int, int]) -> Tally:
    """Judge the claims of one part, one batch after another."""
    tally = Tally()
    with queries.reading(work.source) as connection:
        for claim in queries.claims_of(
            connection, part, day_from=work.day_from, day_to=work.day_to,
            with_files=pair.wants_files,
        ):  # fmt: skip
            now, changed = pair.worths(claim)
            tally.add(claim.stored, now, changed)
    return tally


def _prepare(work: Work) -> None:
    """Arrange the rules once, in a process of its own."""
    _mine.append((work, Pair(work.change)))


def _judge_mine(part: tuple[int, int]) -> Tally:
    work, pair = _mine[0]
    return judge_part(work, pair, part)
