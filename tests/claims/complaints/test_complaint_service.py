"""The way of a complaint: taken down, asked about, answered in time, closed, taken up anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from auth.permissions import Role
from claims.complaints import service as complaints
from claims.complaints.rules import Kind, Outcome
from claims.submission import service as submission
from claims.submission.service.calendar import record_outage
from config import clock
from config.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.visits import service as visits
from gateway.visits.rules import Payer, VisitType
from gateway.visits.service import CheckIn
from tests.claims.complaints.people import (
    HOTLINE,
    MANAGER,
    WORDS,
    filed,
    filing,
    forwarded,
    reception,
)
from tests.claims.payable import person, queue_claim, scalar
from tests.claims.together import DONE, at_once
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_facility, make_user

STRANGER = reception("vuthy", facility=OTHER_HOSPITAL)


@pytest.fixture(autouse=True)
def places(app: Flask, owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL, province="KH-2")


def pointers(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [error["pointer"] for error in refused.value.extra["errors"]]


def test_a_complaint_gets_a_number_a_term_and_stands_in_the_managers_list() -> None:
    receipt = complaints.file_complaint(filing(), by=HOTLINE)

    [(_key, item)] = complaints.list_complaints(by=MANAGER, limit=5)
    assert item["number"] == receipt["number"]
    assert item["number"].startswith("Q")
    assert receipt["answer_by"] == clock.today() + timedelta(days=15)
    assert item["state"] == receipt["state"] == "open"
    assert item["province"] == "KH-12"
    assert complaints.find_complaint(item["number"], by=MANAGER)["text"] == WORDS


def test_a_term_does_not_count_the_days_the_service_was_out() -> None:
    tomorrow = clock.today() + timedelta(days=1)
    record_outage(tomorrow, tomorrow + timedelta(days=1), reason="no power", by=MANAGER)

    asked = complaints.find_complaint(forwarded(), by=MANAGER)

    assert asked["answer_by"] == clock.today() + timedelta(days=15 + 2)
    assert asked["asked"][0]["answer_by"] == clock.today() + timedelta(days=7 + 2)


def test_a_complaint_is_about_a_visit_a_claim_or_a_payment_of_its_facility() -> None:
    visit = visits.check_in(CheckIn(VisitType.OUTPATIENT, Payer.NSSF), by=reception()).visit.number
    claim = queue_claim(facility=HOSPITAL)

    about = {
        complaints.find_complaint(filed(subject=number), by=MANAGER)["about"]
        for number in (visit, claim)
    }

    assert about == {"visit", "claim"}


@pytest.mark.parametrize("subject", [f"{letter}26K7Q4M2X9TB" for letter in "ABCRV"])
def test_an_unknown_number_and_another_facilitys_are_refused_alike(subject: str) -> None:
    foreign = queue_claim(facility=OTHER_HOSPITAL)

    with pytest.raises(Invalid) as unknown:
        filed(subject=subject)
    with pytest.raises(Invalid) as of_another:
        filed(subject=foreign)

    assert pointers(unknown) == ["/subject"]
    assert unknown.value.extra["errors"] == of_another.value.extra["errors"]
    assert scalar("SELECT count(*) FROM complaints") == 0


def test_a_reception_takes_down_complaints_of_its_own_facility_only() -> None:
    own = complaints.file_complaint(filing(facility=None), by=reception())

    with pytest.raises(Forbidden):
        filed(by=STRANGER)
    with pytest.raises(Invalid) as unknown:
        filed(facility="999999")
    with pytest.raises(Invalid) as nowhere:
        filed(facility=None)

    assert complaints.find_complaint(own["number"], by=MANAGER)["facility"] == HOSPITAL
    assert pointers(unknown) == pointers(nowhere) == ["/facility"]


def test_an_informal_payment_has_the_facilitys_next_claims_looked_at() -> None:
    filed(kind=Kind.SLOW_SERVICE)
    number = filed(kind=Kind.INFORMAL_PAYMENT, amount_riel=40_000)

    watches = scalar("SELECT json_agg(w) FROM facility_watches w")

    [watch] = watches
    assert (watch["facility"], watch["claims"]) == (HOSPITAL, 50)
    assert number in watch["why"]


def test_an_informal_payment_for_a_claim_marks_that_claim_too() -> None:
    claim = queue_claim(facility=HOSPITAL)

    filed(kind=Kind.INFORMAL_PAYMENT, subject=claim)

    signals = scalar("SELECT json_agg(s.code) FROM claim_signals s WHERE s.claim = :c", c=claim)
    assert signals == ["patient_reported_paying"]


def test_a_refused_complaint_marks_nothing() -> None:
    with pytest.raises(Invalid):
        filed(kind=Kind.INFORMAL_PAYMENT, subject="C26K7Q4M2X9TB")

    assert scalar("SELECT count(*) FROM facility_watches") == 0


def test_a_complaint_goes_from_the_question_to_the_facility_to_its_end() -> None:
    number = forwarded()
    complaints.answer(number, "Every payment gets a receipt.", by=reception())
    complaints.answer(number, "The hospital was reminded of its duty.", by=MANAGER)
    complaints.close(number, outcome=Outcome.UPHELD, by=MANAGER)

    found = complaints.find_complaint(number, by=MANAGER)
    assert [step["action"] for step in found["timeline"]] == [
        "file", "forward", "answer", "answer", "close",
    ]  # fmt: skip
    assert [step["state"] for step in found["timeline"]] == [
        "open", "forwarded", "open", "answered", "closed",
    ]  # fmt: skip
    assert found["asked"][0]["answer"] == "Every payment gets a receipt."
    assert found["outcome"] == "upheld"
    assert all(step["at"] for step in found["timeline"])


def test_nssf_may_ask_the_facility_again_and_sees_both_answers() -> None:
    number = forwarded()
    complaints.answer(number, "First answer.", by=reception())
    complaints.forward(number, "And on Sundays?", by=MANAGER)
    complaints.answer(number, "Second answer.", by=reception())

    asked = complaints.find_complaint(number, by=MANAGER)["asked"]

    assert [one["answer"] for one in asked] == ["First answer.", "Second answer."]
    [(_key, shown)] = complaints.list_complaints(by=reception(), limit=5)
    assert shown["text"] == "And on Sundays?"


def test_a_question_ends_when_nssf_no_longer_waits_for_its_answer() -> None:
    number = forwarded()
    complaints.answer(number, "We looked into it ourselves.", by=MANAGER)

    with pytest.raises(Conflict) as late:
        complaints.answer(number, "Too late.", by=reception())

    assert late.value.code == "already_ended"
    assert complaints.find_complaint(number, by=reception())["state"] == "closed"


@pytest.mark.parametrize("step", ["assign", "forward", "close"])
def test_a_facility_never_manages_a_complaint_even_one_it_was_asked_about(step: str) -> None:
    number = forwarded()
    words = {"text": "x"} if step == "forward" else {}

    for actor in (reception(), HOTLINE, person("leap", Role.ANALYST)):
        with pytest.raises(Forbidden):
            getattr(complaints, step)(number, by=actor, **words)

    assert complaints.find_complaint(number, by=MANAGER)["state"] == "forwarded"


def test_a_facility_does_not_reopen() -> None:
    number = filed()
    complaints.answer(number, "Done.", by=MANAGER)

    with pytest.raises(Forbidden):
        complaints.reopen(number, by=reception())


def test_a_complaint_is_assigned_to_who_handles_complaints_and_to_nobody_else() -> None:
    number = filed()
    colleague = make_user("sokha", roles=["administrator"]).subject
    make_user("leakhena", roles=["reviewer"])
    make_user("rich", roles=["reception"])

    assert complaints.assign(number, by=MANAGER)["assigned_to"] == MANAGER.subject
    assert complaints.assign(number, to=colleague, by=MANAGER)["assigned_to"] == colleague
    for nobody in ("user:leakhena", "user:rich", "user:ghost"):
        with pytest.raises(Invalid):
            complaints.assign(number, to=nobody, by=MANAGER)


def test_a_complaint_is_taken_up_anew_with_a_new_term() -> None:
    number = filed()
    complaints.answer(number, "Done.", by=MANAGER)
    complaints.close(number, outcome=Outcome.UNFOUNDED, by=MANAGER)

    with clock.freeze(clock.today() + timedelta(days=20)):
        complaints.reopen(number, text="The caller was asked to pay again.", by=HOTLINE)
        expected = clock.today() + timedelta(days=15)

    found = complaints.find_complaint(number, by=MANAGER)
    assert (found["state"], found["reopened"], found["outcome"]) == ("open", 1, None)
    assert found["answer_by"] == expected
    assert found["messages"][-1]["kind"] == "reopening"


def test_after_its_time_a_complaint_stays_closed() -> None:
    number = filed()
    complaints.close(number, by=MANAGER)

    with clock.freeze(clock.today() + timedelta(days=31)), pytest.raises(Conflict) as late:
        complaints.reopen(number, by=HOTLINE)

    assert late.value.code == "too_late"


def test_what_is_not_answered_in_time_is_marked_once_and_stands_first() -> None:
    old, young = filed(), None
    with clock.freeze(clock.today() + timedelta(days=10)):
        young = filed()
    with clock.freeze(clock.today() + timedelta(days=16)):
        complaints.mark_overdue()
        complaints.mark_overdue()
        queue = complaints.list_complaints(by=MANAGER, limit=5, by_deadline=True)

    assert [item["number"] for _key, item in queue] == [old, young]
    assert [item["overdue"] for _key, item in queue] == [True, False]
    assert scalar("SELECT count(*) FROM audit_events WHERE action = 'complaint.overdue'") == 1
    late = complaints.list_complaints(by=MANAGER, limit=5, overdue=True)
    assert [item["number"] for _key, item in late] == [old]


def test_an_answered_complaint_is_never_overdue() -> None:
    complaints.answer(filed(), "Done.", by=MANAGER)

    with clock.freeze(clock.today() + timedelta(days=40)):
        complaints.mark_overdue()

    assert scalar("SELECT count(*) FROM complaints WHERE overdue_at IS NOT NULL") == 0


def test_the_list_is_narrowed_by_managers_and_by_nobody_else() -> None:
    number = filed(kind=Kind.SLOW_SERVICE)
    filed(kind=Kind.OTHER, facility=OTHER_HOSPITAL)

    found = complaints.list_complaints(by=MANAGER, limit=5, kind=Kind.SLOW_SERVICE)
    with pytest.raises(Invalid) as refused:
        complaints.list_complaints(by=reception(), limit=5, kind=Kind.OTHER)

    assert [item["number"] for _key, item in found] == [number]
    assert pointers(refused) == ["/kind"]


def test_lists_go_on_where_the_last_page_ended_in_either_order() -> None:
    numbers = [filed() for _ in range(3)]
    for by_deadline in (False, True):
        seen: list[str] = []
        after = None
        while page := complaints.list_complaints(
            by=MANAGER, limit=2, by_deadline=by_deadline, after=after
        ):
            seen += [item["number"] for _key, item in page]
            after = page[-1][0]
        assert seen == (numbers if by_deadline else numbers[::-1])


def test_of_two_managers_who_answer_at_once_one_is_refused(app: Flask) -> None:
    number = filed()

    outcomes = at_once(
        app,
        lambda: complaints.answer(number, "One.", by=MANAGER),
        lambda: complaints.answer(number, "Other.", by=person("nary", Role.ADMINISTRATOR)),
    )

    assert sorted(outcomes) == [DONE, "invalid_transition"]
    assert scalar("SELECT count(*) FROM complaint_messages") == 1


def test_an_answer_that_meets_a_closing_does_not_open_the_complaint(app: Flask) -> None:
    number = forwarded()

    outcomes = at_once(
        app,
        lambda: complaints.answer(number, "Ours.", by=reception()),
        lambda: complaints.close(number, by=MANAGER),
    )

    assert DONE in outcomes
    assert complaints.find_complaint(number, by=MANAGER)["state"] == "closed"


def test_an_unknown_number_is_not_found_by_anybody() -> None:
    for actor in (MANAGER, HOTLINE, reception()):
        with pytest.raises(NotFound):
            complaints.find_complaint("Q26K7Q4M2X9TB", by=actor)
    for step in (
        lambda: complaints.answer("Q26K7Q4M2X9TB", "x", by=reception()),
        lambda: complaints.close("Q26K7Q4M2X9TB", by=MANAGER),
    ):
        with pytest.raises(NotFound):
            step()


def test_the_claim_complained_of_is_not_changed_by_it() -> None:
    claim = queue_claim(facility=HOSPITAL)
    before = submission.find_claim(claim, by=MANAGER)

    filed(kind=Kind.WRONG_REJECTION, subject=claim)

    assert submission.find_claim(claim, by=MANAGER) == before
