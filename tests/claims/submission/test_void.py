"""A facility voids its claim at every stage: what was owed is reversed, what was paid is recovered."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.submission import service as submission
from claims.submission.states import InvalidTransition
from config import clock
from config.errors import NotFound
from gateway.coverage import service as coverage
from tests.claims.payable import (
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    approved_claim,
    biller,
    books,
    claim_row,
    open_one,
    queue_claim,
    settled,
)
from tests.factories import make_facility


@pytest.fixture(autouse=True)
def payable_facility(owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, FACILITY)


def test_an_approved_claim_is_no_longer_owed_and_its_benefit_given_back() -> None:
    number = approved_claim()
    card = claim_row(number).card_key

    claim = submission.void_claim(number, by=biller())

    assert claim["state"] == "voided"
    assert ledger.balance(f"payable:{FACILITY}") == 0
    assert coverage.usage_on(card, date(2026, 11, 30)) == ()
    assert books().ok
    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []


def test_a_claim_in_payment_is_voided_only_after_its_batch_ended() -> None:
    number = approved_claim()
    batch = open_one()
    with pytest.raises(InvalidTransition) as refused:
        submission.void_claim(number, by=biller())

    reimbursement.cancel(batch, by=FINANCE)

    assert refused.value.status == 409
    assert submission.void_claim(number, by=biller())["state"] == "voided"
    assert books().ok


def test_what_was_paid_is_recovered_from_the_next_batches() -> None:
    number = approved_claim()
    settled()
    card = claim_row(number).card_key

    submission.void_claim(number, by=biller())

    assert claim_row(number).paid_riel == 6000
    assert ledger.adjusted(number) == -6000
    assert ledger.balance(f"payable:{FACILITY}") == 6000
    assert coverage.usage_on(card, date(2026, 11, 30)) == ()
    assert books().faults == ()


def test_a_voided_claim_stays_voided_and_only_its_facility_voids_it() -> None:
    number = approved_claim()
    with pytest.raises(NotFound):
        submission.void_claim(number, by=biller(OTHER_FACILITY))
    submission.void_claim(number, by=biller())

    with pytest.raises(InvalidTransition):
        submission.void_claim(number, by=biller())
    assert ledger.balance(f"payable:{FACILITY}") == 0


def test_what_a_reviewer_works_on_cannot_be_voided_under_their_hands() -> None:
    number = queue_claim(state="in_review", lease_by="user:dara", lease_until=clock.now())

    with pytest.raises(InvalidTransition):
        submission.void_claim(number, by=biller())
