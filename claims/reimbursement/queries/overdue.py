"""Counts what waits beyond a moment; each part reads a narrow index."""

from __future__ import annotations

from config.db import fast

OVERDUE = """
SELECT (SELECT count(*) FROM claims WHERE state IN ('submitted', 'in_review')
           AND review_by < %(today)s AND NOT held AND NOT asked) AS review,
       (SELECT count(*) FROM claims WHERE state = 'returned'
           AND submitted_at < %(unanswered)s AND updated_at < %(unanswered)s) AS answer,
       (SELECT count(*) FROM claims WHERE state IN ('approved', 'batched')
           AND decided_at < %(unpaid)s AND NOT held) AS payment,
       (SELECT count(*) FROM allowances WHERE state = 'submitted'
           AND submitted_at < %(undecided)s) AS allowance
"""


def count_overdue(**moments: object) -> dict[str, int]:
    """Return how many claims and allowances wait beyond these moments, by what they wait for."""
    with fast() as connection:
        cursor = connection.execute(OVERDUE, moments)
        row = cursor.fetchone()
        return dict(
            zip((column.name for column in cursor.description or ()), row or (), strict=True)
        )
