"""Cash that rests on a claim is not paid when the claim falls, wherever the payment stands by then."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from claims.allowances import service as allowances
from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from claims.submission import service as submission
from config import clock
from config.db import transaction
from config.errors import Conflict
from tests.claims.allowances.asked import CASH, approved, birth
from tests.claims.payable import (
    APPROVER,
    AUTHORISER,
    FINANCE,
    REVIEWER,
    approved_claim,
    biller,
    books,
    due_run,
    exported,
    open_one,
    scalar,
    settled,
)
from tests.claims.reimbursement.test_members import RIEL, state_of
from tests.claims.together import DONE, at_once

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def claim() -> str:
    """Approve a claim that is held, so that only the cash resting on it is batched."""
    number = approved_claim()
    review.hold(number, by=APPROVER, reason="looked at")
    return number


def resting_on(claim: str | None, days: int = 100) -> str:
    """Approve an antenatal payment that a claim proposed."""
    number = str(approved(birth("antenatal", days, payee=CASH))["number"])
    with transaction() as session:
        session.execute(
            text("UPDATE allowances SET claim = :claim WHERE number = :number"),
            {"claim": claim, "number": number},
        )
    return number


def fall(claim: str) -> None:
    submission.void_claim(claim, by=biller())


def test_cash_in_an_open_batch_is_taken_out_before_it_is_authorised(claim: str) -> None:
    gone, kept = resting_on(claim), resting_on(None, 60)
    batch = open_one()
    fall(claim)
    assert books().faults == ()

    reimbursement.authorise(batch, by=AUTHORISER)

    shown = reimbursement.find_batch(batch, by=FINANCE)
    assert (shown["state"], shown["claims"], shown["total_riel"]) == ("authorised", 1, RIEL)
    assert (state_of(gone), state_of(kept)) == ("approved", "batched")
    assert ledger.balance("in_payment:members") == -RIEL
    assert books().faults == ()
    reimbursement.export(batch, "csv", by=FINANCE)
    reimbursement.settle(batch, by=FINANCE, bank_reference="ACL", paid_on=clock.today())
    assert (state_of(gone), state_of(kept), ledger.balance("bank")) == ("approved", "paid", -RIEL)
    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []
    assert books().faults == ()


def test_a_run_is_authorised_without_a_batch_of_which_nothing_is_left(claim: str) -> None:
    gone = resting_on(claim)
    approved_claim()
    run = due_run()
    batch = scalar("SELECT number FROM batches WHERE payees = 'members'")
    fall(claim)

    reimbursement.authorise(run, by=AUTHORISER)

    shown = reimbursement.find_run(run, by=FINANCE)
    assert [one["scheme"] for one in shown["totals"]] == ["health_care"]
    assert (shown["total_riel"], state_of(batch), state_of(gone)) == (6000, "cancelled", "approved")
    assert scalar("SELECT total_riel FROM payment_runs") == 6000
    assert books().faults == ()


def test_a_payment_of_which_nothing_is_left_is_not_authorised_but_cancelled(claim: str) -> None:
    gone = resting_on(claim)
    batch = open_one()
    fall(claim)

    with pytest.raises(Conflict) as refused:
        reimbursement.authorise(batch, by=AUTHORISER)

    assert (refused.value.code, state_of(batch)) == ("nothing_left", "open")
    reimbursement.cancel(batch, by=FINANCE)
    assert (state_of(gone), books().faults) == ("approved", ())


def test_what_fell_after_the_authorisation_is_not_exported(claim: str) -> None:
    gone, kept = resting_on(claim), resting_on(None, 60)
    batch = open_one()
    reimbursement.authorise(batch, by=AUTHORISER)
    fall(claim)

    with pytest.raises(Conflict) as refused:
        reimbursement.export(batch, "csv", by=FINANCE)

    assert refused.value.code == "claim_not_approved"
    assert refused.value.extra["allowances"] == [gone]
    assert books().faults == ()
    reimbursement.fail(batch, by=FINANCE, reason="a claim was voided")
    assert settled() != batch
    assert (state_of(gone), state_of(kept)) == ("approved", "paid")
    assert books().faults == ()


@pytest.mark.parametrize("when", ["exported", "paid"])
def test_what_the_bank_was_told_to_pay_is_listed_and_comes_back_through_the_books(
    claim: str, when: str
) -> None:
    gone = resting_on(claim)
    batch = exported()
    if when == "exported":
        fall(claim)
    reimbursement.settle(batch, by=FINANCE, bank_reference="ACL", paid_on=clock.today())
    if when == "paid":
        fall(claim)

    [listed] = allowances.list_stopped(by=REVIEWER, limit=9)
    assert (listed["number"], listed["state"]) == (gone, "paid")
    assert allowances.find_allowance(gone, by=REVIEWER)["stopped"]
    assert books().faults == ()
    told = {"reason": "claim voided", "returned_on": clock.today(), "allowance": gone}
    reimbursement.report_return(batch, by=FINANCE, **told)
    reimbursement.confirm_return(batch, by=AUTHORISER, allowance=gone)
    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []
    allowances.reopen(gone, by=APPROVER, reason="the claim was voided")
    allowances.reject(gone, by=APPROVER, reason="other")
    assert allowances.list_stopped(by=REVIEWER, limit=9) == []
    assert {name: ledger.balance(name) for name in ("bank", "payable:members")} == {
        "bank": 0, "payable:members": 0,
    }  # fmt: skip
    assert books().faults == ()


def test_a_claim_that_falls_while_its_cash_is_authorised_is_never_exported(
    app: Flask, claim: str
) -> None:
    gone = resting_on(claim)
    resting_on(None, 60)
    batch = open_one()

    answers = at_once(
        app, partial(reimbursement.authorise, batch, by=AUTHORISER), partial(fall, claim)
    )

    assert answers == [DONE, DONE]
    assert books().faults == ()
    if state_of(gone) == "batched":
        with pytest.raises(Conflict):
            reimbursement.export(batch, "csv", by=FINANCE)
    else:
        reimbursement.export(batch, "csv", by=FINANCE)
        listed = reimbursement.find_file(batch, "csv", by=FINANCE).content
        assert gone.encode() not in listed


def test_the_members_batch_of_an_authorised_run_fails_alone_when_a_claim_fell(claim: str) -> None:
    gone, kept = resting_on(claim), resting_on(None, 60)
    approved_claim()
    run = due_run()
    reimbursement.authorise(run, by=AUTHORISER)
    fall(claim)
    with pytest.raises(Conflict):
        reimbursement.export(run, "csv", by=FINANCE)

    members = scalar("SELECT number FROM batches WHERE payees = 'members'")
    reimbursement.fail(members, by=FINANCE, reason="a claim was voided")
    reimbursement.export(run, "csv", by=FINANCE)
    reimbursement.settle(run, by=FINANCE, bank_reference="ACL", paid_on=clock.today())

    assert (state_of(gone), state_of(kept)) == ("approved", "approved")
    assert ledger.balance("bank") == -6000
    assert books().faults == ()
    assert settled() != members
    assert (state_of(gone), state_of(kept)) == ("approved", "paid")
    assert books().faults == ()
