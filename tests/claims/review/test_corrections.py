"""Too much was paid: one person says how much the claim was worth, another one confirms."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from claims.ledger import service as ledger
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.states import InvalidTransition
from config.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.coverage import service as coverage
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    REVIEWER,
    SECOND_APPROVER,
    approved_claim,
    biller,
    books,
    claim_row,
    settled,
)
from tests.desks import Desk, visible
from tests.factories import make_facility


@pytest.fixture(autouse=True)
def payable_facility(owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, FACILITY)


def paid() -> str:
    number = approved_claim()
    settled()
    return number


def propose(number: str, riel: int = 4000) -> None:
    review.propose_correction(number, riel=riel, reason="Counted twice.", by=REVIEWER)


def test_the_difference_is_recovered_once_a_second_person_confirms() -> None:
    number = paid()
    propose(number)
    before = ledger.adjusted(number)

    review.decide_correction(number, confirm=True, by=APPROVER)

    assert (before, ledger.adjusted(number)) == (0, -2000)
    assert claim_row(number).state == "paid"
    assert submission.list_messages(number, by=biller())[-1]["text"] == "Counted twice."
    assert books().faults == ()
    with pytest.raises(NotFound):
        review.decide_correction(number, confirm=True, by=APPROVER)


def test_a_claim_worth_nothing_gives_its_benefit_back_too() -> None:
    number = paid()
    propose(number, 0)
    review.decide_correction(number, confirm=True, by=APPROVER)

    assert coverage.usage_on(claim_row(number).card_key, date(2026, 11, 30)) == ()
    with pytest.raises(Invalid):
        propose(number, 0)


def test_nobody_confirms_what_they_proposed_and_a_refusal_recovers_nothing() -> None:
    number = paid()
    review.propose_correction(number, riel=1, reason="x", by=APPROVER)
    for stranger in (APPROVER, REVIEWER, biller()):
        with pytest.raises(Forbidden):
            review.decide_correction(number, confirm=True, by=stranger)

    refused = review.decide_correction(number, confirm=False, by=SECOND_APPROVER)

    assert (refused.state, ledger.adjusted(number)) == ("refused", 0)
    propose(number)
    assert [one.claim_number for one in review.list_corrections(by=APPROVER)] == [number]


def test_only_less_than_was_paid_on_a_paid_claim_and_one_at_a_time() -> None:
    number = paid()
    with pytest.raises(Invalid):
        propose(number, 6000)
    propose(number)
    with pytest.raises(Conflict):
        propose(number)
    with pytest.raises(InvalidTransition):
        propose(approved_claim())


def test_a_claim_voided_meanwhile_is_not_corrected_as_well() -> None:
    number = paid()
    propose(number)
    submission.void_claim(number, by=biller())

    with pytest.raises(InvalidTransition):
        review.decide_correction(number, confirm=True, by=APPROVER)

    assert ledger.adjusted(number) == -6000
    assert books().faults == ()
    review.decide_correction(number, confirm=False, by=APPROVER)
    assert review.list_corrections(by=APPROVER) == []


def test_a_correction_goes_over_the_desk_and_the_api(client: FlaskClient) -> None:
    number = paid()
    reviewer, approver = Desk(client, "reviewer"), Desk(client, "approver")
    page = f"/review/claims/{number}"

    wrong = reviewer.post(f"{page}/correct", 422, approved_riel="9000", reason="Counted twice.")
    assert "A correction gives less than was paid." in wrong
    assert 'value="Counted twice."' in wrong
    reviewer.post(f"{page}/correct", 422, reason="x")
    reviewer.post(f"{page}/correct", approved_riel="4,000", reason="Counted twice.")
    assert "Confirm and recover" in visible(approver.get(page))
    approver.post(f"{page}/correct/confirm")

    assert ledger.adjusted(number) == -2000
    assert "Confirmed" in visible(reviewer.get(page))
