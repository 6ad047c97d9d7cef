"""The clock: the day in Phnom Penh and the moment in UTC. The only place that asks the machine.

Recorded moments come from the database (`now()`); this clock serves rules and comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")

_frozen: list[datetime] = []
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_asked = [(_EPOCH.date(), _EPOCH, _EPOCH)]


def now() -> datetime:
    """Return the moment, aware, in UTC."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def today() -> date:
    """Return the day in Phnom Penh."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """Return the Phnom Penh day a moment falls on."""
    # Nearly every moment asked about falls on the same day as the one before.
    day, starts, ends = _asked[0]
    if starts <= moment < ends:
        return day
    day = moment.astimezone(PHNOM_PENH).date()
    if date.min < day < date.max:
        _asked[0] = (day, start_of(day), start_of(day + timedelta(days=1)))
    return day


@lru_cache(maxsize=1000)
def start_of(day: date) -> datetime:
    """Return the first moment of a Phnom Penh day, in UTC."""
    return datetime.combine(day, time.min, PHNOM_PENH).astimezone(UTC)


@lru_cache(maxsize=1000)
def end_of(day: date) -> datetime:
    """Return the last second of a Phnom Penh day, in UTC."""
    return start_of(day + timedelta(days=1)) - timedelta(seconds=1)


@contextmanager
def freeze(day: date | datetime) -> Iterator[None]:
    """Hold the clock at a moment (noon in Phnom Penh for a day); for tests and demo data."""
    moment = day if isinstance(day, datetime) else start_of(day) + timedelta(hours=12)
    _frozen.append(moment)
    try:
        yield
    finally:
        _frozen.pop()
