"""Pregnancies told to NSSF, the deliveries that end them, and the families that missed one of both.

A delivery claim is the report of the delivery: the two are joined by card and days when read, so
nothing has to be kept in step.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.allowances import queries
from claims.allowances.models import Pregnancy
from claims.allowances.rules.pregnancies import (
    OVERDUE_AFTER,
    SAME_DELIVERY,
    first_day,
    last_day,
    weeks_on,
)
from claims.allowances.service.reading import scope_of
from claims.submission.service.writes import lock_person
from config import clock
from config.audit import record
from config.db import driver, transaction
from config.errors import Conflict, Forbidden, Invalid
from config.numbers import new_number
from config.sheets import csv_bytes
from config.text import fold_card
from config.words import N_
from gateway.eligibility.service import judge

DELIVERY, DUE = "delivery_without_registration", "registration_without_delivery"
LOOKED_BACK = timedelta(days=366)
MISSING_COLUMNS = ("missing", "card_number", "day", "facility", "claim", "registration")
MAX_ROWS = 50_000


def register_pregnancy(
    *, card_number: str, due_date: date, by: Actor
) -> tuple[dict[str, Any], bool]:
    """Register a pregnancy from 26 weeks on; the same again is the same registration.

    Whether the woman is covered is recorded, not required.
    """
    if Permission.ALLOWANCE_FILE not in by.permissions or not (by.nssf or by.facility):
        raise Forbidden
    today, card_key = clock.today(), fold_card(card_number)
    _check_due_date(due_date, today)
    judgement = judge(card_key=card_key, day=today, facility=by.facility, cause="maternity")
    if judgement.person is None or judgement.person.sex != "F":
        # Whoever tries cards leaves a trace, as every look-up does.
        record(by, "pregnancy.refused", subject="pregnancies", facility=by.facility)
        message = N_("No woman is registered under this card number.")
        raise Invalid(errors=[{"pointer": "/card_number", "message": message}])
    with transaction() as session:
        lock_person(driver(session), card_key)
        known = queries.registration(
            session, card_key, due_date - SAME_DELIVERY, due_date + SAME_DELIVERY
        )
        if known is not None:
            return _again(known, due_date, by=by), False
        row = Pregnancy(
            number=new_number("G"), facility=by.facility, card_key=card_key,
            card_number=judgement.person.card_number, due_date=due_date, registered_on=today,
            weeks=weeks_on(due_date, today), verdict=judgement.decision.verdict,
            scheme=judgement.decision.scheme, registered_by=by.subject,
        )  # fmt: skip
        session.add(row)
        session.flush()
        record(by, "pregnancy.registered", subject=row.number, facility=by.facility)
        return to_answer(session, row, by=by), True


def list_pregnancies(
    *, by: Actor, limit: int, after: int | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """List registrations with their keys, newest first; a facility sees its own."""
    with transaction() as session:
        rows = queries.list_pregnancies(session, facility=scope_of(by), after=after, limit=limit)
        return [(row.id, to_answer(session, row, by=by)) for row in rows]


def list_missing(
    *, by: Actor, limit: int, after: tuple[date, str] | None = None
) -> list[dict[str, Any]]:
    """List, for NSSF, deliveries nobody had registered and registrations without a delivery."""
    if not by.nssf or Permission.CLAIM_REVIEW not in by.permissions:
        raise Forbidden
    today = clock.today()
    with transaction() as session:
        rows = queries.missing_registrations(
            session, since=today - LOOKED_BACK, due_before=today - OVERDUE_AFTER,
            limit=limit, after=after,
        )  # fmt: skip
    return [dict(zip(MISSING_COLUMNS, row, strict=True)) for row in rows]


def missing_csv(*, by: Actor) -> bytes:
    """Return the whole list as a CSV file."""
    rows = list_missing(by=by, limit=MAX_ROWS)
    record(by, "pregnancy.missing_listed", subject="pregnancies", rows=len(rows))
    return csv_bytes(MISSING_COLUMNS, ([row[name] for name in MISSING_COLUMNS] for row in rows))


def to_answer(session: Session, row: Pregnancy, *, by: Actor) -> dict[str, Any]:
    """Return a registration with the delivery that claims report for it, if any."""
    told = queries.deliveries(
        session, row.card_key, first_day(row.due_date), last_day(row.due_date)
    )
    seen = [one for one in told if by.nssf or one.facility == by.facility]
    checks = by.nssf or by.may(Permission.ELIGIBILITY_CHECK)
    return {
        "number": row.number,
        "facility": row.facility,
        "card_number": row.card_number,
        "due_date": row.due_date,
        "registered_on": row.registered_on,
        "weeks": row.weeks,
        "verdict": row.verdict if checks else None,
        "scheme": row.scheme if checks else None,
        "delivered_on": told[0].on if told else None,
        "delivery_claim": seen[0].claim if seen else None,
    }


def _again(known: Pregnancy, due_date: date, *, by: Actor) -> dict[str, Any]:
    """Answer a pregnancy that is registered: as it is, or as a conflict on its due date."""
    if known.due_date != due_date:
        seen = by.nssf or known.facility == by.facility
        raise Conflict(
            "pregnancy_registered",
            detail=N_("This pregnancy is registered with another due date."),
            number=known.number if seen else None,
        )
    with transaction() as session:
        return to_answer(session, known, by=by)


def _check_due_date(due_date: date, today: date) -> None:
    if today < first_day(due_date):
        message = N_("Registration begins at 26 weeks: at most 14 weeks before the due date.")
        raise Invalid(errors=[{"pointer": "/due_date", "message": message}])
    if today > last_day(due_date):
        message = N_("The due date lies too far back.")
        raise Invalid(errors=[{"pointer": "/due_date", "message": message}])
