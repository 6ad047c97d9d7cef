"""Pure rules of complaints: what they may say, terms, what each may know, figures of a few."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from auth.permissions import Permission
from claims.complaints import rules, states
from claims.complaints.rules import About, Complainant, Kind, Terms
from claims.complaints.states import ComplaintState, actions_for, find_transition
from tests.claims.complaints.people import HOTLINE, MANAGER, filing, reception

TODAY = date(2026, 11, 22)
TERMS = Terms(answer_days=15, facility_days=7, reopen_days=30, watched_claims=50)


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        (None, About.FACILITY),
        ("V26K7Q4M2X9TB", About.VISIT),
        ("C26K7Q4M2X9TB", About.CLAIM),
        ("B26K7Q4M2X9TB", About.PAYMENT),
        ("R26K7Q4M2X9TB", About.PAYMENT),
        ("A26K7Q4M2X9TB", About.PAYMENT),
        ("P26K7Q4M2X9TB", None),
        ("Q26K7Q4M2X9TB", None),
        ("", None),
        ("claim 5", None),
    ],
)
def test_a_number_says_by_its_first_letter_what_is_complained_of(
    subject: str | None, about: About | None
) -> None:
    assert rules.about_of(subject) is about


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({}, []),
        ({"kind": Kind.INFORMAL_PAYMENT, "amount_riel": 20_000}, []),
        ({"kind": Kind.SLOW_SERVICE, "amount_riel": 20_000}, ["/amount_riel"]),
        ({"happened_on": TODAY}, []),
        ({"happened_on": TODAY + timedelta(days=1)}, ["/happened_on"]),
        (
            {"subject": "X1", "amount_riel": 1, "happened_on": date(2030, 1, 1)},
            ["/subject", "/amount_riel", "/happened_on"],
        ),
    ],
)
def test_every_wrong_field_is_named_at_once(given: dict, pointers: list[str]) -> None:
    found = rules.faults(filing(**given), today=TODAY)

    assert [one["pointer"] for one in found] == pointers


@pytest.mark.parametrize(
    ("words", "name", "phone", "tells"),
    [
        ("How are payments taken?", "SENG SOPHAL", "012 999 888", False),
        ("Did Sophal pay?", "SENG SOPHAL", None, True),
        ("Every passenger pays.", "SENG", None, False),
        ("តើ សេង សុផល បានបង់ទេ?", "សេង សុផល", None, True),
        ("Who called from 012-999888?", None, "012 999 888", True),
        ("Who called from +855 12 999 888?", None, "012 999 888", True),
        ("Who called from ០១២ ៩៩៩ ៨៨៨?", None, "012 999 888", True),
        ("Two rooms, 5,000 riel.", None, None, False),
    ],
)
def test_words_for_a_facility_never_tell_who_complained(
    words: str, name: str | None, phone: str | None, tells: bool
) -> None:
    assert rules.tells_who(words, Complainant(name, phone)) is tells


@pytest.mark.parametrize(("ago", "may"), [(0, True), (30, True), (31, False)])
def test_a_complaint_is_taken_up_anew_within_its_time_only(ago: int, may: bool) -> None:
    ended = TODAY - timedelta(days=ago)

    assert rules.may_reopen(ended, today=TODAY, terms=TERMS) is may


@pytest.mark.parametrize(
    ("state", "known"),
    [("open", "open"), ("forwarded", "open"), ("answered", "answered"), ("closed", "closed")],
)
def test_a_receipt_does_not_say_that_the_facility_was_asked(state: str, known: str) -> None:
    assert rules.receipt_state(state) == known


def test_a_question_to_a_facility_is_waiting_answered_or_ended() -> None:
    assert rules.forward_state(answered=False, ended=False) == "forwarded"
    assert rules.forward_state(answered=True, ended=True) == "answered"
    assert rules.forward_state(answered=False, ended=True) == "closed"


@pytest.mark.parametrize(("count", "told"), [(0, 0), (1, "<5"), (4, "<5"), (5, 5), (900, 900)])
def test_a_count_of_a_few_is_not_shown(count: int, told: int | str) -> None:
    assert rules.shown(count) == told


@pytest.mark.parametrize(
    ("complaints", "visits", "rate"),
    [
        (0, 0, None), (0, 1000, "0.0"), (4, 1000, "<5"), (5, 1000, "5.0"), (7, 3000, "2.3"),
        (8, 3000, "2.7"), (5, 0, None),
    ],
)  # fmt: skip
def test_the_rate_is_per_thousand_visits_with_one_decimal(
    complaints: int, visits: int, rate: str | None
) -> None:
    assert rules.per_thousand(complaints, visits) == rate


@pytest.mark.parametrize(
    ("days", "group"),
    [(0, "0-7"), (7, "0-7"), (8, "8-15"), (15, "8-15"), (16, "16-30"), (30, "16-30"), (31, "31+")],
)
def test_an_age_belongs_to_one_group(days: int, group: str) -> None:
    assert rules.age_group(days) == group


def test_the_words_and_the_person_are_not_in_what_a_program_prints_of_a_filing() -> None:
    said = repr(filing())

    assert "SECRETLY" not in said
    assert "SOPHAL" not in said
    assert "999" not in said


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    reached = {ComplaintState.OPEN} | {edge.target for edge in states.TRANSITIONS}

    assert reached == set(ComplaintState)
    assert {edge.source for edge in states.TRANSITIONS} == set(ComplaintState)


@pytest.mark.parametrize(("state", "nssf"), list(product(ComplaintState, (True, False))))
def test_the_buttons_of_a_state_are_exactly_the_steps_it_allows(
    state: ComplaintState, nssf: bool
) -> None:
    actor = MANAGER if nssf else reception()
    buttons = {edge.action for edge in actions_for(state, actor)}

    for action in {edge.action for edge in states.TRANSITIONS} - {"escalate"}:
        if action in buttons:
            assert find_transition(state, action, nssf=nssf).source == state
        else:
            with pytest.raises(states.InvalidTransition):
                find_transition(state, action, nssf=nssf)


def test_a_facility_answers_what_it_was_asked_and_can_do_nothing_else() -> None:
    steps = {(e.source, e.action) for e in states.TRANSITIONS if not e.nssf}

    assert steps == {(ComplaintState.FORWARDED, "answer")}
    assert all(actions_for(s, reception()) == () for s in ("open", "answered", "closed"))


def test_the_hotline_may_reopen_and_nothing_else() -> None:
    assert {e.action for s in ComplaintState for e in actions_for(s, HOTLINE)} == {"reopen"}


def test_only_who_manages_complaints_ever_closes_one() -> None:
    closing = [e for e in states.TRANSITIONS if e.action == "close"]

    assert {e.permissions for e in closing} == {(Permission.COMPLAINT_MANAGE,)}
    assert all(e.nssf for e in closing)


def test_the_manual_shows_the_table_of_states_as_it_is() -> None:
    manual = Path(__file__).parents[3] / "docs" / "complaints.md"

    assert states.describe() in manual.read_text(encoding="utf-8")
