"""Money that did not all arrive, or came back: claims owed again, books that tie, four eyes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.ledger import service as ledger
from claims.ledger.ledger import Kind
from claims.reimbursement import service as reimbursement
from claims.reimbursement.states import InvalidBatchTransition
from claims.submission import service as submission
from config import clock
from config.errors import Forbidden, Invalid
from tests.claims.payable import (
    AUTHORISER,
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    approved_claim,
    biller,
    books,
    claim_row,
    due_run,
    exported,
    remittance_of,
    scalar,
    settled,
)
from tests.claims.together import DONE, at_once, in_between

pytestmark = pytest.mark.usefixtures("payees")
TODAY = clock.today()


def batch_of(number: str) -> dict[str, Any]:
    return reimbursement.find_batch(number, by=FINANCE)


def report(batch: str, **given: Any) -> None:
    told = {"reason": "account closed", "returned_on": TODAY} | given
    reimbursement.report_return(batch, by=FINANCE, **told)


def pointers(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [error["pointer"] for error in refused.value.extra["errors"]]


def test_what_the_bank_left_out_of_a_batch_is_approved_again_and_the_rest_is_paid() -> None:
    kept, lost = approved_claim(), approved_claim()

    batch = settled(unpaid=[lost], paid_riel=6000)

    assert (claim_row(kept).state, claim_row(lost).state) == ("paid", "approved")
    assert (claim_row(lost).batch_number, claim_row(lost).paid_riel) == (None, None)
    shown = batch_of(batch)
    assert (shown["state"], shown["total_riel"], shown["unpaid_riel"]) == ("settled", 12_000, 6000)
    advice = remittance_of(kept)
    assert (advice["total_riel"], [c["number"] for c in advice["claims"]]) == (6000, [kept])
    assert (ledger.balance("bank"), ledger.balance(f"payable:{FACILITY}")) == (-6000, -6000)
    found = books()
    assert found.faults == ()
    assert (found.total.paid, found.total.failed, found.total.waiting) == (6000, 6000, 6000)
    settled()
    assert claim_row(lost).state == "paid"
    assert books().faults == ()


def test_a_partial_payment_nobody_can_name_is_refused_and_changes_nothing() -> None:
    claim, other = approved_claim(), approved_claim()
    number = exported()
    settle = partial(reimbursement.settle, number, by=FINANCE, bank_reference="x", paid_on=TODAY)

    for given, pointer in (
        ({"paid_riel": 11_999}, "/paid_riel"),
        ({"unpaid": [claim], "paid_riel": 6001}, "/paid_riel"),
        ({"unpaid": ["C26K000000000"]}, "/unpaid/0"),
        ({"unpaid": [claim, claim]}, "/unpaid/1"),
        ({"unpaid": [claim, other]}, "/unpaid"),
    ):
        with pytest.raises(Invalid) as refused:
            settle(**given)
        assert pointers(refused) == [pointer], given

    assert batch_of(number)["state"] == "exported"
    assert ledger.balance("bank") == 0
    assert books().faults == ()


def test_a_partial_payment_within_a_run_reopens_the_right_claims() -> None:
    kept, lost = approved_claim(), approved_claim()
    other = approved_claim(facility=OTHER_FACILITY)

    run = settled(due_run(), unpaid=[lost], paid_riel=12_000)

    assert {claim_row(kept).state, claim_row(other).state} == {"paid"}
    assert claim_row(lost).state == "approved"
    assert reimbursement.find_run(run, by=FINANCE)["total_riel"] == 12_000
    assert books().faults == ()


def test_a_returned_payment_is_owed_again_once_a_second_person_agrees() -> None:
    claim = approved_claim()
    batch = settled()
    remittance = claim_row(claim).remittance_number or ""

    report(batch)
    assert (batch_of(batch)["state"], claim_row(claim).state) == ("returning", "paid")
    assert books().faults == ()
    reimbursement.confirm_return(batch, by=AUTHORISER)

    row = claim_row(claim)
    assert (row.state, row.paid_riel, row.remittance_number) == ("approved", None, None)
    shown = reimbursement.find_remittance(remittance, by=biller())
    assert shown["reversed_on"] == TODAY
    assert [c["number"] for c in shown["claims"]] == [claim]
    assert (ledger.balance("bank"), ledger.balance(f"payable:{FACILITY}")) == (0, -6000)
    found = books()
    assert found.faults == ()
    assert (found.total.paid, found.total.failed, found.total.waiting) == (0, 6000, 6000)
    again = settled()
    assert (batch_of(batch)["state"], batch_of(again)["state"]) == ("returned", "settled")
    assert books().faults == ()


def test_a_return_after_a_partial_payment_gives_back_what_was_paid() -> None:
    kept, lost = approved_claim(), approved_claim()
    batch = settled(unpaid=[lost])

    report(batch)
    reimbursement.confirm_return(batch, by=AUTHORISER)

    assert {claim_row(kept).state, claim_row(lost).state} == {"approved"}
    assert ledger.balance(f"payable:{FACILITY}") == -12_000
    assert books().faults == ()


def test_a_return_that_did_not_happen_leaves_the_payment_as_it_was() -> None:
    claim = approved_claim()
    batch = settled()
    report(batch)

    reimbursement.refuse_return(batch, by=AUTHORISER)

    assert (batch_of(batch)["state"], claim_row(claim).state) == ("settled", "paid")
    assert batch_of(batch)["return_by"] is None
    assert books().faults == ()


def test_who_reports_a_return_never_confirms_it() -> None:
    approved_claim()
    batch = settled()
    report(batch)
    both = AUTHORISER.__class__(FINANCE.subject, AUTHORISER.permissions, nssf=True)

    for step in (reimbursement.confirm_return, reimbursement.refuse_return):
        with pytest.raises(Forbidden) as refused:
            step(batch, by=both)
        assert refused.value.code == "same_person"
        with pytest.raises(Forbidden):
            step(batch, by=FINANCE)

    assert batch_of(batch)["state"] == "returning"


def test_a_return_lies_between_the_payment_and_today_and_a_run_has_none() -> None:
    approved_claim()
    run = settled(due_run(), paid_on=TODAY - timedelta(days=3))
    batch = reimbursement.find_run(run, by=FINANCE)["batches"][0]["number"]

    for day in (TODAY - timedelta(days=4), TODAY + timedelta(days=1)):
        with pytest.raises(Invalid) as refused:
            report(batch, returned_on=day)
        assert pointers(refused) == ["/returned_on"]
    with pytest.raises(InvalidBatchTransition):
        report(run)
    report(batch)
    reimbursement.confirm_return(batch, by=AUTHORISER)

    shown = reimbursement.find_run(run, by=FINANCE)
    assert (shown["state"], shown["total_riel"]) == ("settled", 0)
    assert books().faults == ()


def test_confirming_and_refusing_at_once_leaves_one_of_the_two(app: Flask) -> None:
    claim = approved_claim()
    batch = settled()
    report(batch)

    answers = at_once(
        app,
        partial(reimbursement.confirm_return, batch, by=AUTHORISER),
        partial(reimbursement.refuse_return, batch, by=AUTHORISER),
        partial(reimbursement.confirm_return, batch, by=AUTHORISER),
    )

    assert sorted(answers) == [DONE, "invalid_transition", "invalid_transition"]
    assert claim_row(claim).state == ("paid" if answers[1] == DONE else "approved")
    assert books().faults == ()


def test_a_claim_voided_while_its_return_is_confirmed_is_seen_as_voided(
    app: Flask, owner: psycopg.Connection[Any]
) -> None:
    number, other = approved_claim(), approved_claim()
    batch = settled()
    report(batch)

    answer = in_between(
        app, owner,
        locking=f"SELECT 1 FROM claims WHERE number = '{number}' FOR UPDATE",
        act=lambda: reimbursement.confirm_return(batch, by=AUTHORISER),
        then=f"UPDATE claims SET state = 'voided' WHERE number = '{number}'",
    )  # fmt: skip

    assert answer == DONE
    assert (claim_row(number).state, claim_row(other).state) == ("voided", "approved")


def test_a_claim_voided_after_its_payment_owes_nothing_once_that_payment_came_back() -> None:
    kept, voided = approved_claim(), approved_claim()
    batch = settled()
    submission.void_claim(voided, by=biller())
    assert books().faults == ()

    report(batch)
    reimbursement.confirm_return(batch, by=AUTHORISER)

    assert (claim_row(kept).state, claim_row(voided).state) == ("approved", "voided")
    assert ledger.adjusted(voided) == 0
    assert ledger.occasions(Kind.REOPENED, voided) == 1
    assert ledger.balance(f"payable:{FACILITY}") == -6000
    assert books().faults == ()
    settled()
    assert ledger.balance("bank") == -6000
    assert scalar("SELECT count(*) FROM claims WHERE state = 'paid'") == 1
    assert books().faults == ()
