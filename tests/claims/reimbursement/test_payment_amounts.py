"""Every riel once: batch = claims = file = remittance = ledger, however odd the amounts or days."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from claims.review.service import LineWish
from claims.submission import service as submission
from config import clock
from config.errors import Invalid
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
    lease,
    line,
    open_one,
    queue_claim,
    scalar,
    settled,
)
from tests.claims.reimbursement.test_reimbursement_api import Caller
from tests.factories import make_client_token

pytestmark = pytest.mark.usefixtures("payees")
MOST = {"quantity": 10_000, "unit_price_riel": 10**9, "tariff_riel": 10**9}


def test_the_largest_claim_there_can_be_is_paid_to_the_riel() -> None:
    number = lease(queue_claim(*[line(**MOST)] * 200))
    review.approve(number, by=REVIEWER)
    review.approve(number, by=APPROVER)

    number_of_batch = settled()
    batch = reimbursement.find_batch(number_of_batch, by=FINANCE)

    most = 200 * 10_000 * 10**9
    advice = reimbursement.find_remittance(claim_row(number).remittance_number or "", by=FINANCE)
    content = reimbursement.find_file(number_of_batch, "pain.001", by=FINANCE).content
    assert (batch["total_riel"], advice["total_riel"], -ledger.balance("bank")) == (most,) * 3
    assert f"<CtrlSum>{most}</CtrlSum>".encode() in content
    assert books().faults == ()


def test_reductions_add_up_to_what_was_not_paid_and_carry_their_reasons() -> None:
    number = lease(
        queue_claim(
            line(quantity=3, unit_price_riel=9000, reasons=["demo_tariff", "above_tariff"],
                 decision="reduced"),
            line(quantity=2, reasons=["demo_tariff"]),
            line(decision="denied", reasons=["duplicate"]),
            line(unit_price_riel=0, tariff_riel=6000),
        )
    )  # fmt: skip
    review.approve(number, by=REVIEWER, lines=[LineWish(2, approved_quantity=1, reason="other")])
    settled()

    advice = reimbursement.find_remittance(claim_row(number).remittance_number or "", by=biller())

    [claim] = advice["claims"]
    cuts = {(cut["code"], cut["carc"]): cut["riel"] for cut in claim["reductions"]}
    assert cuts == {("above_tariff", "45"): 9000, ("other", "16"): 6000, ("duplicate", "18"): 6000}
    assert claim["claimed_riel"] - claim["approved_riel"] == sum(cuts.values())
    assert advice["total_riel"] == claim["approved_riel"] == 24_000


def test_a_claim_of_nothing_is_never_approved_batched_or_paid() -> None:
    number = lease(queue_claim(line(unit_price_riel=0)))

    with pytest.raises(Invalid):
        review.approve(number, by=REVIEWER)

    review.reject(number, by=REVIEWER, reason="other")
    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []
    assert books().faults == ()


def test_only_approved_and_free_claims_are_ever_batched() -> None:
    kept = approved_claim()
    withdrawn, voided, rejected, sent_back, held = (queue_claim() for _ in range(5))
    submission.withdraw_claim(withdrawn, by=biller())
    submission.void_claim(voided, by=biller())
    review.reject(lease(rejected), by=REVIEWER, reason="other")
    for number in (sent_back, held):
        if claim_row(number).state == "submitted":
            lease(number)
    review.send_back(sent_back, by=REVIEWER, reason="other")
    review.approve(held, by=REVIEWER)
    review.hold(held, by=APPROVER, reason="doubt")
    reopened = approved_claim()
    review.reopen(reopened, by=APPROVER, reason="doubt")

    batch = reimbursement.find_batch(open_one(), by=FINANCE)

    assert (batch["claims"], claim_row(kept).batch_number) == (1, batch["number"])
    assert scalar("SELECT count(*) FROM claims WHERE batch_number IS NOT NULL") == 1
    assert books().faults == ()


def test_an_account_that_changes_before_the_export_is_paid_to_once_confirmed(
    owner: psycopg.Connection[Any],
) -> None:
    approved_claim()
    number = open_one()
    reimbursement.authorise(number, by=AUTHORISER)
    owner.execute("UPDATE facility_bank_accounts SET state = 'superseded' WHERE facility = %s",
                  [FACILITY])  # fmt: skip
    owner.execute(
        "INSERT INTO facility_bank_accounts (facility, account, state, introduced_by, decided_by,"
        " decided_at) VALUES (%s, '002-NEW', 'confirmed', 'system:feed', 'user:x', now())",
        [FACILITY],
    )

    file = reimbursement.export(number, "pain.001", by=FINANCE)
    owner.execute("UPDATE facility_bank_accounts SET account = '003' WHERE state = 'confirmed'")

    assert b"002-NEW" in file.content
    assert reimbursement.export(number, "pain.001", by=FINANCE).content == file.content
    assert b"002-NEW" in reimbursement.export(number, "csv", by=FINANCE).content


def test_a_run_counts_what_it_still_pays_once_a_batch_failed_alone() -> None:
    approved_claim()
    lost = approved_claim(facility=OTHER_FACILITY, scheme="hef")
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    reimbursement.authorise(run, by=AUTHORISER)

    reimbursement.fail(claim_row(lost).batch_number or "", by=FINANCE, reason="closed")
    reimbursement.export(run, "pain.001", by=FINANCE)
    reimbursement.settle(run, by=FINANCE, bank_reference="ACL-1", paid_on=clock.today())

    shown = reimbursement.find_run(run, by=FINANCE)
    assert (shown["total_riel"], shown["claims"], len(shown["batches"])) == (6000, 1, 2)
    assert [total["total_riel"] for total in shown["totals"]] == [6000]
    settled = "SELECT details -> 'riel' FROM audit_events WHERE action = 'payment_run.settled'"
    assert scalar(settled) == 6000


def test_a_run_that_fails_with_its_last_batch_is_on_record() -> None:
    approved_claim()
    run = reimbursement.open_run(by=FINANCE, period_to=clock.today())
    reimbursement.authorise(run["number"], by=AUTHORISER)

    reimbursement.fail(run["batches"][0]["number"], by=FINANCE, reason="closed")

    failed = "SELECT count(*) FROM audit_events WHERE action = 'payment_run.failed'"
    assert scalar(failed) == 1
    assert reimbursement.find_run(run["number"], by=FINANCE)["total_riel"] == 6000


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_out_of_this_world_is_a_bad_field(client: FlaskClient, day: str) -> None:
    finance = Caller(client, "batch.manage")

    for path, body in (
        ("/batches", {"period_to": day}),
        ("/payment-runs", {"period_to": day}),
    ):
        answer = finance.post(path, body)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json["errors"]] == ["/period_to"]


def test_a_payment_was_not_made_before_anybody_could_pay(client: FlaskClient) -> None:
    finance = Caller(client, "batch.manage")

    early = {"bank_reference": "ACL-1", "paid_on": "0001-01-01"}
    answer = finance.post("/batches/B26K1/settle", early)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/paid_on"]


@pytest.mark.parametrize(
    "path", ["/batches", "/payment-runs", "/remittances", "/review/queue", "/claims"]
)
def test_a_misspelt_filter_is_named_not_ignored(client: FlaskClient, path: str) -> None:
    scopes = ("batch.manage", "claim.read", "claim.review")
    headers = {"Authorization": make_client_token(client, scopes=scopes, facility=None)}

    answer = client.get(f"/api/v1{path}?facilty=120101", headers=headers)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/facilty"]
