"""The auditor's list: protected members the next day, look-ups that led to nothing the day after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.permissions import Actor, Permission
from config import clock
from config.errors import Forbidden
from config.jobs import registered_tasks, run_now
from gateway.eligibility import service as eligibility
from gateway.eligibility.service import CheckRequest
from gateway.visits import service as visits
from gateway.visits.rules import Payer, VisitType
from gateway.visits.service import CheckIn
from tests.factories import (
    HOSPITAL,
    make_client_token,
    make_member,
)
from tests.gateway.eligibility.conftest import ELSEWHERE, HOTLINE, RECEPTION

Owner = psycopg.Connection[Any]
AUDITOR = Actor("user:audit", frozenset({Permission.AUDIT_READ}), nssf=True)
SINGER = "2850505-0000077-ង"
CARDS = tuple(f"199010{n}-000010{n}-ឃ" for n in range(5))


@pytest.fixture
def people(country: Owner) -> Owner:
    make_member(country, SINGER, protected=True)
    for card in CARDS:
        make_member(country, card)
    return country


@pytest.fixture
def today() -> Iterator[date]:
    """Hold the clock at the database's own day: checks are stamped with its moment."""
    day = clock.today()
    with clock.freeze(day):
        yield day


def look(card: str, *, by: Actor = RECEPTION, **given: Any) -> str:
    return str(eligibility.check(CheckRequest(card_number=card, **given), by=by)["number"])


def listed(day: date, **given: Any) -> list[tuple[str, str]]:
    found = eligibility.list_watched(day, by=AUDITOR, **given)
    return [(one.number, one.why) for one in found]


def run_on(day: date) -> None:
    with clock.freeze(day):
        run_now("eligibility.watch_lookups")


def come(card: str, *, by: Actor = RECEPTION, check: str | None = None) -> str:
    arrival = CheckIn(VisitType.OUTPATIENT, Payer.NSSF, card_number=card, eligibility_check=check)
    return visits.check_in(arrival, by=by).visit.number


def file_claim(owner: Owner, card: str, facility: str, on: date) -> None:
    """Store a claim row as submitted that day; the gateway knows claims by this table alone."""
    owner.execute(
        """
        INSERT INTO claims (number, facility, facility_reference, type, state, card_key,
            card_number, visit_type, service_from, service_to, body, body_hash, outcome, payable_riel,
            first_submitted_at, submitted_at, created_by)
        VALUES ('C' || %(card)s, %(facility)s, %(card)s, 'treatment', 'submitted',
            fold_card(%(card)s), %(card)s, 'outpatient', %(on)s, %(on)s, '{}', 'x', '{}', 0,
            %(at)s, %(at)s, 'user:bill')
        """,
        {"card": card, "facility": facility, "on": on, "at": clock.start_of(on)},
    )


def test_a_protected_look_up_is_on_the_next_days_list(people: Owner, today: date) -> None:
    number = look(SINGER, reason="She stands before me")
    look(CARDS[0])

    run_on(today)
    assert listed(today) == []
    assert not eligibility.is_listed(today)
    run_on(today + timedelta(days=1))

    assert listed(today) == [(number, "protected")]
    [entry] = eligibility.list_watched(today, by=AUDITOR)
    assert (entry.actor, entry.facility) == ("user:dara", HOSPITAL)
    assert (entry.way, entry.reason) == ("card_number", "She stands before me")


def test_a_look_up_that_led_to_nothing_is_on_the_list_a_day_later(
    people: Owner, today: date
) -> None:
    alone = look(CARDS[0])
    visited, elsewhere, claimed, late = (look(card) for card in CARDS[1:])
    come(CARDS[1], check=visited)
    come(CARDS[2], by=ELSEWHERE)  # a visit to another facility excuses nobody
    file_claim(people, CARDS[3], HOSPITAL, today + timedelta(days=1))
    file_claim(people, CARDS[4], HOSPITAL, today + timedelta(days=2))

    run_on(today + timedelta(days=1))
    assert listed(today) == []
    run_on(today + timedelta(days=2))

    assert listed(today) == [(alone, "unused"), (elsewhere, "unused"), (late, "unused")]
    assert claimed not in dict(listed(today))
    assert eligibility.is_listed(today)


def test_a_cancelled_visit_is_no_visit(people: Owner, today: date) -> None:
    number = look(CARDS[0])
    visits.step(come(CARDS[0]), "cancel", by=RECEPTION)

    run_on(today + timedelta(days=2))

    assert listed(today) == [(number, "unused")]


def test_nobody_found_and_the_hotline_are_not_expected_to_be_visited(
    people: Owner, today: date
) -> None:
    look("9999999-0000001-1")
    look(CARDS[0], by=HOTLINE)
    protected = look(SINGER, by=HOTLINE, reason="She called")

    run_on(today + timedelta(days=2))

    assert listed(today) == [(protected, "protected")]


def test_opening_a_members_page_is_a_look_up_too(people: Owner, today: date) -> None:
    eligibility.read_member(CARDS[0], by=RECEPTION)

    run_on(today + timedelta(days=2))

    [entry] = eligibility.list_watched(today, by=AUDITOR)
    assert (entry.why, entry.way) == ("unused", "member")
    [(promise,)] = people.execute("SELECT promise FROM eligibility_checks").fetchall()
    assert promise is False


def test_running_the_job_again_lists_nothing_twice_and_makes_up_for_missed_days(
    people: Owner, today: date
) -> None:
    number = look(CARDS[0])
    for _ in range(2):
        run_on(today + timedelta(days=9))

    assert listed(today) == [(number, "unused")]
    days = people.execute("SELECT count(*), max(day) FROM watched_days WHERE why = 'unused'")
    assert days.fetchone() == (32, today + timedelta(days=7))
    run_on(today + timedelta(days=10))
    assert people.execute("SELECT count(*) FROM watched_days").fetchone() == (66,)


def test_the_job_runs_by_itself(app: Flask) -> None:
    assert "eligibility.watch_lookups" in registered_tasks()


def test_a_days_checks_are_found_by_index_and_not_by_reading_all(people: Owner) -> None:
    # What other tests wrote and deleted there would count in the plan.
    people.execute("SET session_replication_role = replica; TRUNCATE eligibility_checks")
    people.execute(
        """
        INSERT INTO eligibility_checks (number, checked_at, valid_until, facility, actor, scanner,
            card_key, service_date, verdict, promise, policy_version, request, body)
        SELECT 'E' || month_mark(at) || lpad(n::text, 9, '0'), at, now(), 'F' || n % 1500,
            'user:' || n % 9000, 'F', 'K' || n, current_date, 'not_eligible', false, 'P', '{}',
            json_build_object('words', repeat('x', 900))
        FROM (SELECT n, now() - (50000 - n) * interval '20 minutes' AS at
                FROM generate_series(1, 50000) n) given;
        ANALYZE eligibility_checks
        """
    )

    plan = "\n".join(
        row[0]
        for row in people.execute(
            "EXPLAIN SELECT number FROM eligibility_checks WHERE checked_at >= now() - interval"
            " '2 days' AND checked_at < now() - interval '1 day' AND request @> '{\"protected\": true}'"
        )
    )

    assert "_checked_at_idx" in plan
    assert "Seq Scan" not in plan


def test_only_auditors_read_the_list_and_reading_is_recorded(
    people: Owner, today: date, client: FlaskClient
) -> None:
    look(SINGER, reason="She stands before me")
    for card in CARDS[:2]:
        look(card)
    run_on(today + timedelta(days=2))
    path = f"/api/v1/audit/lookups?on={today}"
    reader = {"Authorization": make_client_token(client, scopes="audit.read", facility=None)}
    other = {"Authorization": make_client_token(client)}

    first = client.get(f"{path}&limit=2", headers=reader)
    second = client.get(f"{path}&limit=2&cursor={first.json['next_cursor']}", headers=reader)

    assert (first.status_code, second.status_code) == (200, 200), first.text
    assert first.headers["Cache-Control"] == "no-store"
    assert [len(first.json["items"]), len(second.json["items"])] == [
        2,
        2,
    ]  # the singer is on it twice: she was not visited either
    assert second.json["next_cursor"] is None
    assert first.json["complete"] is True
    assert set(first.json["items"][0]) == {
        "eligibility_check", "checked_at", "actor", "facility", "why", "by", "reason",
    }  # fmt: skip
    assert client.get(path, headers=other).status_code == 403
    assert client.get("/api/v1/audit/lookups", headers=reader).status_code == 422
    assert client.get(f"{path}&cursor=bm8", headers=reader).status_code == 422
    read = people.execute(
        "SELECT count(*) FROM audit_events WHERE action = 'audit.read' AND subject = 'lookups'"
        " AND details->>'on' = %s",
        (today.isoformat(),),
    ).fetchone()
    assert read == (2,)
    with pytest.raises(Forbidden):
        eligibility.list_watched(today, by=RECEPTION)
