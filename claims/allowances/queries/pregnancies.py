"""Registered pregnancies, and the families that missed a registration or a delivery's report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from claims.allowances.models import Pregnancy
from claims.allowances.queries.world import UNFILED
from claims.allowances.rules.facts import ANTENATAL
from claims.allowances.rules.pregnancies import (
    FROM_WEEK,
    LATEST_AFTER_DUE,
    PREGNANCY,
    due_dates_of,
)

# A delivery claim and a registration belong together when the stay touches the days around the due
# date on which a birth is a delivery.
MISSING = text(
    """
WITH born AS (
    SELECT c.number, c.facility, c.card_key, c.card_number, c.service_from, c.service_to
      FROM claims c
     WHERE c.type = 'maternity' AND c.body -> 'maternity' ->> 'event' = 'delivery'
       AND c.birth_order = 0 AND c.state <> ALL (:unfiled) AND c.service_to >= :since
)
SELECT m.* FROM (
SELECT 'delivery_without_registration' AS missing, b.card_number, b.service_from AS day,
       b.facility, b.number AS claim, NULL AS registration
  FROM born b
 WHERE NOT EXISTS (
    SELECT 1 FROM pregnancies p
     WHERE p.card_key = b.card_key AND p.due_date - CAST(:before AS int) <= b.service_to
       AND p.due_date + CAST(:after AS int) >= b.service_from)
UNION ALL
SELECT 'registration_without_delivery', p.card_number, p.due_date, p.facility, NULL, p.number
  FROM pregnancies p
 WHERE p.due_date BETWEEN :since AND :due_before AND NOT EXISTS (
    SELECT 1 FROM born b
     WHERE b.card_key = p.card_key AND p.due_date - CAST(:before AS int) <= b.service_to
       AND p.due_date + CAST(:after AS int) >= b.service_from)) m
 WHERE CAST(:last_day AS date) IS NULL
    OR (m.day, coalesce(m.claim, m.registration)) < (:last_day, :last_number)
 ORDER BY m.day DESC, coalesce(m.claim, m.registration) DESC
 LIMIT :limit
"""
)


def registration(session: Session, card_key: str, first: date, last: date) -> Pregnancy | None:
    """Find the registration of a pregnancy due between two days, the newest first."""
    return session.scalars(
        select(Pregnancy)
        .where(Pregnancy.card_key == card_key, Pregnancy.due_date.between(first, last))
        .order_by(Pregnancy.id.desc())
    ).first()


def registration_for(session: Session, card_key: str, event: str, day: date) -> Pregnancy | None:
    """Find the registration that belongs to an event: a check before it, or the delivery's day."""
    span = (day, day + PREGNANCY) if event == ANTENATAL else due_dates_of(day)
    return registration(session, card_key, *span)


def list_pregnancies(
    session: Session, *, facility: str | None, after: int | None, limit: int
) -> list[Pregnancy]:
    """List registrations, newest first; with a facility, only that one's."""
    query = select(Pregnancy).order_by(Pregnancy.id.desc()).limit(limit)
    if facility is not None:
        query = query.where(Pregnancy.facility == facility)
    if after is not None:
        query = query.where(Pregnancy.id < after)
    return list(session.scalars(query))


def missing_registrations(
    session: Session,
    *,
    since: date,
    due_before: date,
    limit: int,
    after: tuple[date, str] | None,
) -> Sequence[Any]:
    """List deliveries without registration and overdue registrations without delivery.

    The newest day first; `after` is the day and the number a page ended with.
    """
    last_day, last_number = after or (None, None)
    values = {
        "since": since, "due_before": due_before, "limit": limit,
        "last_day": last_day, "last_number": last_number,
        "unfiled": list(UNFILED), "before": PREGNANCY.days - FROM_WEEK * 7,
        "after": LATEST_AFTER_DUE.days,
    }  # fmt: skip
    return session.execute(MISSING, values).all()
