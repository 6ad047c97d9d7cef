"""What the same person was paid or asked for before: the same event, instalments, days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from claims.allowances.models import Allowance
from claims.allowances.queries.world import deliveries
from claims.allowances.rules.facts import ANTENATAL, DEATHS, DELIVERY, MATERNITY, REFUND, SICKNESS
from claims.allowances.rules.pregnancies import (
    PREGNANCY,
    SAME_DELIVERY,
)
from claims.allowances.states import DEAD

NO_OTHER = -1


def twin_of(session: Session, wanted: Allowance) -> Allowance | None:
    """Find a living allowance that asks for the same thing as this one: one birth, one payment."""
    return session.scalars(
        select(Allowance)
        .where(
            Allowance.card_key == wanted.card_key,
            Allowance.kind == wanted.kind,
            Allowance.event == wanted.event,
            Allowance.birth_order == wanted.birth_order,
            Allowance.state.not_in(DEAD),
            Allowance.id != (wanted.id or NO_OTHER),
            _same(wanted),
        )
        .order_by(Allowance.id)
    ).first()


def other_refunds(session: Session, wanted: Allowance) -> list[tuple[str, dict[str, Any]]]:
    """Return the care of that day for which the person asks, or asked, money back besides."""
    rows = session.execute(
        select(Allowance.number, Allowance.body["care"])
        .where(
            Allowance.card_key == wanted.card_key,
            Allowance.kind == REFUND,
            Allowance.event_on == wanted.event_on,
            Allowance.state.not_in(DEAD),
            Allowance.id != (wanted.id or NO_OTHER),
        )
        .order_by(Allowance.id)
    )
    return [(number, care) for number, care in rows]


def _same(wanted: Allowance) -> ColumnElement[bool]:
    """Say when two allowances of one person and event are the same one."""
    near = Allowance.event_on.between(
        wanted.event_on - SAME_DELIVERY, wanted.event_on + SAME_DELIVERY
    )
    if wanted.kind in DEATHS:
        return Allowance.id.is_not(None)
    if wanted.kind == MATERNITY or wanted.event == DELIVERY:
        return near
    if wanted.kind == SICKNESS:
        last = wanted.until or wanted.event_on
        return and_(
            Allowance.event_on <= last,
            func.coalesce(Allowance.until, Allowance.event_on) >= wanted.event_on,
        )
    same_day = Allowance.event_on == wanted.event_on
    if wanted.kind == REFUND:
        care = wanted.body["care"]
        place = func.coalesce(
            Allowance.body["care"]["facility"].astext,
            Allowance.body["care"]["facility_name"].astext,
        )
        return and_(same_day, place == (care["facility"] or care["facility_name"]))
    return same_day


def count_instalments(session: Session, wanted: Allowance, *, since: date | None) -> int:
    """Count the living payments of the same event of the same pregnancy or child."""
    query = select(func.count()).where(
        Allowance.card_key == wanted.card_key,
        Allowance.kind == wanted.kind,
        Allowance.event == wanted.event,
        Allowance.birth_order == wanted.birth_order,
        Allowance.state.not_in(DEAD),
        Allowance.id != (wanted.id or NO_OTHER),
    )
    if wanted.event == ANTENATAL:
        begun = max(since or date.min, wanted.event_on - PREGNANCY)
        query = query.where(
            Allowance.event_on > begun, Allowance.event_on <= wanted.event_on + PREGNANCY
        )
    else:
        born = wanted.delivery_on or wanted.event_on
        query = query.where(
            Allowance.delivery_on.between(born - SAME_DELIVERY, born + SAME_DELIVERY)
        )
    return session.scalar(query) or 0


def sick_days(session: Session, wanted: Allowance, since: date) -> int:
    """Add up the days of sickness paid or asked for in the window before an event."""
    days = func.coalesce(func.sum(Allowance.computation["days"].as_integer()), 0)
    return int(
        session.scalar(
            select(days).where(
                Allowance.card_key == wanted.card_key,
                Allowance.kind == SICKNESS,
                Allowance.state.not_in(DEAD),
                Allowance.id != (wanted.id or NO_OTHER),
                Allowance.event_on > since,
                Allowance.event_on < wanted.event_on,
            )
        )
        or 0
    )


def leaves_of(
    session: Session, wanted: Allowance, kind: str, *, since: date
) -> tuple[tuple[date, date | None], ...]:
    """Return the leaves of another kind that living allowances of a person pay, from a day on."""
    rows = session.execute(
        select(Allowance.event_on, Allowance.until)
        .where(
            Allowance.card_key == wanted.card_key,
            Allowance.kind == kind,
            Allowance.state.not_in(DEAD),
            Allowance.event_on >= since,
        )
        .order_by(Allowance.event_on)
    )
    return tuple((first, last) for first, last in rows)


def proposed_already(session: Session, wanted: Allowance) -> bool:
    """Tell whether a claim has proposed this payment before, whatever became of it."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Allowance.claim == wanted.claim,
                    Allowance.proposed,
                    Allowance.kind == wanted.kind,
                    Allowance.event == wanted.event,
                    Allowance.birth_order == wanted.birth_order,
                )
            )
        )
    )


def last_delivery_before(session: Session, card_key: str, day: date) -> date | None:
    """Return the woman's last delivery before a day that an allowance or a claim tells of."""
    first = day - timedelta(days=3 * 366)
    told = [one.on for one in deliveries(session, card_key, first, day - timedelta(days=1))]
    asked = session.scalar(
        select(func.max(Allowance.event_on)).where(
            Allowance.card_key == card_key,
            Allowance.event == DELIVERY,
            Allowance.event_on < day,
            Allowance.state.not_in(DEAD),
        )
    )
    return max([*told, *([asked] if asked else [])], default=None)
