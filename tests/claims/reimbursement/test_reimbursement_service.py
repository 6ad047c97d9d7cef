"""Paying facilities: what is batched, who may authorise, what a settlement or a failure does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from auth.permissions import Actor, Permission
from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.reimbursement.models import Batch
from claims.reimbursement.states import InvalidBatchTransition
from claims.review import service as review
from claims.review.service import LineWish
from claims.submission import service as submission
from claims.submission.states import InvalidTransition
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
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
    exported,
    lease,
    line,
    open_one,
    queue_claim,
    scalar,
    set_column,
    settled,
)

pytestmark = pytest.mark.usefixtures("payees")


def state_of(number: str) -> str:
    find = reimbursement.find_run if number.startswith("P") else reimbursement.find_batch
    return find(number, by=FINANCE)["state"]


def test_a_batch_is_one_facility_and_one_scheme() -> None:
    approved_claim()
    approved_claim(line(quantity=2))
    approved_claim(scheme="hef")
    approved_claim(facility=OTHER_FACILITY)

    batches = reimbursement.open_batches(clock.today(), by=FINANCE)

    found = {(b["facility"], b["scheme"]): (b["claims"], b["total_riel"]) for b in batches}
    assert found == {
        (FACILITY, "health_care"): (2, 18_000),
        (FACILITY, "hef"): (1, 6000),
        (OTHER_FACILITY, "health_care"): (1, 6000),
    }
    assert {b["state"] for b in batches} == {"open"}
    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []


def test_only_what_is_approved_free_and_decided_by_then_is_batched() -> None:
    taken, late, held = approved_claim(), approved_claim(), approved_claim()
    queue_claim()
    review.hold(held, by=APPROVER, reason="x")
    set_column(taken, "decided_at", clock.end_of(clock.today()))
    set_column(late, "decided_at", clock.start_of(clock.today() + timedelta(days=1)))

    number = open_one()

    assert (claim_row(taken).state, claim_row(taken).batch_number) == ("batched", number)
    assert claim_row(late).state == claim_row(held).state == "approved"


def test_a_batch_may_be_narrowed_to_a_facility_and_a_scheme() -> None:
    approved_claim()
    wanted = approved_claim(facility=OTHER_FACILITY, scheme="hef")
    approved_claim(facility=OTHER_FACILITY)

    number = open_one(facility=OTHER_FACILITY, scheme="hef")

    assert claim_row(wanted).batch_number == number
    assert scalar("SELECT count(*) FROM claims WHERE state = 'batched'") == 1


def test_two_openings_at_once_put_no_claim_into_both(app: Flask) -> None:
    numbers = {approved_claim() for _ in range(6)}

    def open_all(_: int) -> list[dict[str, Any]]:
        with app.app_context():
            return reimbursement.open_batches(clock.today(), by=FINANCE)

    with ThreadPoolExecutor(4) as pool:
        opened = [batch for batches in pool.map(open_all, range(4)) for batch in batches]

    assert [batch["claims"] for batch in opened] == [6]
    assert scalar("SELECT count(*) FROM batch_claims WHERE live") == len(numbers)


def test_the_database_itself_refuses_a_claim_in_two_live_batches() -> None:
    approved_claim()
    open_one()

    with pytest.raises(IntegrityError, match="uq_batch_claims_live"), transaction() as session:
        session.add(
            Batch(
                number="B2", state="open", facility=FACILITY, scheme="hef", claims=1,
                total_riel=6000, opened_by="user:x",
            )
        )  # fmt: skip
        session.flush()
        session.execute(
            text(
                "INSERT INTO batch_claims SELECT b.id, c.claim_id, c.claim_number, 'r', null, 6000,"
                " 6000 FROM batch_claims c, batches b WHERE b.number = 'B2'"
            )
        )


def test_a_batched_claim_can_no_longer_be_reopened_or_held() -> None:
    number = approved_claim()
    open_one()

    for step in (review.reopen, review.hold):
        with pytest.raises(InvalidTransition):
            step(number, by=APPROVER, reason="x")


def test_who_opened_a_batch_never_authorises_it() -> None:
    approved_claim()
    number = open_one()
    both = replace(FINANCE, permissions=FINANCE.permissions | {Permission.BATCH_AUTHORISE})

    with pytest.raises(Forbidden) as refused:
        reimbursement.authorise(number, by=both)

    assert refused.value.code == "same_person"
    assert state_of(number) == "open"
    reimbursement.authorise(number, by=AUTHORISER)
    assert state_of(number) == "authorised"


def test_the_database_itself_refuses_a_maker_who_checks() -> None:
    approved_claim()
    number = open_one()

    with pytest.raises(IntegrityError, match="maker_not_checker"), transaction() as session:
        session.execute(
            text(
                "UPDATE batches SET authorised_by = opened_by, authorised_at = now()"
                " WHERE number = :number"
            ),
            {"number": number},
        )


@pytest.mark.parametrize(
    "step",
    [
        lambda number: reimbursement.authorise(number, by=FINANCE),
        lambda number: reimbursement.cancel(number, by=AUTHORISER),
        lambda number: reimbursement.cancel(number, by=REVIEWER),
        lambda number: reimbursement.find_file(number, "csv", by=AUTHORISER),
        lambda number: reimbursement.cancel(
            number, by=Actor("client:his", frozenset(Permission), facility=FACILITY)
        ),
    ],
    ids=["manager authorises", "authoriser cancels", "reviewer", "authoriser exports", "facility"],
)
def test_each_step_needs_its_own_permission_and_nssf(step) -> None:
    approved_claim()
    number = open_one()

    with pytest.raises(Forbidden):
        step(number)

    assert state_of(number) == "open"


def test_a_reviewer_opens_no_batch() -> None:
    approved_claim()

    with pytest.raises(Forbidden):
        reimbursement.open_batches(clock.today(), by=REVIEWER)


def test_steps_out_of_order_are_refused() -> None:
    approved_claim()
    number = open_one()

    for step in (
        lambda: reimbursement.export(number, "csv", by=FINANCE),
        lambda: reimbursement.settle(number, by=FINANCE, bank_reference="x", paid_on=clock.today()),
        lambda: reimbursement.fail(number, by=FINANCE, reason="x"),
        lambda: reimbursement.find_file(number, "csv", by=FINANCE),
    ):
        with pytest.raises(InvalidBatchTransition):
            step()


def test_an_export_moves_once_and_answers_the_same_bytes_ever_after() -> None:
    approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)

    first = reimbursement.export(number, "pain.001", by=FINANCE).content
    again = reimbursement.export(number, "pain.001", by=FINANCE).content

    assert state_of(number) == "exported"
    assert first == again == reimbursement.find_file(number, "pain.001", by=FINANCE).content
    assert f"<MsgId>{number}</MsgId>".encode() in first
    assert b"001-120101" in reimbursement.find_file(number, "csv", by=FINANCE).content
    reimbursement.settle(number, by=FINANCE, bank_reference="ACL-77", paid_on=clock.today())
    assert reimbursement.export(number, "pain.001", by=FINANCE).content == first


def test_two_exports_at_once_make_one_file(app: Flask) -> None:
    approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)

    def export(_: int) -> bytes:
        with app.app_context():
            return reimbursement.export(number, "pain.001", by=FINANCE).content

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(export, range(4)))) == 1


def test_a_facility_without_a_confirmed_account_is_never_paid(
    owner: psycopg.Connection[Any],
) -> None:
    approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)
    owner.execute("UPDATE facility_bank_accounts SET state = 'held', decided_by = NULL,"
                  " decided_at = NULL WHERE facility = %s", (FACILITY,))  # fmt: skip

    with pytest.raises(Conflict) as refused:
        reimbursement.export(number, "pain.001", by=FINANCE)

    assert refused.value.code == "account_not_confirmed"
    assert refused.value.extra["facilities"] == [FACILITY]
    assert state_of(number) == "authorised"
    assert scalar("SELECT count(*) FROM payment_files") == 0


def test_a_settled_batch_pays_its_claims_and_tells_the_facility() -> None:
    number = lease(queue_claim(line(quantity=3)))
    wish = LineWish(1, approved_quantity=2, reason="documents")
    review.approve(number, by=REVIEWER, lines=[wish])

    batch = settled()

    row = claim_row(number)
    assert (row.state, row.paid_riel, row.batch_number) == ("paid", 12_000, batch)
    remittance = reimbursement.find_remittance(row.remittance_number or "", by=biller())
    assert (remittance["total_riel"], remittance["carried_forward_riel"]) == (12_000, 0)
    [claim] = remittance["claims"]
    assert (claim["claimed_riel"], claim["approved_riel"]) == (18_000, 12_000)
    assert claim["reductions"] == [{"code": "documents", "carc": "16", "riel": 6000}]
    assert claim["facility_patient_number"] == row.body["facility_patient_number"]
    assert reimbursement.find_batch(batch, by=FINANCE)["remittance"] == remittance["number"]
    assert ledger.balances() == {
        "bank": -12_000,
        "care_expense:health_care": 12_000,
        f"in_payment:{FACILITY}": 0,
        f"payable:{FACILITY}": 0,
    }
    assert [step["state"] for step in _timeline(number)] == [
        "submitted", "in_review", "approved", "batched", "paid",
    ]  # fmt: skip


def test_a_payment_cannot_have_happened_tomorrow() -> None:
    approved_claim()
    number = exported()

    with pytest.raises(Invalid):
        reimbursement.settle(
            number, by=FINANCE, bank_reference="x", paid_on=clock.today() + timedelta(days=1)
        )

    assert state_of(number) == "exported"


def test_two_settlements_at_once_pay_once(app: Flask) -> None:
    approved_claim()
    number = exported()

    def settle(_: int) -> bool:
        with app.app_context():
            try:
                reimbursement.settle(
                    number, by=FINANCE, bank_reference="ACL-77", paid_on=clock.today()
                )
            except InvalidBatchTransition:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(settle, range(4))) == [False, False, False, True]
    assert ledger.balance("bank") == -6000
    assert scalar("SELECT count(*) FROM remittances") == 1


@pytest.mark.parametrize("was_exported", [True, False], ids=["exported", "authorised"])
def test_a_failed_batch_gives_its_claims_back_to_be_batched_again(was_exported: bool) -> None:
    claim = approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)
    if was_exported:
        reimbursement.export(number, "pain.001", by=FINANCE)

    reimbursement.fail(number, by=FINANCE, reason="account closed")

    assert (claim_row(claim).state, claim_row(claim).batch_number) == ("approved", None)
    assert ledger.balance(f"payable:{FACILITY}") == -6000
    assert ledger.balance(f"in_payment:{FACILITY}") == 0
    again = settled()
    assert again != number
    assert claim_row(claim).state == "paid"
    with pytest.raises(InvalidBatchTransition):
        reimbursement.export(number, "pain.001", by=FINANCE)


def test_an_open_batch_is_cancelled_without_a_trace_in_the_ledger() -> None:
    claim = approved_claim()
    number = open_one()

    reimbursement.cancel(number, by=FINANCE)

    assert (state_of(number), claim_row(claim).state) == ("cancelled", "approved")
    assert ledger.balance(f"payable:{FACILITY}") == -6000
    assert open_one() != number


def test_an_authorised_batch_is_not_cancelled() -> None:
    approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)

    with pytest.raises(InvalidBatchTransition):
        reimbursement.cancel(number, by=FINANCE)


def test_a_run_pays_many_batches_with_one_authorisation_and_one_file() -> None:
    claims = [
        approved_claim(),
        approved_claim(scheme="hef"),
        approved_claim(facility=OTHER_FACILITY),
    ]

    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    settled(run)

    shown = reimbursement.find_run(run, by=FINANCE)
    totals = {total["scheme"]: total["total_riel"] for total in shown["totals"]}
    assert (shown["state"], shown["total_riel"]) == ("settled", 18_000)
    assert totals == {"health_care": 12_000, "hef": 6000}
    assert {batch["state"] for batch in shown["batches"]} == {"settled"}
    assert {claim_row(claim).state for claim in claims} == {"paid"}
    content = reimbursement.find_file(run, "pain.001", by=FINANCE).content
    assert content.count(b"<CdtTrfTxInf>") == 3
    assert b"<CtrlSum>18000</CtrlSum>" in content
    assert scalar("SELECT count(*) FROM remittances") == 3


def test_a_run_over_named_batches_takes_only_open_ones_of_no_other_run() -> None:
    approved_claim()
    number = open_one()

    run = reimbursement.open_run(by=FINANCE, batches=[number])

    assert [batch["number"] for batch in run["batches"]] == [number]
    with pytest.raises(Invalid) as refused:
        reimbursement.open_run(by=FINANCE, batches=[number, "B26K000000000"])
    assert [error["pointer"] for error in refused.value.extra["errors"]] == [
        "/batches/0",
        "/batches/1",
    ]


def test_a_run_over_nothing_is_refused() -> None:
    with pytest.raises(Conflict) as refused:
        reimbursement.open_run(by=FINANCE, period_to=clock.today())

    assert refused.value.code == "nothing_due"


def test_who_opened_one_of_its_batches_does_not_authorise_the_run() -> None:
    approved_claim()
    other = replace(FINANCE, subject=AUTHORISER.subject)
    [batch] = reimbursement.open_batches(clock.today(), by=other)
    run = reimbursement.open_run(by=FINANCE, batches=[batch["number"]])["number"]

    with pytest.raises(Forbidden):
        reimbursement.authorise(run, by=AUTHORISER)


def test_a_batch_in_a_run_takes_its_steps_with_the_run_but_may_fail_alone() -> None:
    kept, lost = approved_claim(), approved_claim(facility=OTHER_FACILITY)
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    single = claim_row(lost).batch_number or ""

    with pytest.raises(Conflict) as refused:
        reimbursement.authorise(single, by=AUTHORISER)
    assert (refused.value.code, refused.value.extra["run"]) == ("in_run", run)
    exported(run)
    reimbursement.fail(single, by=FINANCE, reason="account closed")
    reimbursement.settle(run, by=FINANCE, bank_reference="ACL-78", paid_on=clock.today())

    assert (claim_row(kept).state, claim_row(lost).state) == ("paid", "approved")
    assert (state_of(run), state_of(single)) == ("settled", "failed")
    assert ledger.balance("bank") == -6000
    assert books().faults == ()


def test_a_run_whose_last_batch_failed_has_failed() -> None:
    approved_claim()
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())
    exported(run["number"])

    reimbursement.fail(run["batches"][0]["number"], by=FINANCE, reason="bank holiday")

    assert state_of(run["number"]) == "failed"


@pytest.mark.parametrize("ending", ["cancel", "fail"])
def test_a_run_that_ends_unpaid_gives_every_claim_back(ending: str) -> None:
    claims = [approved_claim(), approved_claim(facility=OTHER_FACILITY)]
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]

    if ending == "cancel":
        reimbursement.cancel(run, by=FINANCE)
    else:
        reimbursement.authorise(run, by=AUTHORISER)
        reimbursement.fail(run, by=FINANCE, reason="wrong day")

    assert {claim_row(claim).state for claim in claims} == {"approved"}
    assert books().faults == ()


def test_a_facility_sees_its_own_batches_and_remittances_and_no_run() -> None:
    approved_claim()
    other = approved_claim(facility=OTHER_FACILITY)
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    settled(run)
    foreign = claim_row(other)
    mine = biller()

    assert [r["facility"] for _, r in reimbursement.list_remittances(by=mine, limit=9)] == [
        FACILITY
    ]
    assert [b["facility"] for _, b in reimbursement.list_batches(by=mine, limit=9)] == [FACILITY]
    assert reimbursement.list_runs(by=mine, limit=9) == []
    for find, number in (
        (reimbursement.find_remittance, foreign.remittance_number),
        (reimbursement.remittance_csv, foreign.remittance_number),
        (reimbursement.find_batch, foreign.batch_number),
        (reimbursement.find_run, run),
    ):
        with pytest.raises(NotFound):
            find(number or "", by=mine)
    with pytest.raises(NotFound):
        reimbursement.acknowledge(foreign.remittance_number or "", by=mine, received_riel=1)


def test_the_facility_says_once_what_it_received() -> None:
    number = approved_claim()
    settled()
    remittance = claim_row(number).remittance_number or ""

    with pytest.raises(Forbidden):
        reimbursement.acknowledge(remittance, by=FINANCE, received_riel=6000)
    first = reimbursement.acknowledge(remittance, by=biller(), received_riel=5900, note="fee?")
    again = reimbursement.acknowledge(remittance, by=biller(), received_riel=5900)
    with pytest.raises(Conflict) as refused:
        reimbursement.acknowledge(remittance, by=biller(), received_riel=6000)

    assert first == again
    assert (first["received_riel"], first["acknowledged_note"]) == (5900, "fee?")
    assert refused.value.code == "already_acknowledged"
    details = "SELECT details FROM audit_events WHERE action = 'remittance.acknowledged'"
    assert scalar(details) == {"received_riel": 5900, "difference_riel": -100}


def test_a_remittance_as_csv_has_one_row_a_claim() -> None:
    number = approved_claim()
    batch = settled()

    rows = reimbursement.remittance_csv(claim_row(number).remittance_number or "", by=biller())

    header, row = rows.decode("utf-8-sig").splitlines()
    assert header.startswith("remittance,facility,scheme,paid_on,bank_reference,claim,")
    assert number in row
    assert batch not in row
    assert row.endswith(",6000,6000,")


def test_lists_page_by_key() -> None:
    for scheme in ("health_care", "hef", "occupational_risk"):
        approved_claim(scheme=scheme)
    reimbursement.open_batches(clock.today(), by=FINANCE)

    first = reimbursement.list_batches(by=FINANCE, limit=2)
    rest = reimbursement.list_batches(by=FINANCE, limit=2, after=first[1][0])

    assert len(first) == 3
    assert [item["number"] for _, item in rest] == [first[2][1]["number"]]
    [(_, found)] = reimbursement.list_batches(by=FINANCE, limit=9, scheme="hef", state="open")
    assert found["scheme"] == "hef"


def _timeline(number: str) -> list[dict[str, Any]]:
    timeline: list[dict[str, Any]] = submission.find_claim(number, by=FINANCE)["timeline"]
    return timeline
