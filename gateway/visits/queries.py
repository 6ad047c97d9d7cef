"""Reads of the waiting line: who stands where, what the board shows, the way of one visit.

Lists come in the order of the line (priority, then arrival) and are paged by that very key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, Subquery, func, or_, select, tuple_

from config.db import db
from gateway.visits.models import Visit, VisitEvent
from gateway.visits.states import OPEN, VisitState

LineKey = tuple[int, datetime, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A visit with its place: how many wait before it (None when it does not wait)."""

    visit: Visit
    waiting_ahead: int | None

    @property
    def key(self) -> LineKey:
        """Return where the visit stands, for paging."""
        return self.visit.rank, self.visit.queued_at, self.visit.id


@dataclass(frozen=True, slots=True)
class BoardWard:
    """One ward on the waiting-room board: tickets only, newest call first, never a name."""

    ward: str
    called: tuple[int, ...]
    next: tuple[int, ...]
    waiting: int


def find_by_number(number: str) -> Visit | None:
    """Return the visit of a number, if there is one."""
    return db.session.scalar(select(Visit).where(Visit.number == number))


def waiting_ahead(visit: Visit) -> int | None:
    """Return how many wait before a visit in its ward; None when it does not wait."""
    if visit.state != VisitState.WAITING:
        return None
    before = tuple_(Visit.rank, Visit.queued_at, Visit.id) < tuple_(
        visit.rank, visit.queued_at, visit.id
    )
    return db.session.scalar(
        select(func.count()).where(
            Visit.facility == visit.facility,
            Visit.ward == visit.ward,
            Visit.state == VisitState.WAITING,
            before,
        )
    )


def list_line(
    facility: str,
    *,
    today: date,
    state: VisitState | None = None,
    still_open: bool = False,
    ward: str | None = None,
    day: date | None = None,
    limit: int,
    after: LineKey | None = None,
) -> list[Placed]:
    """Return up to `limit` visits of a facility in the order of the line.

    Without a day: everything that arrived today and whatever is still open from before.
    """
    places = _places(facility)
    query = (
        select(Visit, places.c.ahead)
        .outerjoin(places, places.c.id == Visit.id)
        .where(Visit.facility == facility)
        .order_by(Visit.rank, Visit.queued_at, Visit.id)
        .limit(limit)
    )
    if day is not None:
        query = query.where(Visit.day == day)
    else:
        query = query.where(or_(Visit.day == today, Visit.state.in_(sorted(OPEN))))
    if state is not None:
        query = query.where(Visit.state == state)
    if still_open:
        query = query.where(Visit.state.in_(sorted(OPEN)))
    if ward is not None:
        query = query.where(Visit.ward == ward)
    if after is not None:
        query = query.where(tuple_(Visit.rank, Visit.queued_at, Visit.id) > tuple_(*after))
    return [Placed(visit, ahead) for visit, ahead in db.session.execute(query)]


def first_waiting(facility: str, ward: str | None) -> int | None:
    """Return the id of who is next, locked; whom somebody else is just calling is passed over."""
    query = select(Visit.id).where(Visit.facility == facility, Visit.state == VisitState.WAITING)
    if ward is not None:
        query = query.where(Visit.ward == ward)
    return db.session.scalar(
        query.order_by(Visit.rank, Visit.queued_at, Visit.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def board_of(facility: str, *, shown: int) -> list[BoardWard]:
    """Return, ward by ward, the tickets called last and those that come next."""
    line = (Visit.rank, Visit.queued_at, Visit.id)
    rows = db.session.execute(
        select(Visit.ward, Visit.state, Visit.ticket)
        .where(Visit.facility == facility, Visit.state.in_([VisitState.WAITING, VisitState.CALLED]))
        .order_by(Visit.ward, Visit.called_at.desc(), *line)
    ).all()
    return [_board_ward(ward, rows, shown) for ward in dict.fromkeys(row.ward for row in rows)]


def wards_of(facility: str, *, since: date) -> list[str]:
    """Return the wards people were sent to since a day, by name."""
    query = select(Visit.ward).where(
        Visit.facility == facility, Visit.day >= since, Visit.ward != ""
    )
    return sorted(db.session.scalars(query.distinct()))


def events_of(visit: Visit) -> list[VisitEvent]:
    """Return the steps of a visit, oldest first."""
    query = select(VisitEvent).where(VisitEvent.visit_id == visit.id).order_by(VisitEvent.id)
    return list(db.session.scalars(query))


FOLLOWS_A_LOOK_UP = """
SELECT 1 FROM visits v
 WHERE v.card_key = e.card_key AND v.facility = e.facility AND v.state <> 'cancelled'
   AND v.day BETWEEN :day AND CAST(:day AS date) + 1
"""
"""The visit that followed a look-up `e` at the same facility (see `eligibility.watching`)."""


def came_since(card_key: str, *, facility: str, day: date) -> bool:
    """Tell whether the holder of a card was at a facility on that day or later."""
    query = select(Visit.id).where(
        Visit.card_key == card_key,
        Visit.facility == facility,
        Visit.day >= day,
        Visit.state != VisitState.CANCELLED,
    )
    return db.session.scalar(query.limit(1)) is not None


def _places(facility: str) -> Subquery:
    line = (Visit.rank, Visit.queued_at, Visit.id)
    ahead = func.row_number().over(partition_by=Visit.ward, order_by=line) - 1
    return (
        select(Visit.id, ahead.label("ahead"))
        .where(Visit.facility == facility, Visit.state == VisitState.WAITING)
        .subquery("places")
    )


def _board_ward(ward: str, rows: Sequence[Row[str, str, int]], shown: int) -> BoardWard:
    tickets = {
        state: tuple(r.ticket for r in rows if r.ward == ward and r.state == state)
        for state in (VisitState.CALLED, VisitState.WAITING)
    }
    waiting = tickets[VisitState.WAITING]
    return BoardWard(ward, tickets[VisitState.CALLED][:shown], waiting[:shown], len(waiting))
