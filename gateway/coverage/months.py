"""Which contribution months count on a service day? Pure arithmetic over paid months.

Paid months are one whole number, a bit per calendar month, so that parsing and every rule are a few
shifts and masks. The readings of "last due month", "in a row" and "of the last twelve" are those of
Prakas 109 (2016) as the product states them; the eligibility rules and the claims read them here.
"""

import re
from datetime import date
from functools import lru_cache

EPOCH = 1990 * 12
"""Bit 0 is January 1990, before any scheme of the fund existed."""

LAST = 2200 * 12 - EPOCH
_RANGE = re.compile(r"(\d{4})-(\d{2})(?:\.\.(\d{4})-(\d{2}))?")


def month_of(day: date) -> int:
    """Number the calendar month of a day."""
    return day.year * 12 + day.month - 1 - EPOCH


def month_text(month: int) -> str:
    """Write a month number as YYYY-MM."""
    year, index = divmod(month + EPOCH, 12)
    return f"{year:04d}-{index + 1:02d}"


def parse_month(text: str) -> int:
    """Read one month written YYYY-MM."""
    match = _RANGE.fullmatch(text)
    if match is None or match[3] is not None:
        raise ValueError(f"not a month: {text}")
    return _number(match[1], match[2], text)


def parse_months(text: str | None) -> int:
    """Read months and ranges such as "2025-01..2025-06 2025-08" into one number with a bit each."""
    paid = 0
    for token in (text or "").split():
        match = _RANGE.fullmatch(token)
        if match is None:
            raise ValueError(f"not a month or a range of months: {token}")
        first = _number(match[1], match[2], token)
        last = _number(match[3], match[4], token) if match[3] else first
        if last < first:
            raise ValueError(f"range ends before it begins: {token}")
        paid |= ((1 << (last - first + 1)) - 1) << first
    return paid


def format_months(paid: int) -> str:
    """Write paid months in the canonical text of the feed, ranges in order."""
    parts, month = [], 0
    while paid >> month:
        if not paid >> month & 1:
            month += 1
            continue
        first = month
        while paid >> (month + 1) & 1:
            month += 1
        text = month_text(first)
        parts.append(text if first == month else f"{text}..{month_text(month)}")
        month += 1
    return " ".join(parts)


def last_due(day: date, due_day: int, complete_through: int | None = None) -> int:
    """Find L, the newest month that must have been paid by the service day.

    L is the month before the service when the day is after the due day, else the one before that;
    it is never later than the month through which the feed declared contributions complete.
    """
    month = month_of(day) - (1 if day.day > due_day else 2)
    return month if complete_through is None else min(month, complete_through)


def until(paid: int, month: int) -> int:
    """Leave out every paid month after the given one."""
    return paid & ((1 << (month + 1)) - 1) if month >= 0 else 0


def is_paid(paid: int, month: int) -> bool:
    """Tell whether a month was paid."""
    return month >= 0 and bool(paid >> month & 1)


def newest(paid: int) -> int | None:
    """Find the newest paid month."""
    return paid.bit_length() - 1 if paid else None


def paid_in_window(paid: int, window: int, *, due: int, month: int) -> int:
    """Count paid months among the window that ends at the last due month and those after, up to M."""
    first = max(due - window + 1, 0)
    return (until(paid, month) >> first).bit_count()


def missing_in_a_row(paid: int, needed: int, *, due: int, month: int) -> tuple[int, ...]:
    """List the fewest months whose payment completes a row of `needed` ending at L or later.

    Empty when the row is there. Of equally short lists the earliest row wins: it is due already.
    """
    best: tuple[int, ...] | None = None
    for end in range(due, month + 1):
        row = range(end - needed + 1, end + 1)
        missing = tuple(index for index in row if not is_paid(paid, index))
        if best is None or len(missing) < len(best):
            best = missing
    return best or ()


def unpaid_due(paid: int, *, due: int, month: int, cover_from: date) -> int:
    """Count the unpaid due months in a row that end at L, from the newest payment or cover's start."""
    last_paid = newest(until(paid, month))
    start = month_of(cover_from) if last_paid is None else last_paid + 1
    return max(due - start + 1, 0)


@lru_cache(maxsize=64)
def months_before(day: date, months: int) -> date:
    """Step back whole calendar months; a day the month lacks becomes its last day."""
    year, index = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, index + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no day {months} months before {day}")


def _number(year: str, month: str, token: str) -> int:
    number = int(year) * 12 + int(month) - 1 - EPOCH
    if not 1 <= int(month) <= 12 or not 0 <= number < LAST:
        raise ValueError(f"not a month between 1990 and 2199: {token}")
    return number
