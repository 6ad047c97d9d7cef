"""The books: whatever is done in whatever order they balance, and whoever tampers is found out."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from claims.review.service import LineWish
from claims.submission import service as submission
from config import clock, seals
from config.db import db
from tests import kept
from tests.claims.payable import (
    APPROVER,
    AUTHORISER,
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    REVIEWER,
    approved_claim,
    biller,
    books,
    claim_row,
    due_run,
    exported,
    lease,
    line,
    queue_claim,
    scalar,
    settled,
)
from tests.horizon import let_others_finish

pytestmark = pytest.mark.usefixtures("payees")


def run_to_bank() -> str:
    return exported(due_run())


def pay_everything() -> str:
    return settled(due_run())


def seal_all(rows: int) -> None:
    """Seal so many rows: a seal waits for whatever else is running on the server."""
    db.session.rollback()
    let_others_finish()
    assert seals.seal("ledger") == rows


def test_empty_books_balance() -> None:
    assert books().ok


def test_what_is_approved_is_unbatched_pending_or_paid_to_the_riel() -> None:
    approved_claim(line(quantity=2))
    pay_everything()
    approved_claim(facility=OTHER_FACILITY)
    run_to_bank()
    approved_claim(scheme="hef")

    found = books()

    assert found.ok
    total = found.total
    assert (total.approved, total.paid, total.pending, total.waiting) == (
        24_000, 12_000, 6000, 6000,
    )  # fmt: skip
    assert [one.facility for one in found.facilities] == sorted([FACILITY, OTHER_FACILITY])


class Office:
    """NSSF on a busy day: random but lawful steps, each of which must leave the books in balance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def approve(self) -> None:
        quantity = self.random.randint(1, 4)
        number = lease(
            queue_claim(
                line(quantity=quantity, unit_price_riel=self.random.randint(1, 9999)),
                facility=self.random.choice([FACILITY, OTHER_FACILITY]),
                scheme=self.random.choice(["health_care", "hef"]),
            )
        )
        wish = LineWish(1, approved_quantity=self.random.randint(1, quantity), reason="price")
        review.approve(number, by=REVIEWER, lines=[wish])

    def reopen(self) -> None:
        if number := self._any("claims", "approved"):
            review.reopen(number, by=APPROVER, reason="again")
            lease(number)
            review.reject(number, by=REVIEWER, reason="other")

    def open(self) -> None:
        reimbursement.open_batches(clock.today(), by=FINANCE)

    def open_run(self) -> None:
        if scalar("SELECT 1 FROM batches WHERE state = 'open' AND run_id IS NULL LIMIT 1"):
            reimbursement.open_run(by=FINANCE, period_to=clock.today())

    def cancel(self) -> None:
        if number := self._payment("open"):
            reimbursement.cancel(number, by=FINANCE)

    def authorise(self) -> None:
        if number := self._payment("open"):
            reimbursement.authorise(number, by=AUTHORISER)

    def export(self) -> None:
        if number := self._payment("authorised"):
            reimbursement.export(number, "csv", by=FINANCE)

    def settle(self) -> None:
        if number := self._payment("exported"):
            reimbursement.settle(number, by=FINANCE, bank_reference="x", paid_on=clock.today())

    def fail(self) -> None:
        state = self.random.choice(["exported", "authorised"])
        if number := self._any("batches", state):
            reimbursement.fail(number, by=FINANCE, reason="x")

    def settle_in_part(self) -> None:
        batch = scalar("SELECT number FROM batches WHERE state = 'exported' AND claims > 1 LIMIT 1")
        if batch:
            left = scalar(
                "SELECT claim_number FROM batch_claims c JOIN batches b ON b.id = c.batch_id"
                " WHERE b.number = :n AND c.riel < b.total_riel ORDER BY c.riel LIMIT 1",
                n=batch,
            )
            paid = {"bank_reference": "x", "paid_on": clock.today()}
            reimbursement.settle(batch, by=FINANCE, unpaid=[left] if left else [], **paid)

    def supplement(self) -> None:
        self._adjust(ledger.supplement, self.random.randint(1, 9999))

    def recover(self) -> None:
        self._adjust(ledger.recover, self.random.randint(1, 20_000))

    def void(self) -> None:
        if number := self._any("claims", "paid"):
            submission.void_claim(number, by=biller(claim_row(number).facility))

    def report_return(self) -> None:
        if number := self._any("batches", "settled"):
            told = {"reason": "closed", "returned_on": clock.today()}
            reimbursement.report_return(number, by=FINANCE, **told)

    def confirm_return(self) -> None:
        if number := self._any("batches", "returning"):
            step = self.random.choice([reimbursement.confirm_return] * 2
                                      + [reimbursement.refuse_return])  # fmt: skip
            step(number, by=AUTHORISER)

    def _adjust(self, made: Any, riel: int) -> None:
        if number := self._any("claims", "paid"):
            row = claim_row(number)
            made(
                claim=number, facility=row.facility, scheme=row.scheme, riel=riel, reason="x",
                by=APPROVER,
            )  # fmt: skip

    def _any(self, table: str, state: str) -> str | None:
        found: str | None = scalar(
            f"SELECT number FROM {table} WHERE state = :state ORDER BY id LIMIT 1", state=state
        )
        return found

    def _payment(self, state: str) -> str | None:
        found: str | None = scalar(
            "SELECT number FROM (SELECT number, id FROM payment_runs WHERE state = :state UNION ALL"
            " SELECT number, id FROM batches WHERE state = :state AND run_id IS NULL) AS p"
            " ORDER BY id, number LIMIT 1",
            state=state,
        )
        return found


STEPS = (
    "approve", "approve", "approve", "reopen", "open", "open_run", "cancel", "authorise",
    "authorise", "export", "export", "settle", "settle", "fail", "settle_in_part", "supplement",
    "recover", "void", "report_return", "confirm_return",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_lawful_steps_keeps_the_books_in_balance(seed: int) -> None:
    office = Office(seed)
    office.approve()
    reimbursement.fail(run_to_bank(), by=FINANCE, reason="account closed")
    pay_everything()
    office.approve()
    run_to_bank()

    for _ in range(30):
        getattr(office, office.random.choice(STEPS))()
        found = books()
        assert found.faults == ()
        assert sum(ledger.balances().values()) == 0
        assert found.total.approved == found.total.waiting + found.total.batched
        assert found.total.failed > 0


def a_recovery_set_off() -> None:
    old = approved_claim()
    pay_everything()
    ledger.recover(
        claim=old, facility=FACILITY, scheme="health_care", riel=500, reason="x", by=APPROVER
    )
    approved_claim()
    pay_everything()
    approved_claim()


@pytest.mark.parametrize(
    ("tampering", "word"),
    [
        ("UPDATE claims SET approved_riel = approved_riel - 1 WHERE state = 'paid'", "disagree"),
        ("UPDATE claims SET paid_riel = paid_riel - 1 WHERE state = 'paid'", "paid"),
        ("UPDATE claims SET scheme = 'hef' WHERE state = 'approved'", "expense"),
        ("UPDATE batches SET total_riel = total_riel + 1", "holds"),
        ("UPDATE batch_claims SET live = false", "disagree"),
        ("UPDATE remittances SET total_riel = total_riel + 1", "remitted"),
        ("DELETE FROM journal_legs WHERE account = 'bank'", "legs"),
        ("UPDATE journal_legs SET riel = riel * 2", "ledger"),
        ("UPDATE journal_legs SET account = 'payable:999999' WHERE account LIKE 'payable:%'",
         "999999"),
        ("UPDATE adjustments SET riel = riel - 1", "adjusted"),
        ("UPDATE adjustments SET facility = '999999'", "adjustment"),
        ("UPDATE adjustments SET scheme = 'hef'", "expense"),
        ("UPDATE adjustments SET claim = 'C26K000000000'", "adjustment"),
        ("DELETE FROM adjustments", "adjusted"),
        ("UPDATE batch_adjustments SET riel = riel - 1", "holds"),
        ("UPDATE batch_adjustments SET riel = riel * 9", "took"),
        ("UPDATE batch_adjustments SET live = false", "holds"),
        ("UPDATE batches SET unpaid_riel = 1", "unpaid"),
        ("UPDATE batch_claims SET unpaid = true, live = false", "unpaid"),
        ("UPDATE remittances SET reversed_on = now()", "remitted"),
        ("UPDATE batches SET state = 'returned', return_by = 'a', return_reason = 'x',"
         " returned_on = now(), return_confirmed_by = 'b'", "disagree"),
        ("UPDATE claims SET state = 'voided' WHERE state = 'approved'", "approved"),
        ("UPDATE journal_entries SET kind = 'claim.approved', occasion = 1000"
         " WHERE kind = 'claim.recovered'", "adjusted"),
        ("DELETE FROM journal_entries WHERE kind = 'batch.settled'", "ledger"),
    ],
)  # fmt: skip
def test_whatever_is_tampered_with_is_named(
    owner: psycopg.Connection[Any], tampering: str, word: str
) -> None:
    kept.again(owner, "a recovery set off, a claim that waits", a_recovery_set_off)
    assert books().ok
    owner.execute("SET session_replication_role = replica")

    owner.execute(tampering)  # type: ignore[call-overload]

    assert any(word in fault for fault in books().faults)


def test_the_command_exits_0_only_when_all_is_well(
    app: Flask, owner: psycopg.Connection[Any]
) -> None:
    approved_claim()
    pay_everything()
    runner = app.test_cli_runner()
    db.session.remove()  # the command starts with a session of its own

    well = runner.invoke(args=["ledger", "verify"])
    owner.execute("UPDATE claims SET paid_riel = 1")
    broken = runner.invoke(args=["ledger", "verify"])

    assert (well.exit_code, broken.exit_code) == (0, 1)
    assert "all is well" in well.output
    assert "6,000 riel" in well.output
    rows = {row.split()[0]: row.split()[1:] for row in well.output.splitlines() if row}
    assert rows["total"] == rows[FACILITY] == ["6,000", "0", "0", "0", "0", "6,000", "0"]
    assert rows["payee"] == [
        "approved", "adjusted", "unbatched", "open", "pending", "paid", "failed",
    ]  # fmt: skip
    assert "FAULT" in broken.output


def test_sealed_journal_rows_that_change_are_found(owner: psycopg.Connection[Any]) -> None:
    number = approved_claim()
    assert claim_row(number).state == "approved"
    seal_all(3)
    assert books().sealed_rows == 3
    owner.execute("SET session_replication_role = replica")

    owner.execute("UPDATE journal_entries SET recorded_at = recorded_at - interval '1 day'")

    found = books()
    assert not found.ok
    assert "ledger seal" in found.faults[-1]
