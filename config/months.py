"""Months of the tables that grow for ever: their partitions are made ahead, and found by number.

The database makes them (`make_months()`, see the first migration): the application has no right to
create tables. `docs/operations.md` says how a month is put away after the years it is kept.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from config import clock
from config.db import transaction
from config.jobs import periodic
from config.logs import log
from config.numbers import parse_month


def month_of(number: str) -> tuple[datetime, datetime] | None:
    """Return the first moment of a number's month and of the next; None for what is no number."""
    try:
        first = parse_month(number)
    except ValueError:
        return None
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return clock.start_of(first), clock.start_of(following)


@periodic("config.make_months", "7 * * * *")
def make_months() -> None:
    """Make the partitions of this month and the next two, where they are missing."""
    with transaction() as session:
        # A reader in the way is not worth a queue behind us: the next hour comes soon.
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        made = session.scalar(text("SELECT make_months()"))
    if made:
        log.info("months.made", partitions=made)
