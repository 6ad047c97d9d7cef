"""Facility and NSSF act on one claim at the same moment: one is right, the other is told why not."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from claims.ledger import service as ledger
from claims.review import service as review
from claims.review.service import LineWish
from claims.submission import service as submission
from claims.submission.states import InvalidTransition
from config import clock
from config.errors import Invalid
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    REVIEWER,
    SECOND_APPROVER,
    SECOND_REVIEWER,
    approved_claim,
    biller,
    claim_row,
    lease,
    line,
    queue_claim,
    scalar,
    set_column,
)
from tests.claims.together import DONE, at_once

pytestmark = pytest.mark.usefixtures("app")
LARGE = {"service": "MAJOR-SURGERY", "unit_price_riel": 2_000_001, "tariff_riel": 2_000_001}


@pytest.mark.parametrize("end", [submission.withdraw_claim, submission.void_claim])
def test_a_claim_is_leased_or_taken_back_never_both(app: Flask, end) -> None:
    numbers = [queue_claim() for _ in range(4)]

    answers = at_once(
        app,
        *(partial(end, number, by=biller()) for number in numbers),
        *(partial(review.next_claim, by=REVIEWER) for _ in numbers),
    )

    for number, answer in zip(numbers, answers, strict=False):
        row = claim_row(number)
        assert answer in (DONE, "invalid_transition")
        assert (row.state == "in_review") == (answer != DONE) or row.state == "submitted"
        assert (row.lease_by is None) == (row.state != "in_review")


def test_a_leased_claim_is_neither_withdrawn_nor_voided_nor_replaced() -> None:
    number = lease(queue_claim())

    for end in (submission.withdraw_claim, submission.void_claim):
        with pytest.raises(InvalidTransition) as refused:
            end(number, by=biller())
        assert "release" not in refused.value.extra["allowed"]
    assert claim_row(number).state == "in_review"


def test_approving_and_rejecting_at_once_leaves_one_decision(app: Flask) -> None:
    number = lease(queue_claim())

    answers = at_once(
        app,
        partial(review.approve, number, by=REVIEWER),
        partial(review.reject, number, by=REVIEWER, reason="other"),
        partial(review.send_back, number, by=REVIEWER, reason="documents"),
    )

    assert answers.count(DONE) == 1
    assert set(answers) == {DONE, "invalid_transition"}
    owed = -ledger.balance(f"payable:{FACILITY}")
    assert owed == (6000 if claim_row(number).state == "approved" else 0)


def test_a_second_approval_and_a_second_return_at_once_leave_one(app: Flask) -> None:
    number = lease(queue_claim(line(**LARGE)))
    review.approve(number, by=REVIEWER)

    answers = at_once(
        app,
        partial(review.approve, number, by=APPROVER),
        partial(review.send_back, number, by=SECOND_APPROVER, reason="documents"),
    )

    assert answers.count(DONE) == 1
    assert claim_row(number).state in ("approved", "returned")


def test_a_lease_that_runs_out_while_its_reviewer_decides_is_decided_or_given_on(
    app: Flask,
) -> None:
    number = lease(queue_claim())
    set_column(number, "lease_until", clock.now() - timedelta(milliseconds=1))

    answers = at_once(
        app,
        partial(review.approve, number, by=REVIEWER),
        partial(review.next_claim, by=SECOND_REVIEWER),
        review.put_back_expired,
    )

    assert answers == ["not_leased", DONE, DONE]
    # Whoever finds it locked by the decision that is refused leaves it to the next minute's sweep.
    review.put_back_expired()
    row = claim_row(number)
    assert (row.state, row.lease_by) in (
        ("in_review", SECOND_REVIEWER.subject),
        ("submitted", None),
    )
    assert ledger.balances() == {}


def test_two_reopenings_at_once_undo_the_liability_once(app: Flask) -> None:
    number = approved_claim()

    answers = at_once(
        app, *[partial(review.reopen, number, by=by, reason="x") for by in (APPROVER, SECOND_APPROVER)]
    )  # fmt: skip

    assert sorted(answers) == [DONE, "invalid_transition"]
    assert ledger.balance(f"payable:{FACILITY}") == 0
    assert scalar("SELECT count(*) FROM benefit_usage") == 0


@pytest.mark.parametrize("said_nothing", [[], [LineWish(2), LineWish(3)]])
def test_the_second_persons_silence_on_a_line_agrees_with_the_proposal(
    said_nothing: list[LineWish],
) -> None:
    number = lease(
        queue_claim(line(**LARGE), line(decision="denied", reasons=["duplicate"]), line())
    )
    first = [LineWish(2, approved_quantity=1), LineWish(3, approved_quantity=0, reason="other")]
    review.approve(number, by=REVIEWER, lines=first)

    less = LineWish(1, approved_unit_price_riel=2_000_000, reason="price")
    claim = review.approve(number, by=APPROVER, lines=[less, *said_nothing])

    paid = [one["approved_riel"] for one in claim["outcome"]["lines"]]
    assert paid == [2_000_000, 6000, 0]
    assert claim["outcome"]["approved_riel"] == 2_006_000


def test_a_form_sent_back_as_it_was_shown_agrees_with_the_proposal() -> None:
    denied = line(quantity=3, decision="denied", reasons=["duplicate"])
    number = lease(queue_claim(denied, line(quantity=2)))
    first = [
        LineWish(1, approved_quantity=2, approved_unit_price_riel=5000),
        LineWish(2, approved_quantity=1, reason="other"),
    ]
    review.approve(number, by=REVIEWER, lines=first)

    claim = review.approve(number, by=APPROVER, lines=[LineWish(1), LineWish(2)])

    assert [one["approved_riel"] for one in claim["outcome"]["lines"]] == [10_000, 6000]
    decided = review.list_decisions(number, by=APPROVER)
    assert decided[0].causes == decided[1].causes == ["override"]
    assert decided[0].lines == decided[1].lines


def test_half_a_wish_of_the_second_person_leaves_the_other_half_as_proposed() -> None:
    number = lease(queue_claim(line(quantity=3, decision="denied", reasons=["duplicate"])))
    proposed = LineWish(1, approved_quantity=2, approved_unit_price_riel=5000)
    review.approve(number, by=REVIEWER, lines=[proposed])

    claim = review.approve(number, by=APPROVER, lines=[LineWish(1, approved_quantity=1)])

    assert claim["outcome"]["approved_riel"] == 5000


def test_a_second_person_naming_a_line_that_is_not_there_is_told_so() -> None:
    number = lease(queue_claim(line(**LARGE)))
    review.approve(number, by=REVIEWER)

    with pytest.raises(Invalid) as refused:
        review.approve(number, by=APPROVER, lines=[LineWish(7)])

    assert [error["pointer"] for error in refused.value.extra["errors"]] == ["/lines/0/line"]
