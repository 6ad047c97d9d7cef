"""Days and months as ready-made text: a registry of millions is written by picking from these."""

from __future__ import annotations

from datetime import date, timedelta

FIRST_DAY = date(1925, 1, 1)
FIRST_MONTH = (2016, 1)
AHEAD_DAYS = 800
AHEAD_MONTHS = 12


class Calendar:
    """Every day from 1925 and every month from 2016 as text, and where the feed's day is among them."""

    def __init__(self, day: date) -> None:
        count = (day - FIRST_DAY).days
        self.days = [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(count + AHEAD_DAYS)]
        self.today = count
        self.month = self.month_of(day)
        self.months = [
            f"{FIRST_MONTH[0] + n // 12}-{n % 12 + 1:02d}"
            for n in range(self.month + AHEAD_MONTHS + 1)
        ]
        # Contributions are due by the 15th of the next month: before that, one month less is due.
        self.due = self.month - (1 if day.day > 15 else 2)
        # The month a day lies in, so that a registration knows its first month.
        self.month_at = [
            max((int(text[:4]) - FIRST_MONTH[0]) * 12 + int(text[5:7]) - 1, 0) for text in self.days
        ]

    @staticmethod
    def month_of(day: date) -> int:
        """Return the place of a day's month among the months."""
        return (day.year - FIRST_MONTH[0]) * 12 + day.month - FIRST_MONTH[1]

    @staticmethod
    def at(day: date) -> int:
        """Return the place of a day among the days."""
        return (day - FIRST_DAY).days

    def span(self, first: int, last: int) -> str:
        """Return the text of the months from first to last."""
        months = self.months
        return months[first] if first == last else f"{months[first]}..{months[last]}"
