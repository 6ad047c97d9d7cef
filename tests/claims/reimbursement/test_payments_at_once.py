"""Several people pay, stop and change payments at one moment: one of them is right, none deadlocks."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from config import clock
from tests.claims.payable import (
    APPROVER,
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
    line,
    open_one,
    scalar,
)
from tests.claims.reimbursement.test_bank_file import file_of, paid
from tests.claims.together import DONE, at_once, in_between

pytestmark = pytest.mark.usefixtures("payees")
PAID = {"bank_reference": "ACL-1", "paid_on": clock.today()}


def in_balance() -> bool:
    return books().faults == ()


@pytest.mark.parametrize("_", range(3))
def test_failing_and_settling_at_once_leaves_one_of_the_two(app: Flask, _: int) -> None:
    claim = approved_claim()
    number = exported()

    answers = at_once(
        app,
        partial(reimbursement.settle, number, by=FINANCE, **PAID),
        partial(reimbursement.fail, number, by=FINANCE, reason="refused"),
    )

    assert sorted(answers) == [DONE, "invalid_transition"]
    settled = answers[0] == DONE
    assert claim_row(claim).state == ("paid" if settled else "approved")
    assert ledger.balance("bank") == (-6000 if settled else 0)
    assert in_balance()


def test_authorising_and_cancelling_at_once_leaves_one_of_the_two(app: Flask) -> None:
    claim = approved_claim()
    number = open_one()

    answers = at_once(
        app,
        partial(reimbursement.authorise, number, by=AUTHORISER),
        partial(reimbursement.cancel, number, by=FINANCE),
    )

    assert sorted(answers) == [DONE, "invalid_transition"]
    assert claim_row(claim).state == ("batched" if answers[0] == DONE else "approved")
    assert in_balance()


@pytest.mark.parametrize("aside", [review.hold, review.reopen])
def test_a_claim_is_put_aside_or_batched_never_both(app: Flask, aside: Any) -> None:
    claims = [approved_claim() for _ in range(4)]

    answers = at_once(
        app,
        partial(reimbursement.open_batches, clock.today(), by=FINANCE),
        *(partial(aside, claim, by=APPROVER, reason="doubt") for claim in claims),
    )

    assert set(answers) <= {DONE, "invalid_transition"}
    for claim, answer in zip(claims, answers[1:], strict=True):
        row = claim_row(claim)
        assert (row.state == "batched") == (answer != DONE) == (row.batch_number is not None)
        assert not (row.held and row.state == "batched")
    assert in_balance()


@pytest.mark.parametrize("step", ["authorise", "cancel"])
def test_a_batch_that_joins_a_run_this_moment_takes_no_step_of_its_own(
    app: Flask, owner: psycopg.Connection[Any], step: str
) -> None:
    claim = approved_claim()
    approved_claim(facility=OTHER_FACILITY)
    reimbursement.open_batches(clock.today(), by=FINANCE)
    number = claim_row(claim).batch_number
    act = partial(
        getattr(reimbursement, step), number, by=AUTHORISER if step == "authorise" else FINANCE
    )

    answer = in_between(
        app, owner,
        locking=f"SELECT 1 FROM batches WHERE number = '{number}' FOR UPDATE",
        act=act,
        then="WITH run AS (INSERT INTO payment_runs (number, state, total_riel, opened_by)"
             " VALUES ('P26K000000001', 'open', 12000, 'user:chan') RETURNING id)"
             " UPDATE batches SET run_id = (SELECT id FROM run)",
    )  # fmt: skip

    assert answer == "in_run"
    assert scalar("SELECT state FROM batches WHERE number = :number", number=number) == "open"
    assert in_balance()


def test_two_runs_over_everything_due_at_once_share_no_batch(app: Flask) -> None:
    for facility in (FACILITY, OTHER_FACILITY):
        approved_claim(facility=facility)

    answers = at_once(
        app, *[partial(reimbursement.open_run, by=FINANCE, period_to=clock.today())] * 3
    )

    assert sorted(answers) == [DONE, "nothing_due", "nothing_due"]
    assert scalar("SELECT count(*) FROM batches WHERE run_id IS NOT NULL") == 2


def test_steps_of_runs_and_of_their_batches_never_wait_for_each_other_in_a_ring(app: Flask) -> None:
    for n in range(6):
        approved_claim(facility=(FACILITY, OTHER_FACILITY)[n % 2], scheme=f"scheme-{n % 3}")
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())
    reimbursement.authorise(run["number"], by=AUTHORISER)
    reimbursement.export(run["number"], "csv", by=FINANCE)
    numbers = [batch["number"] for batch in run["batches"]]

    answers = at_once(
        app,
        partial(reimbursement.settle, run["number"], by=FINANCE, **PAID),
        *(partial(reimbursement.fail, n, by=FINANCE, reason="refused") for n in numbers[:3]),
        *(partial(reimbursement.open_run, by=FINANCE, period_to=clock.today()) for _ in range(2)),
    )

    assert set(answers) <= {DONE, "invalid_transition", "nothing_due"}
    assert in_balance()


def test_two_acknowledgements_at_once_leave_one(app: Flask) -> None:
    claim = approved_claim()
    reimbursement.settle(exported(), by=FINANCE, **PAID)
    number = claim_row(claim).remittance_number or ""

    answers = at_once(
        app,
        *(
            partial(reimbursement.acknowledge, number, by=biller(), received_riel=riel)
            for riel in (6000, 5900)
        ),
    )

    assert sorted(answers) == ["already_acknowledged", DONE]


def test_the_banks_file_read_twice_at_once_pays_once(app: Flask) -> None:
    approved_claim()
    number = exported()
    read = partial(reimbursement.read_answers, number, file_of(paid(number, 6000)), "x", by=FINANCE)

    answers = at_once(
        app, read, read, partial(reimbursement.settle, number, by=FINANCE, **PAID), read
    )

    assert set(answers) <= {DONE, "invalid_transition"}
    assert ledger.balance("bank") == -6000
    assert scalar("SELECT count(*) FROM bank_files") == 1
    assert in_balance()


def test_rows_of_a_run_and_steps_of_its_batches_at_once_each_settle_or_fail_once(
    app: Flask,
) -> None:
    for n in range(4):
        approved_claim(facility=(FACILITY, OTHER_FACILITY)[n % 2], scheme=f"scheme-{n // 2}")
    run = due_run()
    exported(run)
    numbers = [batch["number"] for batch in reimbursement.find_run(run, by=FINANCE)["batches"]]
    rows = file_of(*(paid(number, 6000) for number in numbers))

    answers = at_once(
        app,
        partial(reimbursement.read_answers, run, rows, "x", by=FINANCE),
        *(partial(reimbursement.fail, n, by=FINANCE, reason="refused") for n in numbers[::-1]),
    )

    assert set(answers) <= {DONE, "invalid_transition"}
    assert scalar("SELECT count(*) FROM batches WHERE state IN ('settled', 'failed')") == 4
    assert in_balance()


def test_a_recovery_is_set_off_once_however_many_open_batches_at_once(app: Flask) -> None:
    claim = approved_claim(line(quantity=2))
    reimbursement.settle(exported(), by=FINANCE, **PAID)
    ledger.recover(
        claim=claim, facility=FACILITY, scheme="health_care", riel=1000, reason="x", by=APPROVER
    )
    approved_claim()
    opening = partial(reimbursement.open_batches, clock.today(), by=FINANCE)

    at_once(app, opening, opening, opening)

    assert scalar("SELECT sum(riel) FROM batch_adjustments WHERE live") == -1000
    assert scalar("SELECT total_riel FROM batches WHERE state = 'open'") == 5000
    assert in_balance()
