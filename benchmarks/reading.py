"""The check's own statement as a measure: how long it takes, and how long a load makes it wait."""

from __future__ import annotations

import random
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

READS = 4000


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

    def longest(self, since: datetime | None = None, until: datetime | None = None) -> float:
        """Return the longest wait in milliseconds, of all or around a moment."""
        return max(
            took for at, took in self.waits
            if (since is None or at >= since) and (until is None or at <= until)
        )  # fmt: skip


def some_keys(owner: str, number: int) -> list[str]:
    """Return the keys of cards from all over the registry, in no order."""
    with psycopg.connect(owner) as connection:
        keys = [
            row[0]
            for row in connection.execute(
                "SELECT card_key FROM registry.members TABLESAMPLE SYSTEM (30) REPEATABLE (7)"
            )
        ]
    random.Random(7).shuffle(keys)
    return keys[:number]


def one_read(connection: psycopg.Connection[Any], key: str) -> float:
    """Read what one check needs and return the milliseconds."""
    today = clock.today()
    begun = time.perf_counter()
    queries.read(
        connection, key=key, day=today, since=today - timedelta(days=365), facility="120101",
        scanner="bench",
    )  # fmt: skip
    return (time.perf_counter() - begun) * 1000


def reads(small: tuple[str, str], large: tuple[str, str]) -> tuple[list[float], list[float]]:
    """Time the check's statement in two databases in turn, so that both meet the same noise."""
    keys = [some_keys(owner, READS) for owner, _ in (small, large)]
    found: tuple[list[float], list[float]] = ([], [])
    with (
        psycopg.connect(small[1], autocommit=True) as one,
        psycopg.connect(large[1], autocommit=True) as other,
    ):
        for pair in zip(*keys, strict=False):
            for connection, key, times in zip((one, other), pair, found, strict=True):
                times.append(one_read(connection, key))
    return found[0][READS // 4 :], found[1][READS // 4 :]


def refuse_whole_scans(owner: str, app: str) -> None:
    """Stop if the check's statement reads a table of people from end to end."""
    today = clock.today()
    values = {"key": some_keys(owner, 1)[0], "day": today, "since": today, "facility": "120101",
              "scanner": "bench"}  # fmt: skip
    with psycopg.connect(app, autocommit=True) as connection:
        plan = "\n".join(
            row[0]
            for row in connection.execute("EXPLAIN " + queries.READ, values).fetchall()  # type: ignore[arg-type]
        )
    for kind in PEOPLE:
        if f"Seq Scan on {kind}" in plan:
            raise SystemExit(f"the check reads the whole of {kind}:\n{plan}")
