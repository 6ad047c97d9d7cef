"""The keys of the lists, as cursors carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from config.api import page_of, read_cursor
from config.errors import Invalid


def number_key(cursor: str | None) -> int | None:
    """Read the key of a list in order of numbers; a cursor nobody made is a bad field."""
    key = read_cursor(cursor)
    if key is None:
        return None
    if [type(part) for part in key] != [int]:
        raise _bad_cursor()
    return int(key[0])


def missing_key(cursor: str | None) -> tuple[date, str] | None:
    """Read the key of the list of what is missing: a day and a number."""
    key = read_cursor(cursor)
    if key is None:
        return None
    try:
        day, number = key
        return date.fromisoformat(day), str(number)
    except (ValueError, TypeError):
        raise _bad_cursor() from None


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
        raise _bad_cursor() from None


def waiting_cursor(row: tuple[int, dict[str, Any]]) -> list[Any]:
    """Return the key the queue's next page starts after."""
    return [row[1]["submitted_at"].isoformat(), row[0]]


def _bad_cursor() -> Invalid:
    return Invalid(errors=[{"pointer": "/cursor", "message": "not a cursor of this list"}])
