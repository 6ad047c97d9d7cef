"""The keys of the lists, as cursors carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from config.api import page_of
from config.cursors import foreign_cursor, read_cursor


def missing_key(cursor: str | None) -> tuple[date, str] | None:
    """Read the key of the list of what is missing: a day and a number."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        day, number = key
        return date.fromisoformat(day), str(number)
    except (ValueError, TypeError):
        raise foreign_cursor() from None


def missing_page(rows: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return a page of that list; give it one row more than it shows."""
    return page_of(
        rows, limit, item=dict,
        key=lambda row: [row["day"].isoformat(), row["claim"] or row["registration"]],
    )  # fmt: skip


def waiting_key(cursor: str | None) -> tuple[datetime, int] | None:
    """Read the key of the queue."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        moment, row = key
        return datetime.fromisoformat(moment), int(row)
    except (TypeError, ValueError):
        raise foreign_cursor() from None


def waiting_cursor(row: tuple[int, dict[str, Any]]) -> list[Any]:
    """Return the key the queue's next page starts after."""
    return [row[1]["submitted_at"].isoformat(), row[0]]
