"""From a card's key and a day to facts: the one statement, and what the rules are told of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg import Connection

from gateway.coverage.months import months_before
from gateway.coverage.policy_file import MAX_WINDOW_MONTHS
from gateway.eligibility import queries
from gateway.eligibility.rows import Row, to_facility, to_month, to_people
from gateway.eligibility.rules.facts import Facts
from gateway.eligibility.service.identify import CheckRequest

NOBODY = ""
"""No card has this key: the statement still tells the day, the policies and the caller's tries."""


def read_row(
    conn: Connection[Any],
    key: str,
    day: date,
    *,
    facility: str | None,
    scanner: str | None,
    actor: str | None = None,
) -> Row:
    """Read everything a decision about a card needs, and count what `queries.read` says."""
    return queries.read(
        conn,
        key=key,
        day=day,
        since=months_before(day, MAX_WINDOW_MONTHS),
        facility=facility,
        scanner=scanner,
        actor=actor,
    )


def to_facts(row: Row, day: date, facility: str | None, request: CheckRequest) -> Facts:
    """Make the facts of a decision from what was read and what was asked."""
    person, family = to_people(row.people)
    return Facts(
        day=day,
        person=person,
        facility_code=facility,
        facility=to_facility(row.facility),
        cause=request.cause,
        emergency=request.emergency,
        benefits=request.benefits,
        newborn=request.patient,
        contributions_loaded=row.contributions_loaded,
        complete_through=to_month(row.complete_through),
        family=family,
    )
