"""How far is a pregnancy, and which delivery ends it? Arithmetic over the due date. Pure.

A pregnancy is 40 weeks; NSSF registers it from 26 weeks, and a birth from then on is a delivery
(NSSF 2018 and 2021; Prakas 184/2018).
"""

from __future__ import annotations

from datetime import date, timedelta

WEEKS, FROM_WEEK = 40, 26
LATEST_AFTER_DUE = timedelta(weeks=6)
"""How long after the due date a delivery still belongs to it, and a registration makes sense."""

OVERDUE_AFTER = timedelta(weeks=2)
"""From when on a registration without a delivery is listed for NSSF to ask after."""

SAME_DELIVERY = timedelta(weeks=26)
"""Two births of one woman within this time are one delivery."""

PREGNANCY = timedelta(weeks=WEEKS)


def weeks_on(due_date: date, day: date) -> int:
    """Return the completed weeks of a pregnancy on a day."""
    return (PREGNANCY - (due_date - day)).days // 7


def first_day(due_date: date) -> date:
    """Return the first day on which the pregnancy may be registered."""
    return due_date - timedelta(weeks=WEEKS - FROM_WEEK)


def last_day(due_date: date) -> date:
    """Return the last day on which a delivery belongs to the due date."""
    return due_date + LATEST_AFTER_DUE


def due_dates_of(delivery: date) -> tuple[date, date]:
    """Return the due dates, first and last, to which a delivery on a day can belong."""
    return delivery - LATEST_AFTER_DUE, delivery + timedelta(weeks=WEEKS - FROM_WEEK)
