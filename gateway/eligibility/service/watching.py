"""The auditor's list: which look-ups of a day were of protected members, or led to nothing?

Made by a job the day after (protected) and the day after that (unused: a facility's look-up that no
visit and no claim of that facility followed on the day or the next). A look-up that found nobody
led to nothing by nature and is not listed. Who reads the list leaves a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor, Permission
from config import clock
from config.audit import record
from config.db import db, transaction
from config.errors import Forbidden
from config.jobs import periodic
from gateway.eligibility.models import EligibilityCheck, WatchedDay, WatchedLookup

PROTECTED, UNUSED = "protected", "unused"
DAYS_AFTER = {PROTECTED: 1, UNUSED: 2}
"""How many days after a look-up it is known whether it belongs on the list."""

CATCH_UP_DAYS = 31

_LIST = """
INSERT INTO watched_lookups (day, check_number, why, actor, facility)
SELECT CAST(:day AS date), e.number, CAST(:why AS text), e.actor, e.facility
  FROM eligibility_checks e
 WHERE e.checked_at >= :starts AND e.checked_at < :ends AND {condition}
 ORDER BY e.id
ON CONFLICT (check_number, why) DO NOTHING
"""
_IS_PROTECTED = "e.request @> '{\"protected\": true}'"
_IS_UNUSED = "e.facility IS NOT NULL AND e.card_key IS NOT NULL AND e.verdict <> 'not_found'"

_followed_by: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Watched:
    """One entry of the list with what the recorded check says about it."""

    id: int
    number: str
    why: str
    actor: str
    facility: str | None
    checked_at: datetime
    way: str
    reason: str | None


def add_follow_up(name: str, statement: str) -> None:
    """Let another part say what follows a look-up: SQL that finds its row for the check `e`.

    The statement may use `e.number`, `e.card_key`, `e.facility`, and `:day`, `:starts`, `:ends`:
    the day of the look-up, its first moment, and the end of the day after it (`:followed_until`).
    """
    _followed_by[name] = statement


@periodic("eligibility.watch_lookups", "20 * * * *")
def watch_lookups() -> None:
    """List the look-ups of every day that is over and not listed yet; each day once."""
    for why, after in DAYS_AFTER.items():
        last = clock.today() - timedelta(days=after)
        day = _first_unlisted(why, last)
        while day <= last:
            _list_day(day, why)
            day += timedelta(days=1)


def list_watched(
    day: date, *, by: Actor, after: int | None = None, limit: int = 50
) -> Sequence[Watched]:
    """List a day's watched look-ups in order, and record who asked."""
    if not by.may(Permission.AUDIT_READ):
        raise Forbidden
    check = EligibilityCheck
    statement = (
        select(
            WatchedLookup.id,
            WatchedLookup.check_number,
            WatchedLookup.why,
            WatchedLookup.actor,
            WatchedLookup.facility,
            check.checked_at,
            check.request["by"].astext,
            check.request["reason"].astext,
        )
        .join(check, check.number == WatchedLookup.check_number)
        .where(WatchedLookup.day == day)
        # The day of the list is the day of its look-ups: one month is read, not all.
        .where(check.checked_at >= clock.start_of(day))
        .where(check.checked_at < clock.start_of(day + timedelta(days=1)))
        .order_by(WatchedLookup.id)
        .limit(limit)
    )
    if not by.nssf:
        statement = statement.where(WatchedLookup.facility == by.facility)
    if after is not None:
        statement = statement.where(WatchedLookup.id > after)
    rows: Sequence[Any] = db.session.execute(statement).all()
    record(by, "audit.read", subject="lookups", facility=by.facility, on=day.isoformat())
    return [Watched(*row) for row in rows]


def is_listed(day: date) -> bool:
    """Tell whether a day's list is complete."""
    made = select(func.count()).select_from(WatchedDay).where(WatchedDay.day == day)
    return db.session.scalar(made) == len(DAYS_AFTER)


def _first_unlisted(why: str, last: date) -> date:
    newest = db.session.scalar(select(func.max(WatchedDay.day)).where(WatchedDay.why == why))
    earliest = last - timedelta(days=CATCH_UP_DAYS)
    return earliest if newest is None else max(earliest, newest + timedelta(days=1))


def _list_day(day: date, why: str) -> None:
    """List one day for one reason, with the mark that it is done, in one transaction."""
    condition = _IS_PROTECTED if why == PROTECTED else _unused()
    with transaction() as session:
        marked = session.execute(
            insert(WatchedDay).values(day=day, why=why).on_conflict_do_nothing()
            .returning(WatchedDay.day)
        ).first()  # fmt: skip
        if marked is None:
            return
        session.execute(
            text(_LIST.format(condition=condition)),
            {
                "day": day,
                "why": why,
                "starts": clock.start_of(day),
                "ends": clock.start_of(day + timedelta(days=1)),
                "followed_until": clock.start_of(day + timedelta(days=2)),
            },
        )


def _unused() -> str:
    nothing = [f"NOT EXISTS ({statement})" for _, statement in sorted(_followed_by.items())]
    return " AND ".join([_IS_UNUSED, *nothing])
