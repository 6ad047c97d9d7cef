"""The check's own statement as a measure: how long it takes, and how long a load makes it wait."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from benchmarks.feeds import PEOPLE
from config import clock
from gateway.eligibility import queries
from gateway.members import queries as search

READS = 4000
SEARCHES = 400
AROUND = (timedelta(seconds=1), timedelta(seconds=3))


@dataclass(slots=True)
class Times:
    """How long one statement took, in milliseconds, in a small and in a large registry."""

    in_small: list[float] = field(default_factory=list)
    in_large: list[float] = field(default_factory=list)

    def small(self, share: float) -> float:
        """Return a percentile of the small registry's."""
        return _percentile(self.in_small, share)

    def large(self, share: float) -> float:
        """Return a percentile of the large registry's."""
        return _percentile(self.in_large, share)

    @property
    def ratio(self) -> float:
        """Return how much longer the large registry's median is."""
        return statistics.median(self.in_large) / statistics.median(self.in_small)


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]


@dataclass(slots=True)
class Reader:
    """Checks cards while a load runs, and keeps when each answer came and how long it took."""

    address: str
    keys: list[str]
    waits: list[tuple[datetime, float]] = field(default_factory=list)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read until the block ends."""
        done = threading.Event()
        thread = threading.Thread(target=self._read, args=(done,))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _read(self, done: threading.Event) -> None:
        chance = random.Random(7)
        with psycopg.connect(self.address, autocommit=True) as connection:
            while not done.is_set():
                took = one_read(connection, chance.choice(self.keys))
                self.waits.append((datetime.now().astimezone(), took))
                time.sleep(0.002)

    def longest_around(self, moment: datetime) -> float:
        """Return the longest wait in milliseconds around a moment."""
        before, after = AROUND
        return max(took for at, took in self.waits if moment - before <= at <= moment + after)


def swapped_at(owner: str) -> datetime:
    """Return when the members were swapped last."""
    with psycopg.connect(owner) as connection:
        [(moment,)] = connection.execute(
            "SELECT max(committed_at) FROM registry_files WHERE kind = 'members'"
        ).fetchall()
    found: datetime = moment
    return found


def some_keys(owner: str, number: int = READS) -> list[str]:
    """Return the keys of cards from all over the registry, in no order."""
    return [row[0] for row in _some_members(owner)[:number]]


def _some_members(owner: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(owner) as connection:
        found = connection.execute(
            "SELECT card_key, name_latin, name_km, date_of_birth"
            " FROM registry.members TABLESAMPLE SYSTEM (5) REPEATABLE (7)"
        ).fetchall()
    random.Random(7).shuffle(found)
    return found


def one_read(connection: psycopg.Connection[Any], key: str) -> float:
    """Read what one check needs and return the milliseconds."""
    today = clock.today()
    begun = time.perf_counter()
    queries.read(
        connection, key=key, day=today, since=today - timedelta(days=365), facility="120101",
    )  # fmt: skip
    return (time.perf_counter() - begun) * 1000


def one_search(connection: psycopg.Connection[Any], member: tuple[Any, ...]) -> float:
    """Search for somebody by name and birth date, each second time in Khmer."""
    _, latin, khmer, born = member
    name = khmer if born.day % 2 else latin
    begun = time.perf_counter()
    search.by_name(connection, name, born)
    return (time.perf_counter() - begun) * 1000


def compare(small: tuple[str, str], large: tuple[str, str]) -> tuple[Times, Times]:
    """Time check and search in two databases in turn, so that both meet the same noise."""
    people = [_some_members(owner)[:READS] for owner, _ in (small, large)]
    with (
        psycopg.connect(small[1], autocommit=True) as one,
        psycopg.connect(large[1], autocommit=True) as other,
    ):
        checks, names = Times(), Times()
        for number, (here, there) in enumerate(zip(*people, strict=False)):
            checks.in_small.append(one_read(one, here[0]))
            checks.in_large.append(one_read(other, there[0]))
            if number < SEARCHES:
                names.in_small.append(one_search(one, here))
                names.in_large.append(one_search(other, there))
    for times in (checks, names):
        # The first ones fill caches and prepare statements.
        for taken in (times.in_small, times.in_large):
            del taken[: len(taken) // 4]
    return checks, names


def refuse_whole_scans(owner: str, app: str) -> None:
    """Stop if the check's statement reads a table of people from end to end."""
    today = clock.today()
    values = {"key": some_keys(owner, 1)[0], "day": today, "since": today, "facility": "120101"}  # fmt: skip
    with psycopg.connect(app, autocommit=True) as connection:
        plan = "\n".join(
            row[0]
            for row in connection.execute("EXPLAIN " + queries.READ, values).fetchall()  # type: ignore[arg-type]
        )
    for kind in PEOPLE:
        if f"Seq Scan on {kind}" in plan:
            raise SystemExit(f"the check reads the whole of {kind}:\n{plan}")
