"""A month in minutes: actions planned for moments of the past, done in order, their stamps moved there.

Recorded moments are the database's, so everything the services write is stamped with the minute of
loading. The diary notes at which real moment each planned moment began, and the owner then moves
the stamps of the tables that may change back by the difference, so that ageing and waiting times
look real. The append-only tables (audit, checks, ledger, decisions, payment files) stay untouched:
they say when the demo was loaded.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

from psycopg import Connection, sql

from config import clock
from config.db import db
from gateway.eligibility.service.limits import lifted

Action = Callable[[datetime], None]

# A lease's end is left alone: only what is leased now has one.
STAMPS = {
    "claims": ("created_at", "updated_at", "first_submitted_at", "submitted_at", "decided_at"),
    "claim_events": ("at",),
    "claim_messages": ("at", "answered_at"),
    "visits": ("arrived_at", "queued_at", "called_at", "started_at", "ended_at"),
    "visit_events": ("at",),
    "benefit_usage": ("recorded_at",),
    "payment_runs": ("opened_at", "authorised_at", "exported_at", "closed_at"),
    "batches": ("opened_at", "authorised_at", "exported_at", "closed_at"),
    "remittances": ("created_at", "acknowledged_at"),
    "appeals": ("filed_at", "decided_at"),
    "allowances": ("created_at", "updated_at", "submitted_at", "decided_at"),
    "allowance_events": ("at",),
    "pregnancies": ("registered_at",),
    "complaints": ("filed_at", "overdue_at", "answered_at", "closed_at"),
    "complaint_events": ("at",),
    "complaint_messages": ("at",),
    "complaint_forwards": ("forwarded_at", "answered_at", "ended_at"),
}
_PAGE = "CREATE TEMP TABLE demo_diary (real timestamptz PRIMARY KEY, meant timestamptz NOT NULL)"
_MEANT = """
CREATE FUNCTION pg_temp.meant(at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT d.meant + (at - d.real) FROM demo_diary d
                    WHERE d.real <= at ORDER BY d.real DESC LIMIT 1), at)
$$
"""


class Diary:
    """The agenda of the month, and what of it has happened."""

    def __init__(self, owner: Connection[Any], *, until: datetime) -> None:
        self._owner = owner
        self._until = until
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._turn = count()
        self._pages: list[tuple[datetime, datetime]] = []
        self._day: date | None = None
        owner.execute(_PAGE)
        owner.execute(_MEANT)

    def plan(self, moment: datetime, action: Action) -> None:
        """Plan an action; what would happen after now does not happen."""
        if moment <= self._until:
            heapq.heappush(self._agenda, (moment, next(self._turn), action))

    def run(self) -> None:
        """Do everything planned, and what it plans in turn, in the order of its moments."""
        while self._agenda:
            moment, _, action = heapq.heappop(self._agenda)
            day = clock.day_of(moment)
            if day != self._day:
                # A day's stamps are in place before the next begins: batches go by the day decided.
                self.write()
                self._day = day
            self._pages.append((self._real(), moment))
            # A month's look-ups fall into minutes here: the limits of an hour are not for them.
            with clock.freeze(moment), lifted():
                action(moment)
        self.write()

    def write(self) -> None:
        """Move the stamps of what has happened since the last time."""
        # Nothing of ours may stay locked, and nothing read before may be taken for the truth.
        db.session.remove()
        if not self._pages:
            return
        with self._owner.transaction(), self._owner.cursor() as cursor:
            cursor.execute("TRUNCATE demo_diary")
            cursor.executemany("INSERT INTO demo_diary VALUES (%s, %s)", self._pages)
            for table, columns in STAMPS.items():
                cursor.execute(_move(table, columns), {"since": self._pages[0][0]})
        self._pages.clear()

    def _real(self) -> datetime:
        row = self._owner.execute("SELECT clock_timestamp()").fetchone()
        if row is None:
            raise LookupError("the database told no time")
        moment: datetime = row[0]
        return moment


def _move(table: str, columns: tuple[str, ...]) -> sql.Composed:
    names = [sql.Identifier(name) for name in columns]
    changes = sql.SQL(", ").join(sql.SQL("{0} = pg_temp.meant({0})").format(name) for name in names)
    return sql.SQL("UPDATE {} SET {} WHERE GREATEST({}) >= %(since)s").format(
        sql.Identifier(table), changes, sql.SQL(", ").join(names)
    )
