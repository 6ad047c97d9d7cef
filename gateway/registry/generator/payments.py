"""Paid months of synthetic members: steady payers, gaps, late and short ones, lapses, advances."""

from __future__ import annotations

from random import Random

from gateway.registry.generator.calendar import Calendar

LONGEST_HISTORY = 30
SILENT = 2
# Per cent of payers by habit: the voluntary lapse more often and some pay ahead.
_EMPLOYED = (
    ("steady", 72),
    ("gap", 10),
    ("short", 5),
    ("late", 6),
    ("stopped", 5),
    ("silent", SILENT),
)
_VOLUNTARY = (
    ("steady", 56), ("gap", 12), ("short", 7), ("late", 6), ("stopped", 13), ("ahead", 4),
    ("silent", SILENT),
)  # fmt: skip


def _table(habits: tuple[tuple[str, int], ...]) -> list[str]:
    return [habit for habit, percent in habits for _ in range(percent)]


EMPLOYED, VOLUNTARY = _table(_EMPLOYED), _table(_VOLUNTARY)


def paid_months(calendar: Calendar, first: int, last: int, habit: str, rng: Random) -> str:
    """Return the months paid between a first and a last month, empty if none."""
    first = max(first, last - LONGEST_HISTORY, 0)
    if first > last or habit == "silent":
        return ""
    return _HABITS[habit](calendar, first, last, rng)


def _steady(calendar: Calendar, first: int, last: int, rng: Random) -> str:
    # The newest month is often already paid before it is due.
    return calendar.span(first, last + (1 if last == calendar.due and rng.random() < 0.4 else 0))


def _gap(calendar: Calendar, first: int, last: int, rng: Random) -> str:
    if last - first < 4:
        return calendar.span(first, last)
    begins = first + 1 + int(rng.random() * (last - first - 2))
    ends = min(begins + int(rng.random() * 4), last - 1)
    return f"{calendar.span(first, begins - 1)} {calendar.span(ends + 1, last)}"


def _short(calendar: Calendar, _: int, last: int, __: Random) -> str:
    return calendar.months[last]


def _late(calendar: Calendar, first: int, last: int, rng: Random) -> str:
    return calendar.span(first, max(first, last - 1 - int(rng.random() * 5)))


def _stopped(calendar: Calendar, first: int, last: int, rng: Random) -> str:
    return calendar.span(first, max(first, last - 7 - int(rng.random() * 14)))


def _ahead(calendar: Calendar, first: int, last: int, rng: Random) -> str:
    return calendar.span(first, min(last + 2 + int(rng.random() * 6), len(calendar.months) - 1))


_HABITS = {
    "steady": _steady, "gap": _gap, "short": _short, "late": _late, "stopped": _stopped,
    "ahead": _ahead,
}  # fmt: skip
