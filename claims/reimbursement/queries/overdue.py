"""Counts what waits beyond a moment; each part reads a narrow index.

What was held for a while is named instead: its days are counted one by one, as its claim shows them.
"""

from __future__ import annotations

from typing import Any

from claims.review.queries import LATE
from claims.submission.queries import OPEN_QUESTION, clock_rows
from config.db import fast

OVERDUE = f"""
WITH unpaid AS MATERIALIZED (
    -- One claim's events at a time: an EXISTS might be answered by reading every event there is.
    SELECT c.id, (SELECT true FROM claim_events e WHERE e.claim_id = c.id AND e.action = 'hold'
                   LIMIT 1) IS NOT NULL AS paused
      FROM claims c
     WHERE c.state IN ('approved', 'batched') AND c.decided_at < %(unpaid)s AND NOT c.held)
SELECT (SELECT count(*) FROM claims WHERE {LATE.format(today="%(today)s")}) AS review,
       (SELECT count(DISTINCT m.claim_id) FROM claim_messages m JOIN claims c ON c.id = m.claim_id
         WHERE {OPEN_QUESTION} AND m.at < %(unanswered)s
           AND c.state IN ('submitted', 'in_review', 'returned'))
       + (SELECT count(*) FROM claims c WHERE state = 'returned'
           AND submitted_at < %(unanswered)s AND updated_at < %(unanswered)s
           AND NOT EXISTS (SELECT 1 FROM claim_messages m
                            WHERE m.claim_id = c.id AND {OPEN_QUESTION})) AS answer,
       (SELECT count(*) FROM unpaid WHERE NOT paused) AS payment,
       (SELECT count(*) FROM allowances WHERE state = 'submitted'
           AND submitted_at < %(undecided)s) AS allowance,
       (SELECT coalesce(array_agg(id), '{{}}') FROM unpaid WHERE paused) AS paused
"""  # noqa: S608 - expressions of our own


def count_overdue(**moments: object) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return how many wait beyond these moments, by what for; and the clocks of what was held."""
    with fast() as connection:
        cursor = connection.execute(OVERDUE, moments)
        names = [column.name for column in cursor.description or ()]
        counts = dict(zip(names, cursor.fetchone() or (), strict=True))
        paused = counts.pop("paused")
        return counts, clock_rows(connection, paused) if paused else []
