"""The days deadlines are counted by: load the list of public holidays, record outages.

The calendar is kept in memory until the generation number changes, like policies and prices.
"""

from __future__ import annotations

import csv
import io
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, delete, extract, insert, select

from auth.permissions import Actor, system_actor
from claims.submission.deadlines import Calendar
from claims.submission.models import Outage, PublicHoliday
from config import generation
from config.audit import record
from config.db import db, transaction
from config.errors import Invalid
from config.jobs import defer
from config.text import clean

DEFAULTS = Path(__file__).parents[2] / "data" / "holidays"
COLUMNS = ("day", "name_en", "name_km", "status", "source")
STATUSES = ("law", "reported", "assumption", "demo")
MAX_ROWS, MAX_OUTAGE_DAYS, LONGEST = 2_000, 366, 300

_lock = threading.Lock()
_cached: WeakKeyDictionary[Engine, tuple[int, Calendar]] = WeakKeyDictionary()


def calendar_at(at_generation: int | None = None) -> Calendar:
    """Return the calendar in force, read again when the generation has changed."""
    now = generation.current() if at_generation is None else at_generation
    place = db.engine
    found = _cached.get(place)
    if found is not None and found[0] == now:
        return found[1]
    with _lock:
        fresh = Calendar(
            holidays=frozenset(db.session.scalars(select(PublicHoliday.day))),
            outages=frozenset(
                day
                for first, last in db.session.execute(select(Outage.first_day, Outage.last_day))
                for day in _days(first, last)
            ),
        )
        _cached[place] = (now, fresh)
    return fresh


def load_holidays(data: bytes, *, by: Actor) -> int:
    """Put a list of public holidays (CSV) in force, whole or not at all; return its rows.

    It takes the place of every year it names, so an official list replaces what was assumed.
    """
    rows = _read(data)
    years = sorted({row["day"].year for row in rows})
    with transaction() as session:
        session.execute(delete(PublicHoliday).where(extract("year", PublicHoliday.day).in_(years)))
        session.execute(insert(PublicHoliday), [row | {"loaded_by": by.subject} for row in rows])
        record(by, "holidays.loaded", subject="calendar", years=years, days=len(rows))
        _changed()
    return len(rows)


def load_default_holidays() -> int:
    """Load the shipped lists into a store that has none; return how many days were loaded."""
    with transaction() as session:
        if session.scalar(select(PublicHoliday.day).limit(1)) is not None:
            return 0
        by = system_actor("first-start")
        return sum(load_holidays(f.read_bytes(), by=by) for f in sorted(DEFAULTS.glob("*.csv")))


def record_outage(first_day: date, last_day: date, *, reason: str, by: Actor) -> None:
    """Record days on which the service could not be used: no deadline counts them."""
    if not 0 <= (last_day - first_day).days < MAX_OUTAGE_DAYS:
        raise Invalid(
            errors=[{"pointer": "/last_day", "message": "Not before the first day, within a year."}]
        )
    with transaction() as session:
        session.add(
            Outage(
                first_day=first_day, last_day=last_day, recorded_by=by.subject,
                reason=clean(reason, max_length=LONGEST),
            )
        )  # fmt: skip
        period = f"{first_day}..{last_day}"
        record(by, "outage.recorded", subject="calendar", days=period)
        _changed()


def list_holidays(year: int) -> list[PublicHoliday]:
    """List the holidays of a year with their sources."""
    query = select(PublicHoliday).where(extract("year", PublicHoliday.day) == year)
    return list(db.session.scalars(query.order_by(PublicHoliday.day)))


def list_outages() -> list[Outage]:
    """List the recorded outages, newest first."""
    return list(db.session.scalars(select(Outage).order_by(Outage.first_day.desc(), Outage.id)))


def _changed() -> None:
    generation.bump()
    defer("submission.recount_clocks")


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _read(data: bytes) -> list[dict[str, Any]]:
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        found = list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise _refused([(0, "file", "is not UTF-8 CSV")]) from None
    if tuple(reader.fieldnames or ()) != COLUMNS or not 0 < len(found) <= MAX_ROWS:
        raise _refused([(1, "header", f"must be {','.join(COLUMNS)}, with rows below it")])
    faults: list[tuple[int, str, str]] = []
    rows = [_row(number, row, faults) for number, row in enumerate(found, 2)]
    days = [row["day"] for row in rows if row["day"]]
    faults += [(0, "day", f"{day} comes twice") for day in sorted({*days}) if days.count(day) > 1]
    if faults:
        raise _refused(faults)
    return rows


def _row(number: int, given: dict[str, Any], faults: list[tuple[int, str, str]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in COLUMNS[1:]:
        try:
            row[name] = clean(given.get(name) or "", max_length=LONGEST)
        except ValueError as error:
            row[name] = ""
            faults.append((number, name, str(error)))
        if not row[name]:
            faults.append((number, name, "is empty"))
    if row["status"] not in STATUSES:
        faults.append((number, "status", f"must be one of {', '.join(STATUSES)}"))
    try:
        row["day"] = date.fromisoformat((given.get("day") or "").strip())
    except ValueError:
        row["day"] = None
        faults.append((number, "day", "is not a day such as 2026-01-07"))
    return row


def _refused(faults: list[tuple[int, str, str]]) -> Invalid:
    lines = [f"{row}: {column}: {what}" for row, column, what in faults]
    return Invalid(
        "holidays_invalid",
        detail="\n".join(lines),
        errors=[{"pointer": "", "message": line} for line in lines],
    )
