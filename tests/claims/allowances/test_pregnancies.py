"""Pregnancies told to NSSF from 26 weeks on, the deliveries that end them, the families that miss one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from auth.permissions import Permission
from claims.allowances import service as allowances
from claims.allowances.queries.pregnancies import MISSING
from claims.allowances.queries.world import UNFILED
from claims.allowances.rules.pregnancies import due_dates_of, first_day, last_day, weeks_on
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid
from tests.claims.allowances.asked import AT_NSSF, BILLER, STRANGER, birth, file
from tests.claims.payable import REVIEWER, scalar
from tests.claims.together import at_once
from tests.factories import MAN, WOMAN, make_member
from tests.journeys.conftest import delivery

DUE = date(2027, 1, 15)


def in_days(days: int) -> date:
    return clock.today() + timedelta(days=days)


@pytest.mark.parametrize(
    ("day", "weeks"),
    [(DUE, 40), (DUE - timedelta(days=98), 26), (DUE - timedelta(days=99), 25),
     (DUE + timedelta(days=7), 41)],
)  # fmt: skip
def test_weeks_are_counted_back_from_the_due_date(day: date, weeks: int) -> None:
    assert weeks_on(DUE, day) == weeks


def test_a_delivery_belongs_to_due_dates_around_it() -> None:
    first, last = due_dates_of(DUE)

    assert first_day(last) == DUE == last_day(first)


def test_a_pregnancy_is_registered_from_26_weeks_on(app: Flask, world: None) -> None:
    with pytest.raises(Invalid) as refused:
        allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(99), by=BILLER)
    assert refused.value.extra["errors"][0]["pointer"] == "/due_date"

    found, new = allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(98), by=BILLER)
    assert (new, found["weeks"], found["verdict"]) == (True, 26, "eligible")


def test_the_same_registration_again_is_the_same(app: Flask, world: None) -> None:
    first, _ = allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(50), by=BILLER)
    again, new = allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(50), by=BILLER)

    assert (again, new) == (first, False)
    with pytest.raises(Conflict) as refused:
        allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(55), by=STRANGER)
    assert (refused.value.code, refused.value.extra["number"]) == ("pregnancy_registered", None)


def test_two_registrations_at_once_are_one(app: Flask, world: None) -> None:
    due = in_days(50)
    at_once(
        app,
        *[lambda: allowances.register_pregnancy(card_number=WOMAN, due_date=due, by=BILLER)] * 3,
    )

    assert len(allowances.list_pregnancies(by=REVIEWER, limit=9)) == 1


@pytest.mark.parametrize("card", [MAN, "9999999-9999999-9"])
def test_only_a_woman_of_the_registry_is_registered(app: Flask, world: None, card: str) -> None:
    with pytest.raises(Invalid) as refused:
        allowances.register_pregnancy(card_number=card, due_date=in_days(50), by=BILLER)

    assert refused.value.extra["errors"][0]["pointer"] == "/card_number"
    assert scalar("SELECT count(*) FROM audit_events WHERE action = 'pregnancy.refused'") == 1


def test_who_may_not_check_eligibility_reads_no_verdict(app: Flask, world: None) -> None:
    asker = replace(BILLER, permissions=frozenset({Permission.ALLOWANCE_FILE}))

    found, _ = allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(50), by=asker)

    assert (found["verdict"], found["scheme"]) == (None, None)


def test_whether_she_is_covered_is_recorded_not_required(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    card = make_member(owner, "2990101-0000077-ក", paid="2020-01")

    found, _ = allowances.register_pregnancy(card_number=card, due_date=in_days(50), by=AT_NSSF)

    assert (found["verdict"], found["facility"]) == ("not_eligible", None)


def test_a_due_date_long_past_is_refused(app: Flask, world: None) -> None:
    with pytest.raises(Invalid):
        allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(-43), by=BILLER)


def test_a_reviewer_does_not_register_and_a_facility_does_not_list_the_missing(
    app: Flask, world: None
) -> None:
    with pytest.raises(Forbidden):
        allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(50), by=REVIEWER)
    with pytest.raises(Forbidden):
        allowances.list_missing(by=BILLER, limit=9)


def test_a_facility_sees_the_registrations_it_made(app: Flask, world: None) -> None:
    allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(50), by=BILLER)

    assert len(allowances.list_pregnancies(by=BILLER, limit=9)) == 1
    assert allowances.list_pregnancies(by=STRANGER, limit=9) == []


def test_a_delivery_claim_is_the_report_of_the_delivery(app: Flask, world: None) -> None:
    allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(5), by=BILLER)
    loaded = ClaimBody().load(delivery("DEL-1", 400_000))
    claim = submission.submit_claim(loaded, by=BILLER).claim["number"]

    [(_, found)] = allowances.list_pregnancies(by=BILLER, limit=9)

    assert (found["delivered_on"], found["delivery_claim"]) == (in_days(-2), claim)
    assert allowances.list_missing(by=REVIEWER, limit=9) == []
    told = file(birth(days=2))["computation"]["steps"][0]
    assert told["code"] == "registered"


def test_families_that_missed_one_of_both_are_listed_for_nssf(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    other = make_member(owner, "2990101-0000077-ក")
    allowances.register_pregnancy(card_number=other, due_date=in_days(-20), by=BILLER)
    loaded = ClaimBody().load(delivery("DEL-1", 400_000))
    claim = submission.submit_claim(loaded, by=BILLER).claim["number"]

    found = allowances.list_missing(by=REVIEWER, limit=9)

    assert [(one["missing"], one["card_number"]) for one in found] == [
        ("delivery_without_registration", WOMAN), ("registration_without_delivery", other),
    ]  # fmt: skip
    assert found[0]["claim"] == claim
    first = allowances.list_missing(by=REVIEWER, limit=1)
    assert first == found[:1]
    assert (
        allowances.list_missing(by=REVIEWER, limit=9, after=(first[0]["day"], claim)) == found[1:]
    )
    lines = allowances.missing_csv(by=REVIEWER).decode("utf-8-sig").splitlines()
    assert lines[0] == "missing,card_number,day,facility,claim,registration"
    assert len(lines) == 3


def test_a_registration_is_not_overdue_within_two_weeks(app: Flask, world: None) -> None:
    allowances.register_pregnancy(card_number=WOMAN, due_date=in_days(-13), by=BILLER)

    assert allowances.list_missing(by=REVIEWER, limit=9) == []


def test_the_families_are_found_by_the_deliveries_among_all_claims(app: Flask) -> None:
    values = {
        "since": DUE, "due_before": DUE, "limit": 9, "last_day": None, "last_number": None,
        "unfiled": list(UNFILED), "before": 98, "after": 30,
    }  # fmt: skip

    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(text(f"EXPLAIN {MISSING.text}"), values))

    assert "Seq Scan" not in plan
    assert "ix_claims_deliveries" in plan
