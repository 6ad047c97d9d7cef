"""Deadlines: a readable table of cases, then what stops and starts a claim's clock."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as text_of

from auth.permissions import system_actor
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.deadlines import Calendar, Pause, Standing, deadlines, due
from claims.submission.service import calendar
from claims.submission.service.clocks import recount_all
from config import clock
from config.db import db
from config.errors import Invalid
from config.jobs import run_now
from gateway.coverage import service as coverage
from gateway.coverage.policy import ClaimRules
from gateway.coverage.service import DEFAULTS
from tests.claims.payable import APPROVER, REVIEWER, claim_row, queue_claim, set_column
from tests.claims.submission.filing import biller, codes, days_ago, file, make_line
from tests.claims.submission.filing import nssf as nssf_person
from tests.factories import MAN

# November 2026: the 1st is a Sunday; the Water Festival is on the 23rd to 25th.
FESTIVAL = frozenset({date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)})
OPEN = Calendar(holidays=FESTIVAL)
OUT = Calendar(holidays=FESTIVAL, outages=frozenset({date(2026, 11, 12), date(2026, 11, 13)}))


def nov(day: int) -> date:
    return date(2026, 11, day)


# what, from, days, counted, calendar, pauses, last day
CASES = [
    ("every day counts, the first does not", 2, 15, "calendar", OPEN, (), 17),
    ("it may end on a Sunday", 7, 15, "calendar", OPEN, (), 22),
    ("… or on the next working day after it and the festival", 7, 15, "next_working", OPEN, (), 26),
    ("a working day stays where it is", 2, 15, "next_working", OPEN, (), 17),
    ("ten working days are two weeks", 2, 10, "working", OPEN, (), 16),
    ("the festival takes three more", 13, 6, "working", OPEN, (), 26),
    ("two days of outage are added", 2, 15, "calendar", OUT, (), 19),
    ("an outage after the end adds nothing", 1, 5, "calendar", OUT, (), 6),
    ("a question open for four days adds four", 2, 15, "calendar", OPEN, ((4, 8),), 21),
    ("asked and answered the same day adds nothing", 2, 15, "calendar", OPEN, ((4, 4),), 17),
    ("two pauses at once count once", 2, 15, "calendar", OPEN, ((4, 8), (6, 10)), 23),
    ("an outage within a pause counts once", 2, 15, "calendar", OUT, ((11, 15),), 21),
    ("a pause before the first day is over", 9, 5, "calendar", OPEN, ((2, 5),), 14),
    ("nothing is due while a question is open", 2, 15, "calendar", OPEN, ((4, None),), None),
    ("no days at all is the day itself", 5, 0, "calendar", OPEN, (), 5),
]


@pytest.mark.parametrize(
    ("start", "days", "counted", "kept", "pauses", "last"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_deadline_falls_on(
    start: int,
    days: int,
    counted: str,
    kept: Calendar,
    pauses: tuple[tuple[int, int | None], ...],
    last: int | None,
) -> None:
    stretches = [Pause(nov(a), nov(b) if b else None) for a, b in pauses]

    found = due(nov(start), days, counted=counted, calendar=kept, pauses=stretches)

    assert found == (nov(last) if last else None)


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(start=DAYS, days=st.integers(0, 60), off=st.frozensets(DAYS, max_size=20))
def test_what_is_not_counted_never_brings_a_deadline_forward(
    start: date, days: int, off: frozenset[date]
) -> None:
    plain = due(start, days, counted="calendar", calendar=Calendar())
    for counted in ("calendar", "next_working", "working"):
        later = due(start, days, counted=counted, calendar=Calendar(holidays=off, outages=off))
        assert plain is not None
        assert later is not None
        assert later >= plain == start + timedelta(days=days)


RULES = ClaimRules()


def standing(state: str, **more: object) -> Standing:
    return Standing(state, nov(1), submitted_on=nov(2), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "set_days"),
    [
        (standing("submitted"), {"submit_by", "review_by"}),
        (standing("in_review"), {"submit_by", "review_by"}),
        (standing("submitted", held=True), {"submit_by"}),
        (standing("submitted", asked_on=nov(3)), {"submit_by", "answer_by"}),
        (standing("approved", decided_on=nov(5)), {"submit_by", "pay_by"}),
        (
            standing("approved", decided_on=nov(5), reduced=True),
            {"submit_by", "pay_by", "appeal_by"},
        ),
        (standing("rejected", decided_on=nov(5)), {"submit_by", "appeal_by"}),
        (standing("approved", decided_on=nov(5), held=True), {"submit_by"}),
        (standing("voided", decided_on=nov(5)), {"submit_by"}),
    ],
)
def test_only_the_clocks_of_the_state_run(where: Standing, set_days: set[str]) -> None:
    found = deadlines(where, RULES, OPEN)

    assert {name for name, day in found.items() if day} == set_days


def test_a_hold_that_ended_moves_the_day_of_payment() -> None:
    held = standing("approved", decided_on=nov(5), holds=(Pause(nov(6), nov(9)),))

    assert deadlines(held, RULES, OPEN)["pay_by"] == date(2026, 12, 8)


def test_a_question_stops_the_clock_and_its_answer_starts_it_again(world: Flask) -> None:
    number = file()["number"]
    due_on = claim_row(number).review_by
    submission.add_message(number, "Which ward?", by=nssf_person())

    asked = submission.find_claim(number, by=biller())["deadlines"]
    row = claim_row(number)
    paused = (row.review_by, row.asked)
    submission.add_message(number, "Ward 3.", by=biller())

    assert (asked["review_by"], asked["answer_by"]) == (None, clock.today() + timedelta(days=30))
    assert paused == (None, True)
    assert (claim_row(number).review_by, claim_row(number).asked) == (due_on, False)


def test_an_answer_closes_the_question_it_names_and_is_shown_with_it(world: Flask) -> None:
    number = file()["number"]
    for text in ("Which ward?", "Which doctor?"):
        submission.add_message(number, text, by=nssf_person())

    talk = submission.add_message(number, "Dr Sok.", by=biller(), answering=2)

    assert [one["open"] for one in talk] == [True, False, False]
    assert talk[2]["answers"] == 2
    assert claim_row(number).asked
    with pytest.raises(Invalid):
        submission.add_message(number, "Again.", by=biller(), answering=2)


def test_a_hold_and_its_release_stop_and_start_the_clock(world: Flask) -> None:
    number = file()["number"]
    review.hold(number, by=APPROVER, reason="account")
    held = claim_row(number).review_by

    review.release(number, by=APPROVER, reason="fine")

    assert held is None
    assert claim_row(number).review_by == clock.today() + timedelta(days=15)


def test_the_day_kept_for_the_queue_is_the_day_that_is_answered(world: Flask) -> None:
    claim = file()

    assert claim_row(claim["number"]).review_by == claim["deadlines"]["review_by"]


def test_an_outage_moves_every_deadline_and_the_queue_with_it(world: Flask) -> None:
    number, by = file()["number"], system_actor("cli")
    first = clock.today() + timedelta(days=1)
    calendar.record_outage(first, first + timedelta(days=1), reason="no power", by=by)

    run_now("submission.recount_clocks")

    expected = clock.today() + timedelta(days=17)
    assert submission.find_claim(number, by=biller())["deadlines"]["review_by"] == expected
    assert claim_row(number).review_by == expected


def test_a_claim_late_because_of_an_outage_is_in_time(world: Flask) -> None:
    ago = {"service_from": days_ago(32), "service_to": days_ago(32)}
    before = codes(file("INV-1", **ago))
    day = clock.today() - timedelta(days=3)
    calendar.record_outage(day, day + timedelta(days=1), reason="no power", by=system_actor("cli"))

    after = codes(file("INV-2", **ago, lines=[make_line("EMERGENCY", unit_price_riel=1)]))

    assert "late" in before
    assert "late" not in after


def test_a_clean_claim_is_offered_to_automatic_approval_only_by_policy(world: Flask) -> None:
    file("INV-1")
    text = (DEFAULTS / "health_care-2023-11-14.yaml").read_text(encoding="utf-8")
    allowed = re.sub(r"(auto_approve_below_riel:\n    value:)", r"\1 30_000", text)
    coverage.load_policy(allowed, name="auto.yaml", by=system_actor("tests"))

    number = file("INV-2", card_number=MAN)["number"]
    file("INV-3", card_number=MAN, lines=[make_line(quantity=9)], service_from=days_ago(2))

    offered = "SELECT args ->> 'claim' FROM procrastinate_jobs WHERE task_name = :name"
    with db.engine.connect() as connection:
        found = connection.execute(text_of(offered), {"name": "review.auto_approve"}).scalars()
        assert list(found) == [number]


def test_an_outage_ends_after_it_begins(app: Flask) -> None:
    with pytest.raises(Invalid):
        calendar.record_outage(nov(2), nov(1), reason="x", by=system_actor("cli"))


def test_the_shipped_lists_name_every_day_with_its_status(app: Flask) -> None:
    assert calendar.load_default_holidays() > 60
    assert calendar.load_default_holidays() == 0

    days = {day.day: day for day in calendar.list_holidays(2026)}

    assert days[date(2026, 11, 9)].status == "reported"
    assert days[date(2026, 11, 24)].status == "assumption"
    assert date(2026, 11, 24) in calendar.calendar_at().holidays


def test_an_official_list_takes_the_place_of_the_year_it_names(app: Flask) -> None:
    calendar.load_default_holidays()
    official = "day,name_en,name_km,status,source\n2026-11-24,Water Festival,អុំទូក,law,Sub-Decree 1\n"

    calendar.load_holidays(official.encode(), by=system_actor("cli"))

    [only] = calendar.list_holidays(2026)
    assert (only.status, only.source) == ("law", "Sub-Decree 1")
    assert calendar.list_holidays(2025) != []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,name\n", "header"),
        ("day,name_en,name_km,status,source\n2026-13-01,A,ក,law,x\n", "2: day"),
        ("day,name_en,name_km,status,source\n2026-01-01,A,ក,maybe,x\n", "2: status"),
        ("day,name_en,name_km,status,source\n2026-01-01,,ក,law,x\n", "2: name_en: is empty"),
        ("day,name_en,name_km,status,source\n" + "2026-01-01,A,ក,law,x\n" * 2, "comes twice"),
    ],
)
def test_a_list_with_a_fault_is_refused_whole_and_named(app: Flask, text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        calendar.load_holidays(text.encode(), by=system_actor("cli"))

    assert said in (refused.value.detail or "")


def test_a_file_that_is_not_utf8_is_refused(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        calendar.load_holidays(b"\xff\xfe", by=system_actor("cli"))


def test_what_is_overdue_is_marked_once_and_listed(app: Flask) -> None:
    late, fresh = queue_claim(), queue_claim()
    set_column(late, "review_by", str(clock.today() - timedelta(days=1)))

    run_now("review.escalate")
    run_now("review.escalate")

    listed = review.list_queue(by=REVIEWER, limit=10, overdue=True)
    assert [item.number for item in listed] == [late]
    assert review.count_overdue(by=REVIEWER) == 1
    assert claim_row(fresh).escalated_at is None
    history = submission.list_history(late, by=REVIEWER)
    assert [step["action"] for step in history].count("escalate") == 1


def test_what_stands_still_is_never_overdue_and_a_decision_ends_it(app: Flask) -> None:
    held, late = queue_claim(held=True), queue_claim()
    for number in (held, late):
        set_column(number, "review_by", str(clock.today() - timedelta(days=1)))
    run_now("review.escalate")
    review.take_claim(late, by=REVIEWER, reason="overdue")

    review.approve(late, by=REVIEWER)

    assert claim_row(held).escalated_at is None
    assert (claim_row(late).escalated_at, claim_row(late).review_by) == (None, None)


def test_counting_again_changes_nothing_when_the_calendar_is_the_same(world: Flask) -> None:
    number = file()["number"]
    before = claim_row(number).review_by

    recount_all()

    assert claim_row(number).review_by == before
