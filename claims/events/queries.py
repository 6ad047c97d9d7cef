"""Reads the feed: the trail's events in an order that no late commit can disturb. SELECT only.

Ids and moments are given out before a transaction ends, so a reader who stops at the newest one
would miss whatever commits later with an older one. Rows are therefore ordered by the number of
their transaction, and none is told before every older transaction has ended (as in config.seals).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claims.events.models import FAMILY
from claims.events.rules import TYPES
from config.db import fast

# The trail is kept by months, so that thirty days are two parts of it at most.
AFTER = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, e.* FROM (VALUES (1)) AS one (row)
  LEFT JOIN LATERAL (
    SELECT a.xact::text, a.id, a.action, a.subject, a.recorded_at, a.details ->> 'state',
           (SELECT c.state FROM claims c WHERE c.number = a.subject)
      FROM audit_events a
     WHERE {facility}{family}
       AND a.action = ANY(%(types)s)
       AND (a.xact, a.id) > (CAST(CAST(%(xact)s AS text) AS xid8), %(id)s)
       AND a.xact < pg_snapshot_xmin(pg_current_snapshot())
       AND a.recorded_at >= now() - interval '30 days'
     ORDER BY a.xact, a.id LIMIT %(limit)s
  ) AS e ON true
"""
FOR_FACILITY = AFTER.format(facility="a.facility = %(facility)s AND ", family=FAMILY)
FOR_NSSF = AFTER.format(facility="", family=FAMILY)

Position = tuple[str, int]
START: Position = ("0", 0)


@dataclass(frozen=True, slots=True)
class Event:
    """One act of the trail that is told: its place, what it was, and what is known of its state."""

    position: Position
    action: str
    subject: str
    at: datetime
    noted_state: str | None
    claim_state: str | None


def read_after(
    position: Position, *, facility: str | None, limit: int
) -> tuple[list[Event], Position]:
    """Return the events after a position in one statement, and the position reached."""
    values: dict[str, Any] = {
        "facility": facility, "types": list(TYPES), "limit": limit,
        "xact": position[0], "id": position[1],
    }  # fmt: skip
    statement = FOR_NSSF if facility is None else FOR_FACILITY
    with fast() as connection:
        rows = connection.execute(statement, values).fetchall()
    events = [Event((row[1], row[2]), *row[3:]) for row in rows if row[1] is not None]
    # Everything below the horizon was told: whoever asks again begins there, however little it was.
    reached = events[-1].position if len(events) == limit else (rows[0][0], 0)
    return events, reached
