"""Reads complaints: as NSSF's managers see them, as receipts, and as facilities see what was asked.

SELECT only. What a facility is shown comes from `complaint_forwards` alone, what a receipt says from
`complaints` alone; who complained is read by `person_of` and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text
from sqlalchemy.orm import aliased

from claims.complaints.models import (
    Complaint,
    ComplaintEvent,
    ComplaintMessage,
    Forward,
    Statement,
)
from claims.complaints.states import UNANSWERED
from config import clock
from config.db import db

# What a facility may know of a question: named one by one, so that a new column stays inside.
FORWARD_COLUMNS = (
    Forward.id, Forward.number, Forward.facility, Forward.text, Forward.forwarded_at,
    Forward.answer_by, Forward.answer, Forward.answered_at, Forward.ended_at,
)  # fmt: skip
RECEIPT_COLUMNS = (
    Complaint.id, Complaint.number, Complaint.state, Complaint.filed_at, Complaint.answer_by,
)  # fmt: skip


def find(number: str) -> Complaint | None:
    """Return a complaint by its number."""
    return db.session.scalar(select(Complaint).where(Complaint.number == number))


def list_complaints(
    filters: Mapping[str, Any], *, by_deadline: bool, after: Sequence[Any] | None, limit: int
) -> Sequence[Complaint]:
    """List complaints, newest first, or what is unanswered by its deadline."""
    query = select(Complaint).where(*_conditions(filters)).limit(limit)
    if by_deadline:
        query = query.where(Complaint.state.in_(UNANSWERED))
        query = query.order_by(Complaint.answer_by, Complaint.id)
        if after is not None:
            day, last = after
            query = query.where(
                or_(
                    Complaint.answer_by > day,
                    and_(Complaint.answer_by == day, Complaint.id > last),
                )
            )
    else:
        query = query.order_by(Complaint.id.desc())
        if after is not None:
            query = query.where(Complaint.id < after[0])
    return db.session.scalars(query).all()


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    given = {name: value for name, value in filters.items() if value is not None}
    overdue = given.pop("overdue", None)
    wanted = [getattr(Complaint, name) == value for name, value in given.items()]
    if overdue is not None:
        late = Complaint.overdue_at.is_not(None)
        wanted.append(late if overdue else ~late)
    return wanted


def list_receipts(*, filed_by: str, before: int | None, limit: int) -> Sequence[Any]:
    """List what somebody took down, newest first: numbers, states, days."""
    query = select(*RECEIPT_COLUMNS).where(Complaint.filed_by == filed_by)
    if before is not None:
        query = query.where(Complaint.id < before)
    return db.session.execute(query.order_by(Complaint.id.desc()).limit(limit)).all()


def find_receipt(number: str, *, filed_by: str | None) -> Any:
    """Return the receipt of a number; with `filed_by`, only if that actor took it down."""
    query = select(*RECEIPT_COLUMNS).where(Complaint.number == number)
    if filed_by is not None:
        query = query.where(Complaint.filed_by == filed_by)
    return db.session.execute(query).one_or_none()


def list_forwards(*, facility: str, before: int | None, limit: int) -> Sequence[Any]:
    """List the newest question of each complaint NSSF forwarded to a facility."""
    later = aliased(Forward)
    newer = exists().where(later.complaint_id == Forward.complaint_id, later.id > Forward.id)
    query = _of_facility(facility).where(~newer)
    if before is not None:
        query = query.where(Forward.id < before)
    return db.session.execute(query.order_by(Forward.id.desc()).limit(limit)).all()


def forwards_to(number: str, *, facility: str) -> Sequence[Any]:
    """Return everything a facility was asked under a number, oldest first."""
    query = _of_facility(facility).where(Forward.number == number)
    return db.session.execute(query.order_by(Forward.id)).all()


def _of_facility(facility: str) -> Any:
    return select(*FORWARD_COLUMNS).where(Forward.facility == facility)


def forwards_of(complaint_id: int) -> Sequence[Forward]:
    """Return every question to a facility and its answer, oldest first, for NSSF."""
    query = select(Forward).where(Forward.complaint_id == complaint_id)
    return db.session.scalars(query.order_by(Forward.id)).all()


def messages_of(complaint_id: int) -> Sequence[ComplaintMessage]:
    """Return what NSSF wrote, oldest first."""
    query = select(ComplaintMessage).where(ComplaintMessage.complaint_id == complaint_id)
    return db.session.scalars(query.order_by(ComplaintMessage.id)).all()


def last_answer(complaint_id: int) -> str | None:
    """Return the newest answer to whoever complained."""
    return db.session.scalar(
        select(ComplaintMessage.text)
        .where(ComplaintMessage.complaint_id == complaint_id, ComplaintMessage.kind == "answer")
        .order_by(ComplaintMessage.id.desc())
        .limit(1)
    )


def events_of(complaint_id: int) -> Sequence[ComplaintEvent]:
    """Return every step, oldest first."""
    query = select(ComplaintEvent).where(ComplaintEvent.complaint_id == complaint_id)
    return db.session.scalars(query.order_by(ComplaintEvent.id)).all()


def words_of(complaint_id: int) -> tuple[str, bool]:
    """Return the words of a complaint, and whether whoever complained left them unsigned."""
    nobody = Statement.name.is_(None) & Statement.phone.is_(None)
    row = db.session.execute(
        select(Statement.text, nobody).where(Statement.complaint_id == complaint_id)
    ).one()
    return row[0], row[1]


def person_of(complaint_id: int) -> tuple[str | None, str | None]:
    """Return the name and the phone of whoever complained."""
    row = db.session.execute(
        select(Statement.name, Statement.phone).where(Statement.complaint_id == complaint_id)
    ).one()
    return row[0], row[1]


STANDING = text("""
SELECT 'state', state, count(*) FROM complaints GROUP BY state
UNION ALL
SELECT 'overdue', 'overdue', count(*) FROM complaints
 WHERE state IN ('open', 'forwarded') AND overdue_at IS NOT NULL
UNION ALL
SELECT 'age', (:today - (filed_at AT TIME ZONE 'Asia/Phnom_Penh')::date)::text, count(*)
  FROM complaints WHERE state IN ('open', 'forwarded') GROUP BY 2
""")
BROUGHT = text("""
SELECT kind, channel, province, facility, count(*) FROM complaints
 WHERE filed_at >= :start AND filed_at < :end GROUP BY kind, channel, province, facility
""")
VISITS = text("""
SELECT f.province, v.facility, count(*) FROM visits v
  LEFT JOIN registry.facilities f ON f.code = v.facility
 WHERE v.day BETWEEN :first AND :last AND v.state NOT IN ('cancelled', 'no_show')
 GROUP BY f.province, v.facility
""")


def count_standing(today: date) -> list[Any]:
    """Count complaints by state, the overdue, and the unanswered by their age in days."""
    return list(db.session.execute(STANDING, {"today": today}))


def count_brought(first: date, last: date) -> list[Any]:
    """Count the complaints filed from one day to another by kind, channel and place."""
    days = {"start": clock.start_of(first), "end": clock.start_of(last + timedelta(days=1))}
    return list(db.session.execute(BROUGHT, days))


def count_visits(first: date, last: date) -> list[Any]:
    """Count the visits of each facility that came to something, from one day to another."""
    return list(db.session.execute(VISITS, {"first": first, "last": last}))


def moment() -> datetime:
    """Return the database's moment: what was counted is counted as of then."""
    return db.session.execute(select(func.now())).scalar_one()
