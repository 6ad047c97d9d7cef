"""Public numbers: what a check, visit, claim, batch or remittance is called on the wire.

A number is a prefix, two digits of the year, a letter for the month (A = January) and nine random
Crockford base32 characters: `C26K7Q4M2X9TB`. It can be read out on the telephone, says when it was
given and nothing about how many there are. 45 random bits are not unique by themselves: the table's
unique constraint is, and writers of very large tables ask again when it objects.
"""

import os
import re
import threading
from datetime import date, datetime

from config import clock

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MONTH_LETTERS = "ABCDEFGHIJKL"
RANDOM_CHARACTERS = 9

# Two characters of a number at once.
_PAIRS = tuple(first + second for first in CROCKFORD for second in CROCKFORD)
_PREFIX = re.compile(r"[A-Z]")
_NUMBER = re.compile(rf"[A-Z](\d\d)([{MONTH_LETTERS}])[{CROCKFORD}]{{{RANDOM_CHARACTERS}}}", re.A)

# Asking the system costs a call during which threads wait for each other: it is asked for many at once.
DRAWN_BYTES = 512
_drawn = threading.local()


def _forget() -> None:
    # Of the thread that forked: a new process has no other.
    _drawn.__dict__.clear()


os.register_at_fork(after_in_child=_forget)


def new_number(prefix: str, moment: date | None = None) -> str:
    """Return a fresh number for something recorded at that moment (default: today)."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"a number's prefix is one capital letter, not {prefix!r}")
    day = clock.today() if moment is None else _local_day(moment)
    bits, pairs = draw_bits(5 * RANDOM_CHARACTERS), _PAIRS
    drawn = (
        f"{pairs[bits >> 35]}{pairs[bits >> 25 & 1023]}{pairs[bits >> 15 & 1023]}"
        f"{pairs[bits >> 5 & 1023]}{CROCKFORD[bits & 31]}"
    )
    return f"{prefix}{day.year % 100:02d}{MONTH_LETTERS[day.month - 1]}{drawn}"


def draw_bits(count: int) -> int:
    """Return so many random bits from the system's source; no two processes share any."""
    size = (count + 7) // 8
    left: bytes = getattr(_drawn, "left", b"")
    if len(left) < size:
        left = os.urandom(DRAWN_BYTES)
    _drawn.left = left[size:]
    return int.from_bytes(left[:size]) >> (8 * size - count)


def parse_month(number: str) -> date:
    """Return the first day of the month in which the number was given, or raise ValueError."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise ValueError("not a number of this system")
    return date(2000 + int(match[1]), MONTH_LETTERS.index(match[2]) + 1, 1)


def is_number(text: str) -> bool:
    """Tell whether a text has the form of a number: anything else need not be looked for."""
    return _NUMBER.fullmatch(text) is not None


def _local_day(moment: date) -> date:
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("a moment carries its time zone")
    return clock.day_of(moment)
