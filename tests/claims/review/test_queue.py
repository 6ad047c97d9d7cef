"""The queue in depth: order, a claim taken by name, leases kept and given back, ties, one day's sum."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from auth.permissions import Role, system_actor
from claims.review import service as review
from claims.review.service import NotLeased
from claims.submission.states import InvalidTransition
from config import clock
from config.errors import Conflict, Forbidden, Invalid
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    OTHER_FACILITY,
    REVIEWER,
    SECOND_APPROVER,
    SECOND_REVIEWER,
    approved_claim,
    biller,
    claim_row,
    lease,
    line,
    person,
    queue_claim,
    scalar,
    set_column,
)
from tests.claims.together import at_once
from tests.factories import make_facility

pytestmark = pytest.mark.usefixtures("app")
AUDITOR = person("sokha", Role.AUDITOR)
CLI = system_actor("cli")
DEAR = {"unit_price_riel": 900_000, "tariff_riel": 900_000}


def numbers(**wanted: object) -> list[str]:
    return [item.number for item in review.list_queue(by=REVIEWER, limit=50, **wanted)]  # type: ignore[arg-type]


def test_what_is_due_first_stands_first_then_risk_then_amount() -> None:
    today = clock.today()
    small = queue_claim(review_by=today + timedelta(days=9))
    large = queue_claim(line(**DEAR), review_by=today + timedelta(days=9))
    risky = queue_claim(review_by=today + timedelta(days=9), risk=40)
    soon = queue_claim(review_by=today + timedelta(days=2))
    still = queue_claim(held=True, review_by=None)

    assert numbers() == [soon, risky, large, small, still]


def test_the_queue_pages_through_equal_days_and_what_stands_still() -> None:
    for n in range(3):
        queue_claim(risk=n)
    for _ in range(3):
        queue_claim(held=True, review_by=None)
    everything, seen, after = numbers(), [], None

    while page := review.list_queue(by=REVIEWER, limit=1, after=after)[:1]:
        seen.append(page[0].number)
        after = page[0].key

    assert len(seen) == 6
    assert seen == everything


def test_the_next_claim_is_the_risky_one_among_equals() -> None:
    for _ in range(5):
        queue_claim()
    risky = queue_claim(risk=10)

    claim = review.next_claim(by=REVIEWER)

    assert claim is not None
    assert claim["number"] == risky


def test_a_claim_with_an_open_question_is_not_given_to_anybody() -> None:
    queue_claim(asked=True, review_by=None)

    assert review.next_claim(by=REVIEWER) is None


def test_of_claims_taken_by_name_the_list_tells_which_were_put_back_undecided() -> None:
    back, kept, decided = queue_claim(), queue_claim(), queue_claim()
    for number in (back, kept, decided):
        review.take_claim(number, by=REVIEWER, reason="They called.")
    review.put_back(back, by=REVIEWER)
    review.approve(decided, by=REVIEWER)
    review.take_claim(back, by=SECOND_REVIEWER, reason="They called again.")

    found = [
        (row.claim_number, row.put_back_by) for row in review.list_named(by=APPROVER, limit=10)
    ]

    assert found == [(back, None), (decided, None), (kept, None), (back, REVIEWER.subject)]


def test_a_claim_taken_by_name_is_listed_with_its_reason() -> None:
    number = queue_claim()

    claim = review.take_claim(number, by=REVIEWER, reason="The hospital called.")

    assert (claim["state"], claim["lease_by"]) == ("in_review", REVIEWER.subject)
    for reader in (APPROVER, AUDITOR):
        [row] = review.list_named(by=reader, limit=10)
        assert (row.claim_number, row.taken_by) == (number, REVIEWER.subject)
        assert row.reason == "The hospital called."
    with pytest.raises(Forbidden):
        review.list_named(by=REVIEWER, limit=10)
    said = scalar("SELECT count(*) FROM audit_events WHERE details::text LIKE '%called%'")
    assert said == 0


def test_what_somebody_else_works_on_cannot_be_taken_by_name() -> None:
    number = lease(queue_claim())

    with pytest.raises(InvalidTransition):
        review.take_claim(number, by=SECOND_REVIEWER, reason="I want it.")
    with pytest.raises(Forbidden):
        review.take_claim(queue_claim(), by=biller(), reason="mine")


def test_a_lease_is_renewed_by_its_holder_while_it_lives() -> None:
    number = lease(queue_claim())
    set_column(number, "lease_until", clock.now() + timedelta(minutes=1))

    until = review.renew_lease(number, by=REVIEWER)

    assert until - clock.now() > timedelta(minutes=14)
    with pytest.raises(NotLeased):
        review.renew_lease(number, by=SECOND_REVIEWER)
    set_column(number, "lease_until", clock.now() - timedelta(seconds=1))
    with pytest.raises(NotLeased):
        review.renew_lease(number, by=REVIEWER)


def test_nobody_keeps_a_claim_from_the_others_for_ever(owner: object) -> None:
    number = lease(queue_claim())
    owner.execute("UPDATE claim_events SET at = at - interval '2 hours' WHERE action = 'lease'")  # type: ignore[attr-defined]

    with pytest.raises(Conflict) as refused:
        review.renew_lease(number, by=REVIEWER)

    assert refused.value.code == "lease_too_long"


def test_a_claim_put_back_waits_for_anybody() -> None:
    number = lease(queue_claim())
    with pytest.raises(NotLeased):
        review.put_back(number, by=SECOND_REVIEWER)

    review.put_back(number, by=REVIEWER)

    claim = review.next_claim(by=SECOND_REVIEWER)
    assert claim is not None
    assert claim["number"] == number


def test_a_reviewer_tied_to_a_facility_neither_sees_nor_decides_its_claims(owner: object) -> None:
    make_facility(owner, FACILITY)  # type: ignore[arg-type]
    number = queue_claim()
    review.declare_tie(REVIEWER.subject, kind="facility", tied_to=FACILITY, by=CLI)

    assert review.next_claim(by=REVIEWER) is None
    assert numbers() == []
    with pytest.raises(Forbidden):
        review.take_claim(number, by=REVIEWER, reason="x")
    with pytest.raises(Forbidden):
        review.hold_facility(FACILITY, by=replace(APPROVER, subject=REVIEWER.subject), reason="x")

    review.remove_tie(REVIEWER.subject, kind="facility", tied_to=FACILITY, by=CLI)
    assert numbers() == [number]


def test_one_human_is_not_two_people_because_a_program_acts_for_them() -> None:
    number = lease(queue_claim(line(unit_price_riel=2_000_001, tariff_riel=2_000_001)))
    review.approve(number, by=REVIEWER)
    program = replace(APPROVER, subject="client:nssf-script")
    review.declare_tie(program.subject, kind="person", tied_to=REVIEWER.subject, by=CLI)

    with pytest.raises(Forbidden) as refused:
        review.approve(number, by=program)

    assert refused.value.code == "same_person"
    assert review.approve(number, by=SECOND_APPROVER)["state"] == "approved"


def test_a_tie_names_a_person_or_a_program(app: Flask) -> None:
    with pytest.raises(Invalid):
        review.declare_tie("dara", kind="person", tied_to="user:dara", by=CLI)


def test_what_one_person_approves_for_a_facility_in_a_day_is_summed() -> None:
    for _ in range(2):
        approved_claim(line(**DEAR))

    third = lease(queue_claim(line(**DEAR)))
    elsewhere = lease(queue_claim(line(**DEAR), facility=OTHER_FACILITY))
    review.approve(third, by=REVIEWER)
    review.approve(elsewhere, by=REVIEWER)
    review.approve(lease(queue_claim(line(**DEAR)), by=SECOND_REVIEWER), by=SECOND_REVIEWER)

    assert claim_row(third).awaiting == "second_approval"
    assert claim_row(elsewhere).state == "approved"
    assert review.list_decisions(third, by=APPROVER)[-1].causes == ["facility_day"]
    assert scalar("SELECT count(*) FROM claims WHERE awaiting IS NOT NULL") == 1
    assert review.approve(third, by=APPROVER)["state"] == "approved"


def test_the_days_sum_of_a_person_counts_what_their_program_approved() -> None:
    program = replace(REVIEWER, subject="client:nssf-script")
    review.declare_tie(program.subject, kind="person", tied_to=REVIEWER.subject, by=CLI)
    for _ in range(2):
        approved_claim(line(**DEAR), by=program)

    third = approved_claim(line(**DEAR))

    assert claim_row(third).awaiting == "second_approval"


def test_one_person_in_three_windows_at_once_does_not_slip_past_the_days_sum(app: Flask) -> None:
    leased = [lease(queue_claim(line(**DEAR))) for _ in range(3)]

    told = at_once(app, *[lambda number=n: review.approve(number, by=REVIEWER) for n in leased])  # type: ignore[misc]

    assert told == ["done"] * 3
    assert sorted(claim_row(number).state for number in leased) == [
        "approved", "approved", "in_review",
    ]  # fmt: skip


def test_what_a_second_person_agreed_to_does_not_count_as_approved_alone() -> None:
    large = lease(queue_claim(line(unit_price_riel=2_000_001, tariff_riel=2_000_001)))
    review.approve(large, by=REVIEWER)
    review.approve(large, by=APPROVER)

    assert claim_row(approved_claim(line(**DEAR))).state == "approved"


def test_yesterdays_approvals_do_not_count_today(owner: object) -> None:
    for _ in range(2):
        approved_claim(line(**DEAR))
    owner.execute("ALTER TABLE review_decisions DISABLE TRIGGER ALL")  # type: ignore[attr-defined]
    owner.execute("UPDATE review_decisions SET decided_at = decided_at - interval '1 day'")  # type: ignore[attr-defined]

    assert claim_row(approved_claim(line(**DEAR))).state == "approved"
